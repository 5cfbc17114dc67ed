#include "shift/server/connection.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <charconv>
#include <limits>
#include <string_view>
#include <type_traits>

#include "shift/server/heads.h"
#include "shift/server/response.h"

namespace vigil::shift {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Error = boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Plain = beast::tcp_stream;
using Secure = beast::ssl_stream<beast::tcp_stream>;
using Parser = http::request_parser<http::string_body>;

// A request line as long as may be, all headers, and a little: what is longer is refused by whichever part is too long.
constexpr std::size_t kHeadBytes = kTargetBytes + kFieldBytes + 1024;
constexpr std::size_t kBufferBytes = kHeadBytes + kBodyBytes;
constexpr std::chrono::seconds kFarewell{2};  // for what a client still sends when it was answered

auto into(Error& error) { return net::redirect_error(net::use_awaitable, error); }

// Keeps what the server may end in its list, for as long as it lives.
class Listed {
 public:
  Listed(Shared& shared, LiveConnection& live) : shared_(shared), live_(live) {
    shared_.live.insert(&live_);
    shared_.counters.open_connections = static_cast<std::uint32_t>(shared_.live.size());
  }
  ~Listed() {
    shared_.live.erase(&live_);
    shared_.counters.open_connections = static_cast<std::uint32_t>(shared_.live.size());
  }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

 private:
  Shared& shared_;
  LiveConnection& live_;
};

struct StreamSlot {
  explicit StreamSlot(Counters& counters) : counters_(counters) { ++counters_.open_streams; }
  ~StreamSlot() { --counters_.open_streams; }
  StreamSlot(const StreamSlot&) = delete;
  StreamSlot& operator=(const StreamSlot&) = delete;

 private:
  Counters& counters_;
};

template <class Stream>
class Connection {
 public:
  Connection(Shared& shared, Stream& stream, LiveConnection& live) : shared_(shared), stream_(stream), live_(live) {
    Error error;
    const auto peer = socket().socket().remote_endpoint(error);
    if (!error) peer_ = address_text(peer.address());
    const auto local = socket().socket().local_endpoint(error);
    if (error) return;
    local_ = address_text(local.address());
    local_is_loopback_ = net::ip::make_address(local_).is_loopback();
  }

  net::awaitable<void> run() {
    // One await a statement, here and below: g++ 12 makes traps of those inside conditions.
    for (bool goes_on = true; goes_on && !shared_.is_ending;) {
      goes_on = co_await first_byte();
      live_.idle_since.reset();
      if (goes_on) goes_on = co_await request();
    }
    live_.idle_since.reset();
    co_await farewell();
  }

 private:
  Plain& socket() { return beast::get_lowest_layer(stream_); }

  // Waits for a request to begin, and starts its time. False: there will be none.
  net::awaitable<bool> first_byte() {
    Error error;
    if (buffer_.size() == 0) {
      live_.idle_since = Clock::now();
      socket().expires_after(shared_.settings.idle_time);
    } else {
      socket().expires_after(shared_.settings.request_time);
    }
    for (bool began = buffer_.size() > 0;; began = true) {
      // Empty lines before a request are no part of it (RFC 9112, 2.2).
      const auto* text = static_cast<const char*>(buffer_.data().data());
      std::size_t empty = 0;
      while (empty < buffer_.size() && (text[empty] == '\r' || text[empty] == '\n')) ++empty;
      buffer_.consume(empty);
      if (buffer_.size() > 0) co_return true;
      const std::size_t n = co_await stream_.async_read_some(buffer_.prepare(4096), into(error));
      if (error) {
        if (began) note_slow(error);
        co_return false;
      }
      buffer_.commit(n);
      if (!began) socket().expires_after(shared_.settings.request_time);
    }
  }

