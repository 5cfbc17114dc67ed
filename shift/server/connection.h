// One client's connection, as a coroutine on the thread of the sockets. Internal to the room: server.cpp accepts and
// starts it. Nothing here is thread-safe but the counters.
// Tests: tests/shift/server_test.cpp, tests/contract/http_limits_test.py.
#pragma once

// clang-format off
#include <utility>  // first: boost/asio/awaitable.hpp of 1.74 leaves it out
// clang-format on

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <set>

#include "shift/server/event_stream.h"
#include "shift/server/front.h"
#include "shift/server/server.h"

namespace vigil::shift {

struct Counters {
  std::atomic<std::uint64_t> connections{0}, requests{0};
  std::atomic<std::uint64_t> refused_rate{0}, refused_streams{0}, refused_size{0}, refused_slow{0}, refused_host{0};
  std::atomic<std::uint32_t> open_connections{0}, open_streams{0};
  std::array<std::atomic<std::uint64_t>, 600> answers{};  // by status
};

// What the server must be able to end from outside.
struct LiveConnection {
  boost::beast::tcp_stream* socket = nullptr;
  std::shared_ptr<EventStream> stream;                              // while one is sent
  std::optional<std::chrono::steady_clock::time_point> idle_since;  // between requests
};

struct Shared {
  Shared(ServerSettings asked, Front examiner) : settings(std::move(asked)), front(std::move(examiner)) {}

  ServerSettings settings;
  Front front;
  std::unique_ptr<boost::asio::ssl::context> tls;  // null: plain
  boost::asio::io_context sockets{1};
  boost::asio::thread_pool handlers{2};
  Counters counters;
  std::set<LiveConnection*> live;
  bool is_ending = false;
};

// Until the client goes, errs, idles too long, or the server ends.
boost::asio::awaitable<void> serve_connection(Shared& shared, boost::asio::ip::tcp::socket socket);

}  // namespace vigil::shift
