// The server over real sockets: what needs a desk that answers, streams, or routes of a test's own.
#include "shift/server/server.h"

#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <random>
#include <thread>

#include "core/error.h"
#include "shift/documents/action_routes.h"
#include "shift/server/event_stream.h"
#include "tests/shift/scripted_desk.h"

namespace vigil::shift {
namespace {

namespace net = boost::asio;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

ServerSettings quick() {
  ServerSettings settings;
  settings.address = {"127.0.0.1", 0, true};
  settings.requests_per_s = 1'000'000;
  settings.streams = 2;
  settings.request_time = 400ms;
  settings.idle_time = 800ms;
  settings.write_time = 400ms;
  return settings;
}

class Client {
 public:
  explicit Client(const Server& server) : socket_(context_) {
    socket_.connect({net::ip::make_address("127.0.0.1"), server.port()});
  }
  void send(const std::string& bytes) {
    boost::system::error_code error;  // the server may have cut it
    net::write(socket_, net::buffer(bytes), error);
  }
  // Until the server closes, or `end` came.
  std::string receive(const std::string& end = {}) {
    std::string out;
    std::array<char, 65536> part{};
    boost::system::error_code error;
    while (!error && (end.empty() || out.find(end) == std::string::npos)) {
      out.append(part.data(), socket_.read_some(net::buffer(part), error));
    }
    return out;
  }
  void close() { socket_.close(); }
  net::ip::tcp::socket& socket() { return socket_; }

