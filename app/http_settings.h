// What the keys http_* of the configuration say. Used by the table of keys and by what starts the server.
// Tests: tests/contract/http_start_test.py.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace vigil::app {

struct HttpSettings {
  std::string listen;  // empty: no server
  std::string certificate_file, key_file, tokens_file;
  std::vector<std::string> names;
  std::uint32_t requests_per_s = 100;
  std::uint32_t streams = 64;
  std::uint32_t stale_after_s = 120;          // without a closed lumisection
  std::uint32_t keep_histograms = 5000;       // windows of each stream and window name
  bool is_read_only = false;                  // nobody may act, whatever tokens there are; no part of the configuration
  std::map<std::string, std::string> places;  // key -> file:line, for errors; no part of the configuration

  // As --http gives it.
  void set_listen(const std::string& address);
};

// Throws Error, place, key, what was expected: an address that is none, one beyond loopback without certificate, key
// and tokens, files that are not as they should be. Listens on nothing.
void check_http(const HttpSettings& settings);

}  // namespace vigil::app
