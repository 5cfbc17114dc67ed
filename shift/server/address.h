// Addresses and names: what to listen on, and which Host a client may ask for. Pure; thread-safe.
// Tests: tests/shift/address_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vigil::shift {

struct Address {
  std::string host;  // an IP address, IPv6 without brackets
  std::uint16_t port = 0;
  bool is_loopback = false;

  // "127.0.0.1:8080", "[::1]:8080".
  std::string text() const;
};

// HOST:PORT or [v6]:PORT; a host that is no IP address is asked of the system's resolver. Throws Error naming `where`.
Address parse_address(const std::string& where, const std::string& text);

// Whether the value of a Host header, with or without port, means this server: the address that the client connected
// to, localhost where that is loopback, or one of `names` (in any case).
bool is_own_host(const std::string& host, const std::string& local_address, bool local_is_loopback,
                 const std::vector<std::string>& names);

}  // namespace vigil::shift
