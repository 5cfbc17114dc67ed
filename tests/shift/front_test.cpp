// The order of what is looked at before a body is read, and the small headers.
#include "shift/server/front.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/digest.h"
#include "tests/shift/scripted_desk.h"

namespace vigil::shift {
namespace {

class Fronts : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("vigil-front-" + std::to_string(::getpid()));
    Sha256 sha256;
    sha256.update("secret");
    std::ofstream(path_) << "sha256:" << sha256.hex() << " ann shifter\n";
    ::chmod(path_.c_str(), 0600);
    const auto handle = [](const Request& request) -> Answer {
      if (request.parameters.contains("n")) throw std::runtime_error("disk full");
      return {.body = request.asker.actor};
    };
    const Parameter n{"n", "1", [](const std::string& text) { return text == "1"; }};
    const Field reason{"reason", true, "a text", [](const auto& value) { return value.is_string(); }};
    std::vector<Route> routes{
        {.method = "GET", .pattern = "/v1/a", .parameters = {n}, .handle = handle},
        {.method = "POST", .pattern = "/v1/a", .role = Role::shifter, .fields = {reason}, .handle = handle},
        {.method = "POST", .pattern = "/v1/b", .role = Role::expert, .fields = {reason}, .handle = handle}};
    front_ = std::make_unique<Front>(
        std::move(routes),
        FrontSettings{.tokens_file = path_, .names = {}, .requests_per_s = 1000, .log = [this](const auto& fact) {
                        said_.push_back(fact);
                      }});
  }
  void TearDown() override { std::filesystem::remove(path_); }

  static Head head(const std::string& method, const std::string& target,
                   std::vector<std::pair<std::string, std::string>> fields = {}) {
    Head out{.method = method,
             .target = target,
             .fields = std::move(fields),
             .peer = "127.0.0.1",
             .local_address = "127.0.0.1",
             .local_is_loopback = true};
    out.fields.emplace_back("host", "localhost");
    return out;
  }
  int status(const Head& asked) {
    const auto decision = front_->examine(asked, {});
    return decision.refusal ? decision.refusal->status : 0;
  }

  std::string path_;
  std::unique_ptr<Front> front_;
  std::vector<std::string> said_;
};

// Everything is wrong with the first request; each next one has one thing right more.
TEST_F(Fronts, TheOrderOfChecks) {
  Head asked =
      head("GET", "/" + std::string(9000, 'x'), {{"content-length", "70000"}, {"authorization", "Bearer wrong"}});
  asked.fields.back().second = "evil";  // the host
  asked.field_bytes = 17000;
  EXPECT_EQ(status(asked), 414);
  asked.target = "/v1/nothing";
  EXPECT_EQ(status(asked), 431);
  asked.field_bytes = 100;
  EXPECT_EQ(status(asked), 421);
  asked.fields.back().second = "localhost";
  EXPECT_EQ(status(asked), 404);
  asked.target = "/v1/b";
  EXPECT_EQ(status(asked), 405);
  asked.method = "POST";
  EXPECT_EQ(status(asked), 401);
  asked.fields[1].second = "Bearer secret";
  EXPECT_EQ(status(asked), 403);
  asked.target = "/v1/a?unknown";
  EXPECT_EQ(status(asked), 415);
  asked.fields.emplace_back("content-type", "application/json");
  EXPECT_EQ(status(asked), 413);
  asked.fields[0].second = "2";
  ASSERT_EQ(status(asked), 0);
  EXPECT_EQ(front_->answer(front_->examine(asked, {}), "{}").status, 400);  // the query
  asked.target = "/v1/a";
  EXPECT_EQ(front_->answer(front_->examine(asked, {}), "{}").status, 400);  // the body
  const Answer right = front_->answer(front_->examine(asked, {}), R"({"reason":"r"})");
  EXPECT_EQ(right.status, 200);
  EXPECT_EQ(right.body, "ann");
}

TEST_F(Fronts, TheRateComesBeforeThePath) {
  for (int i = 0; i < 2000; ++i) ASSERT_NE(status(head("GET", "/v1/nothing")), 429);
  EXPECT_EQ(status(head("GET", "/v1/nothing")), 429);
  EXPECT_EQ(status(head("GET", "/metrics")), 429);
  EXPECT_EQ(status(head("GET", "/nothing")), 404);  // what is not limited
}

TEST_F(Fronts, AHandlerThatFailsIsBusyAndItsReasonIsLoggedOnly) {
  const Answer answer = front_->answer(front_->examine(head("GET", "/v1/a?n=1"), {}), "");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, testing::Not(testing::HasSubstr("disk")));
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_THAT(said_.front(), testing::HasSubstr("disk full"));
}

TEST(AcceptEncoding, TakesGzip) {
  for (const char* yes :
       {"gzip", "GZIP", "x-gzip", "br, gzip", "gzip;q=0.001", "*", "gzip ; q=1", "identity;q=0, *;q=0.5"}) {
    EXPECT_TRUE(takes_gzip({yes})) << yes;
  }
  for (const char* no : {"", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "gzipped"})
    EXPECT_FALSE(takes_gzip({no})) << no;
  EXPECT_FALSE(takes_gzip({}));
}

TEST(IfNoneMatch, ComparesWeakly) {
  for (const char* yes : {"*", "W/\"a\"", "\"a\"", "\"b\", W/\"a\""}) EXPECT_TRUE(matches_tag({yes}, "W/\"a\"")) << yes;
  for (const char* no : {"", "a", "\"b\"", "\"aa\""}) EXPECT_FALSE(matches_tag({no}, "W/\"a\"")) << no;
}

}  // namespace
}  // namespace vigil::shift
