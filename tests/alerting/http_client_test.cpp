#include "alerting/http_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/percent_encoded.h"
#include "servers.h"

namespace vigil::alerting {
namespace {

using End = HttpAnswer::End;

HttpRequest get(const std::string& url, std::int64_t timeout_ms = 2000) {
  HttpRequest request;
  request.url = url;
  request.timeout_ms = timeout_ms;
  return request;
}

TEST(HttpClient, WithoutAConnectionNothingBegins) {
  HttpClient client;
  bool begun = false;
  const auto begin = [&] { return begun = true; };
  EXPECT_EQ(client.exchange(get("http://127.0.0.1:1/"), begin).end, End::not_sent);
  EXPECT_EQ(client.exchange(get("http://no-such-host.invalid/"), begin).end, End::not_sent);
  EXPECT_FALSE(begun);
}

TEST(HttpClient, NothingLeavesOnceItIsWithdrawn) {
  SKIP_WITHOUT_SERVERS("argo");
  TestServer server("argo");
  HttpClient client;
  EXPECT_EQ(client.exchange(get(server.url() + "/x"), [] { return false; }).end, End::withdrawn);
  EXPECT_TRUE(server.requests().empty());
  EXPECT_THROW((void)client.exchange(get(server.url() + "/x"), []() -> bool { throw std::runtime_error("full"); }),
               std::runtime_error);
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClient, AnAnswerThatBreaksOffIsNone) {
  SKIP_WITHOUT_SERVERS("kubeflow");
  TestServer server("kubeflow", {"--get-script", "reset,timeout,500", "--hang", "5"});
  HttpClient client;
  const std::string url = server.url() + "/apis/v2beta1/runs/x";
  EXPECT_EQ(client.exchange(get(url)).end, End::unknown);
  EXPECT_EQ(client.exchange(get(url, 200)).end, End::unknown);
  const HttpAnswer answer = client.exchange(get(url));
  EXPECT_EQ(answer.end, End::answered);
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(server.requests().size(), 3u) << "nothing is sent again by itself";
}

TEST(HttpClient, AbandonEndsAWaitAndAllLaterOnes) {
  SKIP_WITHOUT_SERVERS("kubeflow");
  TestServer server("kubeflow", {"--get-script", "slow:20"});
  HttpClient client;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    client.abandon();
  });
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(client.exchange(get(server.url() + "/apis/v2beta1/runs/x", 60000)).end, End::unknown);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
  other.join();
  EXPECT_EQ(client.exchange(get(server.url() + "/x")).end, End::not_sent);
}

TEST(HttpClient, UrlsThatAreAddressesOfSinks) {
  for (const char* good : {"http://a", "https://a.b:8080/x?y=z", "http://[::1]:9/", "https://127.0.0.1"}) {
    EXPECT_EQ(url_problem(good), "") << good;
  }
  for (const char* bad : {"", "a", "ftp://a", "http://", "http:///x", "https://u@a", "https://u:p@a/", "https://@a",
                          "http://a b", "http://a\n", "http://a:99999", "https://a/#x"}) {
    EXPECT_NE(url_problem(bad), "") << bad;
  }
  for (const char* here :
       {"http://127.0.0.1:1/x", "http://127.9.9.9", "http://localhost", "http://[::1]", "https://a"}) {
    EXPECT_FALSE(is_plain_beyond_loopback(here)) << here;
  }
  for (const char* there : {"http://a", "http://10.0.0.1", "http://127.0.0.1.evil.org", "http://localhost.evil.org"}) {
    EXPECT_TRUE(is_plain_beyond_loopback(there)) << there;
  }
  EXPECT_EQ(percent_encoded("l1t/a b~%\xc3\xa9"), "l1t%2Fa%20b~%25%C3%A9");
}

}  // namespace
}  // namespace vigil::alerting