  // One request and its answer. False: the connection is to end.
  net::awaitable<bool> request() {
    Parser parser;
    parser.header_limit(kHeadBytes);
    // What is too large is said after who asks, in the order of docs/http.md (without a limit, 1.74 takes no body at
    // all).
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    Error error;
    const std::size_t n = co_await http::async_read_header(stream_, buffer_, parser, into(error));
    if (error) {
      note_slow(error);
      auto answer = broken_head(error, {static_cast<const char*>(buffer_.data().data()), buffer_.size()});
      const AnswerForm last{.keep_alive = false};
      if (answer) {
        count_refusal(answer->status);
        co_await respond(last, std::move(*answer));
      }
      co_return false;
    }
    ++shared_.counters.requests;
    Head head = read_head(parser.get(), n);
    head.peer = peer_;
    head.local_address = local_;
    head.local_is_loopback = local_is_loopback_;
    AnswerForm form{.version = parser.get().version() < 11 ? 10u : 11u,
                    .keep_alive = parser.keep_alive(),
                    .is_head = head.method == "HEAD",
                    .takes_gzip = takes_gzip(head.all("accept-encoding")),
                    .if_none_match = head.all("if-none-match")};
    Front::Decision decision = shared_.front.examine(head, Clock::now());
    form.caching = decision.caching;
    const bool has_body = head.is_chunked() || head.content_length().value_or(1) > 0;
    if (decision.refusal) {
      count_refusal(decision.refusal->status);
      form.keep_alive = form.keep_alive && !has_body;  // the body is left unread
      co_return co_await respond(form, std::move(*decision.refusal));
    }
    if (has_body) {
      const bool is_read = co_await read_body(head, parser, form);
      if (!is_read) co_return false;
    }
    if (decision.route->is_stream)
      co_return co_await respond_with_stream(form, std::move(decision), parser.get().body());
    if (decision.route->is_quick) {
      Response quick = make_response(form, shared_.front.answer(std::move(decision), parser.get().body()));
      co_return co_await write(form, std::move(quick));
    }
    const auto work = [&]() -> Response {
      return make_response(form, shared_.front.answer(std::move(decision), parser.get().body()));
    };
    Response response = co_await on_handler(work);
    co_return co_await write(form, std::move(response));
  }

  // Runs `work` on a handler's thread and comes back.
  template <class Work>
  net::awaitable<std::invoke_result_t<Work>> on_handler(const Work& work) {
    using Result = std::invoke_result_t<Work>;
    const auto there = [&work]() -> net::awaitable<Result> { co_return work(); };
    Result result = co_await net::co_spawn(shared_.handlers.get_executor(), there, net::use_awaitable);
    co_return result;
  }

  // The body, at most kBodyBytes of it. False: the connection is to end; what there was to say was said.
  net::awaitable<bool> read_body(const Head& head, Parser& parser, AnswerForm form) {
    Error error;
    const auto expect = head.all("expect");
    if (form.version == 11 && !expect.empty() && beast::iequals(expect.front(), "100-continue") &&
        buffer_.size() == 0) {
      constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await net::async_write(stream_, net::buffer(kGoOn), into(error));
      if (error) co_return false;
    }
    parser.body_limit(kBodyBytes);
    co_await http::async_read(stream_, buffer_, parser, into(error));
    if (!error) co_return true;
    note_slow(error);
    form.keep_alive = false;
    if (error == http::error::body_limit) {
      ++shared_.counters.refused_size;
      Answer answer = problem_answer("too-large", "body: expected at most " + std::to_string(kBodyBytes) + " bytes");
      co_await respond(form, std::move(answer));
    } else if (error.category() == http::make_error_code(http::error::bad_chunk).category() &&
               error != http::error::partial_message && error != http::error::end_of_stream) {
      Answer answer = problem_answer("bad-request", "body: not in the form that its headers say");
      co_await respond(form, std::move(answer));
    }
    co_return false;
  }

  net::awaitable<bool> respond_with_stream(AnswerForm form, Front::Decision decision, std::string body) {
    if (shared_.counters.open_streams >= shared_.settings.streams) {
      ++shared_.counters.refused_streams;
      Answer busy =
          problem_answer("busy", "streams: " + std::to_string(shared_.settings.streams) + " are open, expected fewer");
      busy.headers.emplace_back("Retry-After", "10");
      co_return co_await respond(form, std::move(busy));
    }
    const StreamSlot slot(shared_.counters);
    form.keep_alive = false;  // the connection ends with it
    const auto work = [&]() -> Answer { return shared_.front.answer(std::move(decision), body); };
    Answer answer = co_await on_handler(work);
    if (!answer.stream) co_return co_await respond(form, std::move(answer));
    const auto start = answer.stream;
    Response head = make_response(form, std::move(answer));
    http::response_serializer<http::string_body> serializer(head);
    Error error;
    socket().expires_after(shared_.settings.write_time);
    count_answer(head);
    co_await http::async_write_header(stream_, serializer, into(error));
    if (error || form.is_head) co_return false;
    const auto events = std::make_shared<EventStream>();
    live_.stream = events;
    const auto begin = [&]() -> int { return start(events), 0; };
    co_await on_handler(begin);
    co_await send_events(*events, form.version == 11);
    live_.stream.reset();
    events->close();
    co_return false;
  }

