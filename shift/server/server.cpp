#include "shift/server/server.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "core/error.h"
#include "shift/server/connection.h"
#include "shift/server/tls.h"

namespace vigil::shift {
namespace {

namespace net = boost::asio;
using Tcp = net::ip::tcp;
using SystemError = boost::system::error_code;

// The connection that waits longest for a request makes room for another.
bool make_room(Shared& shared) {
  LiveConnection* longest = nullptr;
  for (LiveConnection* live : shared.live) {
    if (live->idle_since && (longest == nullptr || *live->idle_since < *longest->idle_since)) longest = live;
  }
  if (longest == nullptr) return false;
  longest->idle_since.reset();
  longest->socket->close();
  shared.live.erase(longest);
  return true;
}

net::awaitable<void> accept_all(Shared& shared, Tcp::acceptor& acceptor) {
  while (!shared.is_ending) {
    Tcp::socket socket(shared.sockets);
    SystemError error;
    co_await acceptor.async_accept(socket, net::redirect_error(net::use_awaitable, error));
    if (shared.is_ending) co_return;
    if (error) {  // no descriptors left, or a client gone already
      net::steady_timer pause(shared.sockets, std::chrono::milliseconds(50));
      co_await pause.async_wait(net::redirect_error(net::use_awaitable, error));
      continue;
    }
    ++shared.counters.connections;
    if (shared.live.size() >= shared.settings.connections && !make_room(shared)) continue;
    net::co_spawn(shared.sockets, serve_connection(shared, std::move(socket)), net::detached);
  }
}

FrontSettings front_settings(const ServerSettings& settings, std::function<void(const std::string&)> log) {
  return {.tokens_file = settings.tokens_file,
          .names = settings.names,
          .requests_per_s = settings.requests_per_s,
          .log = std::move(log)};
}

}  // namespace

void check_files(const ServerSettings& settings) {
  if (!settings.certificate_file.empty()) (void)load_tls(settings.certificate_file, settings.key_file);
  TokenFile(settings.tokens_file, {});
}

struct Server::State {
  State(ServerSettings settings, std::vector<Route> routes, const std::function<void(const std::string&)>& log)
      : shared(settings, Front(std::move(routes), front_settings(settings, log))), acceptor(shared.sockets) {}

  Shared shared;
  Tcp::acceptor acceptor;
  std::string url;
  std::uint16_t port = 0;
  std::thread thread;
};

Server::Server(ServerSettings settings, std::vector<Route> routes, std::function<void(const std::string&)> log)
    : state_(std::make_unique<State>(settings, std::move(routes), log)) {
  Shared& shared = state_->shared;
  if (!settings.certificate_file.empty()) shared.tls = load_tls(settings.certificate_file, settings.key_file);
  const Tcp::endpoint endpoint(net::ip::make_address(settings.address.host), settings.address.port);
  Tcp::acceptor& acceptor = state_->acceptor;
  try {
    acceptor.open(endpoint.protocol());
    acceptor.set_option(net::socket_base::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
    state_->port = acceptor.local_endpoint().port();
  } catch (const boost::system::system_error& e) {
    throw Error(settings.address.text(), e.code().message(), "an address of this machine that is free");
  }
  Address bound = settings.address;
  bound.port = state_->port;
  state_->url = (shared.tls ? "https://" : "http://") + bound.text();
  net::co_spawn(shared.sockets, accept_all(shared, acceptor), net::detached);
  state_->thread = std::thread([&shared] { shared.sockets.run(); });
}

Server::~Server() {
  Shared& shared = state_->shared;
  net::post(shared.sockets, [this, &shared] {
    shared.is_ending = true;
    state_->acceptor.close();
    // Nothing is torn down under a handler: each connection ends by itself once its socket is closed.
    for (LiveConnection* live : shared.live) {
      live->socket->close();
      if (live->stream) live->stream->close();
    }
  });
  state_->thread.join();
  shared.handlers.join();
}

std::string Server::url() const { return state_->url; }

std::uint16_t Server::port() const { return state_->port; }

ServerCounts Server::counts() const {
  const Counters& c = state_->shared.counters;
  std::map<int, std::uint64_t> answers;
  for (std::size_t status = 0; status < c.answers.size(); ++status) {
    if (const std::uint64_t count = c.answers[status]) answers[static_cast<int>(status)] = count;
  }
  return {.connections = c.connections,
          .requests = c.requests,
          .refused_rate = c.refused_rate,
          .refused_streams = c.refused_streams,
          .refused_size = c.refused_size,
          .refused_slow = c.refused_slow,
          .refused_host = c.refused_host,
          .open_connections = c.open_connections,
          .open_streams = c.open_streams,
          .answers = std::move(answers)};
}

}  // namespace vigil::shift