 private:
  net::io_context context_;
  net::ip::tcp::socket socket_;
};

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}
std::string answer(const Server& server, const std::string& path, const std::string& more = "") {
  Client client(server);
  client.send(get(path, "Connection: close\r\n" + more));
  return client.receive();
}

template <class Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 300; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST(Server, SaysNotModified) {
  ScriptedDesk desk;
  Server server(quick(), action_routes({.desk = &desk, .now_ms = {}, .log = {}}), {});
  const std::string first = answer(server, "/v1/sinks");
  EXPECT_THAT(first, HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(first, HasSubstr("Cache-Control: no-cache"));
  const auto at = first.find("ETag: ");
  ASSERT_NE(at, std::string::npos);
  const std::string tag = first.substr(at + 6, first.find('\r', at) - at - 6);
  const std::string same = answer(server, "/v1/sinks", "If-None-Match: " + tag + "\r\n");
  EXPECT_THAT(same, HasSubstr("HTTP/1.1 304 "));
  EXPECT_THAT(same, HasSubstr("ETag: " + tag));
  EXPECT_TRUE(same.ends_with("\r\n\r\n"));
  desk.answer.body = {{"x", 2}};
  EXPECT_THAT(answer(server, "/v1/sinks", "If-None-Match: " + tag + "\r\n"), HasSubstr("HTTP/1.1 200 OK"));
}

std::vector<Route> stream_routes(std::shared_ptr<EventStream>& stream, std::atomic<int>& started) {
  Route route{.method = "GET", .pattern = "/v1/events", .caching = Caching::never, .is_stream = true};
  route.handle = [&](const Request&) {
    Answer out{.content_type = "text/event-stream"};
    out.stream = [&](std::shared_ptr<EventStream> given) {
      stream = given;
      given->push("retry: 2000\n\n");
      ++started;
    };
    return out;
  };
  auto routes = health_routes([] { return std::vector<std::string>{}; });
  routes.push_back(route);
  return routes;
}

TEST(Server, StreamsWhatIsPushedUntilItIsFinished) {
  std::shared_ptr<EventStream> stream;
  std::atomic<int> started{0};
  Server server(quick(), stream_routes(stream, started), {});
  Client client(server);
  client.send(get("/v1/events"));
  const std::string head = client.receive("retry: 2000\n\n");
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_THAT(head, HasSubstr("Cache-Control: no-store"));
  std::this_thread::sleep_for(1s);  // longer than anything may idle: a stream may
  EXPECT_TRUE(stream->push("data: 1\n\n"));
  EXPECT_THAT(client.receive("data: 1\n\n\r\n"), HasSubstr("9\r\ndata: 1"));
  stream->finish();
  EXPECT_EQ(client.receive(), "0\r\n\r\n");
  EXPECT_TRUE(soon([&] { return server.counts().open_streams == 0; }));
}

TEST(Server, HasRoomForSoManyStreamsAndSeesThemGo) {
  std::shared_ptr<EventStream> stream;
  std::atomic<int> started{0};
  Server server(quick(), stream_routes(stream, started), {});
  Client a(server), b(server), c(server);
  a.send(get("/v1/events"));
  b.send(get("/v1/events"));
  ASSERT_TRUE(soon([&] { return started == 2; }));
  c.send(get("/v1/events"));
  const std::string refused = c.receive("}");
  EXPECT_THAT(refused, HasSubstr("HTTP/1.1 503 "));
  EXPECT_THAT(refused, HasSubstr("Retry-After: "));
  EXPECT_THAT(answer(server, "/healthz"), HasSubstr("200 OK"));
  b.close();  // nothing is pushed: it is seen all the same
  ASSERT_TRUE(soon([&] { return server.counts().open_streams == 1; }));
  c.send(get("/v1/events"));
  EXPECT_TRUE(soon([&] { return started == 3; }));
}

TEST(Server, CutsAStreamThatIsNotRead) {
  std::shared_ptr<EventStream> stream;
  std::atomic<int> started{0};
  Server server(quick(), stream_routes(stream, started), {});
  Client client(server);
  client.send(get("/v1/events"));
  ASSERT_TRUE(soon([&] { return started == 1; }));
  const std::string much(100'000, 'x');
  int pushed = 0;
  while (stream->push(much) && pushed < 10'000) {
    ++pushed;
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_LT(pushed, 10'000);
  EXPECT_TRUE(soon([&] { return server.counts().open_streams == 0; }));
}

TEST(Server, EndsWithClientsAndStreamsOpen) {
  std::shared_ptr<EventStream> stream;
  std::atomic<int> started{0};
  auto server = std::make_unique<Server>(quick(), stream_routes(stream, started), [](const std::string&) {});
  Client a(*server), b(*server), c(*server);
  a.send(get("/v1/events"));
  b.send("GET /heal");
  ASSERT_TRUE(soon([&] { return started == 1 && server->counts().open_connections == 3; }));
  const auto began = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
  EXPECT_FALSE(stream->push("late"));
}

// A handler that waits holds up handlers, not the sockets.
TEST(Server, AnswersHealthWhileHandlersWait) {
  std::atomic<bool> go_on{false};
  auto routes = health_routes([] { return std::vector<std::string>{}; });
  Route slow{.method = "GET", .pattern = "/v1/slow"};
  slow.handle = [&](const Request&) {
    while (!go_on) std::this_thread::sleep_for(1ms);
    return Answer{.body = "{}"};
  };
  routes.push_back(slow);
  Server server(quick(), routes, {});
  std::vector<std::unique_ptr<Client>> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(std::make_unique<Client>(server));
    waiting.back()->send(get("/v1/slow", "Connection: close\r\n"));
  }
  ASSERT_TRUE(soon([&] { return server.counts().requests == 20; }));
  EXPECT_THAT(answer(server, "/healthz"), HasSubstr("200 OK"));
  go_on = true;
  for (auto& client : waiting) EXPECT_THAT(client->receive(), HasSubstr("200 OK"));
}

TEST(Server, CutsAClientThatTakesNothing) {
  auto routes = health_routes([] { return std::vector<std::string>{}; });
  Route large{.method = "GET", .pattern = "/large"};
  large.handle = [](const Request&) { return Answer{.body = std::string(50'000'000, 'x')}; };
  routes.push_back(large);
  Server server(quick(), routes, {});
  EXPECT_EQ(answer(server, "/large").size() / 1'000'000, 50u);
  Client client(server);
  client.send(get("/large"));
  ASSERT_TRUE(soon([&] { return server.counts().requests == 2; }));
  EXPECT_TRUE(soon([&] { return server.counts().refused_slow == 1 && server.counts().open_connections == 0; }));
}

TEST(Server, RefusesAnAddressThatIsTaken) {
  Server first(quick(), {}, {});
  ServerSettings same = quick();
  same.address.port = first.port();
  EXPECT_THROW(Server(same, {}, {}), Error);
}

// Requests put together at random, many of them broken: every connection ends, the server goes on.
TEST(Server, OutlivesRandomRequests) {
  ScriptedDesk desk;
  auto routes = action_routes({.desk = &desk, .now_ms = [] { return std::int64_t{0}; }, .log = {}});
  for (Route& route : health_routes([] { return std::vector<std::string>{}; })) routes.push_back(route);
  Server server(quick(), routes, {});
  const std::vector<std::string> pieces{"GET ",
                                        "POST ",
                                        "HEAD ",
                                        "/v1/actions",
                                        "/healthz",
                                        "/v1/actions/01234567-89ab-cdef-0123-456789abcdef/ack",
                                        "?limit=",
                                        "%00",
                                        "%2e%2e/",
                                        " HTTP/1.1\r\n",
                                        " HTTP/1.0\r\n",
                                        "Host: localhost\r\n",
                                        "Host: \xff\r\n",
                                        "Content-Length: 5\r\n",
                                        "Content-Length: 99999999999999999999\r\n",
                                        "Transfer-Encoding: chunked\r\n",
                                        "5\r\nhello\r\n",
                                        "0\r\n\r\n",
                                        "\r\n",
                                        "\r\n\r\n",
                                        "{}",
                                        "Accept-Encoding: gzip\r\n",
                                        "Expect: 100-continue\r\n",
                                        "Connection: close\r\n",
                                        "Connection: upgrade\r\nUpgrade: websocket\r\n",
                                        std::string("\0\x01\x80\xff", 4),
                                        std::string(3000, 'a'),
                                        "Content-Type: application/json\r\nAuthorization: Bearer x\r\n",
                                        "fffffffffffffffff\r\n",
                                        ": \r\n",
                                        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"};
  std::mt19937 random(1);
  const auto one_of = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int turn = 0; turn < 10'000; ++turn) {
    std::string sent =
        one_of(2) == 0 ? pieces[one_of(3)] + pieces[3 + one_of(6)] + pieces[9 + one_of(2)] + pieces[11] : "";
    for (std::size_t i = one_of(8); i > 0; --i) sent += pieces[one_of(pieces.size())];
    Client client(server);
    client.send(sent);
    boost::system::error_code error;
    client.socket().shutdown(net::ip::tcp::socket::shutdown_send, error);
    if (one_of(4) != 0) (void)client.receive();
  }
  EXPECT_THAT(answer(server, "/healthz"), HasSubstr("200 OK"));
  EXPECT_TRUE(soon([&] { return server.counts().open_connections == 0; }));
}

}  // namespace
}  // namespace vigil::shift
