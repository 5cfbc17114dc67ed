// The HTTP server: one thread for all sockets, two for handlers, whatever the number of clients; plain or TLS. Limits
// and headers are those of docs/http.md. Used by app/http_service.cpp. The destructor joins all threads.
// Tests: tests/shift/server_test.cpp, tests/contract/http_*_test.py.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shift/server/address.h"
#include "shift/server/routes.h"

namespace vigil::shift {

struct ServerSettings {
  Address address;               // port 0: a free one
  std::string certificate_file;  // with key_file: https only
  std::string key_file;
  std::string tokens_file;         // empty: every POST is 401
  std::vector<std::string> names;  // further hosts it answers to
  std::uint32_t requests_per_s = 100;
  std::uint32_t streams = 64;
  // What only tests change.
  std::uint32_t connections = 512;
  std::chrono::milliseconds request_time{10'000};  // from its first byte to its last
  std::chrono::milliseconds idle_time{30'000};     // a connection without a request
  std::chrono::milliseconds write_time{30'000};    // a client that takes nothing
};

// Since the start.
struct ServerCounts {
  std::uint64_t connections = 0, requests = 0;
  std::uint64_t refused_rate = 0, refused_streams = 0, refused_size = 0, refused_slow = 0, refused_host = 0;
  std::uint32_t open_connections = 0, open_streams = 0;  // now
  std::map<int, std::uint64_t> answers = {};             // by status, those that were given
};

// Reads certificate, key and tokens as a server would; throws Error naming the file.
void check_files(const ServerSettings& settings);

class Server {
 public:
  // Listens when it returns. Throws Error: files as above, an address that is in use or not of this machine. `log` gets
  // what whoever runs vigil should know; from several threads.
  Server(ServerSettings settings, std::vector<Route> routes, std::function<void(const std::string&)> log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // http://127.0.0.1:43121, with the port it has.
  std::string url() const;
  std::uint16_t port() const;
  ServerCounts counts() const;  // thread-safe

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::shift