  net::awaitable<void> send_events(EventStream& events, bool is_chunked) {
    const auto timer = std::make_shared<net::steady_timer>(shared_.sockets);
    events.on_change([timer, &sockets = shared_.sockets] { net::post(sockets, [timer] { timer->cancel(); }); });
    bool is_watched = true, is_gone = false;
    const auto watch = [&]() -> net::awaitable<void> {  // sees a client hang up; what it says is not listened to
      Error reading;
      std::array<char, 256> said{};
      while (!reading) {
        socket().expires_never();  // it is the writing that has a time
        co_await stream_.async_read_some(net::buffer(said), into(reading));
      }
      is_watched = false;
      is_gone = true;
      timer->cancel();
    };
    net::co_spawn(shared_.sockets, watch, net::detached);
    Error error;
    while (!error && !is_gone && !shared_.is_ending) {
      const EventStream::Taken taken = events.take();
      if (taken.cut) break;
      std::string bytes = is_chunked && !taken.bytes.empty() ? chunk(taken.bytes) : taken.bytes;
      if (taken.ended && is_chunked) bytes += "0\r\n\r\n";
      if (!bytes.empty()) {
        socket().expires_after(shared_.settings.write_time);
        co_await net::async_write(stream_, net::buffer(bytes), into(error));
      }
      if (taken.ended) break;
      if (bytes.empty()) co_await sleep(*timer);
    }
    // Who watches uses what ends here: it is let go first.
    if (is_watched) socket().socket().shutdown(net::ip::tcp::socket::shutdown_both, error);
    while (is_watched) co_await sleep(*timer);
  }

  // Until the timer is cancelled.
  static net::awaitable<void> sleep(net::steady_timer& timer) {
    Error cancelled;
    timer.expires_at(Clock::time_point::max());
    co_await timer.async_wait(into(cancelled));
  }

  static std::string chunk(const std::string& bytes) {
    std::array<char, 20> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
    return std::string(size.data(), end) + "\r\n" + bytes + "\r\n";
  }

  net::awaitable<bool> respond(const AnswerForm& form, Answer answer) {
    Response response = make_response(form, std::move(answer));
    co_return co_await write(form, std::move(response));
  }

  // Piece by piece, each in its time: a slow client may take long, one that takes nothing is cut.
  net::awaitable<bool> write(const AnswerForm& form, Response response) {
    http::response_serializer<http::string_body> serializer(response);
    if (form.is_head) serializer.split(true);
    count_answer(response);
    Error error;
    do {
      socket().expires_after(shared_.settings.write_time);
      co_await http::async_write_some(stream_, serializer, into(error));
      if (error) note_slow(error);
    } while (!error && !(form.is_head ? serializer.is_header_done() : serializer.is_done()));
    co_return !error && form.keep_alive;
  }

  // Reads what is still under way for a moment: closing at once would take back the answer.
  net::awaitable<void> farewell() {
    Error error;
    if (!socket().socket().is_open()) co_return;
    socket().expires_after(kFarewell);
    if constexpr (std::is_same_v<Stream, Secure>) co_await stream_.async_shutdown(into(error));
    if (!socket().socket().is_open()) co_return;
    socket().socket().shutdown(net::ip::tcp::socket::shutdown_send, error);
    socket().expires_after(kFarewell);
    std::array<char, 4096> rest{};
    for (std::size_t total = 0; !error && total < 1024 * 1024;) {
      const std::size_t n = co_await socket().async_read_some(net::buffer(rest), into(error));
      total += n;
    }
  }

  void note_slow(const Error& error) {
    if (error == beast::error::timeout) ++shared_.counters.refused_slow;
  }

  void count_answer(const Response& response) {
    auto& answers = shared_.counters.answers;
    if (response.result_int() < answers.size()) ++answers[response.result_int()];
  }

  void count_refusal(int status) {
    if (status == 429) ++shared_.counters.refused_rate;
    if (status == 421) ++shared_.counters.refused_host;
    if (status == 413 || status == 414 || status == 431) ++shared_.counters.refused_size;
  }

  Shared& shared_;
  Stream& stream_;
  LiveConnection& live_;
  beast::flat_buffer buffer_{kBufferBytes};
  std::string peer_, local_;
  bool local_is_loopback_ = false;
};

}  // namespace

net::awaitable<void> serve_connection(Shared& shared, net::ip::tcp::socket socket) {
  if (shared.is_ending) co_return;
  LiveConnection live;
  Error error;
  socket.set_option(net::ip::tcp::no_delay(true), error);
  if (shared.tls == nullptr) {
    Plain stream(std::move(socket));
    live.socket = &stream;
    const Listed listed(shared, live);
    Connection<Plain> connection(shared, stream, live);
    co_await connection.run();
  } else {
    Secure stream(std::move(socket), *shared.tls);
    live.socket = &beast::get_lowest_layer(stream);
    const Listed listed(shared, live);
    live.socket->expires_after(shared.settings.request_time);
    co_await stream.async_handshake(net::ssl::stream_base::server, into(error));
    if (error) co_return;
    Connection<Secure> connection(shared, stream, live);
    co_await connection.run();
  }
}

}  // namespace vigil::shift
