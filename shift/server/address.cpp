#include "shift/server/address.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <charconv>
#include <optional>

#include "core/error.h"
#include "shift/server/exchange.h"

namespace vigil::shift {
namespace {

namespace net = boost::asio;
constexpr const char* kExpected = "HOST:PORT or [IPv6]:PORT, port 0 to 65535";

struct HostPort {
  std::string host;
  std::string port;  // empty: none
  bool bracketed = false;
  bool has_port = false;
};

std::optional<HostPort> split(const std::string& text) {
  HostPort out;
  std::string rest;
  if (text.starts_with("[")) {
    const auto end = text.find(']');
    if (end == std::string::npos) return {};
    out.bracketed = true;
    out.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    out.host = text.substr(0, colon);
    rest = colon == std::string::npos ? std::string{} : text.substr(colon);
  }
  if (out.host.empty() || (!rest.empty() && rest.front() != ':')) return {};
  out.has_port = !rest.empty();
  if (out.has_port) out.port = rest.substr(1);
  return out;
}

std::optional<std::uint16_t> port_of(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return port;
}

// One text for an address: IPv4 inside IPv6 is IPv4.
std::optional<net::ip::address> literal(const std::string& text) {
  boost::system::error_code error;
  net::ip::address address = net::ip::make_address(text, error);
  if (error) return {};
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
  }
  return address;
}

}  // namespace

std::string Address::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Address parse_address(const std::string& where, const std::string& text) {
  const auto parts = split(text);
  const auto port = parts && parts->has_port ? port_of(parts->port) : std::nullopt;
  if (!port) throw Error(where, "'" + text + "'", kExpected);
  auto address = literal(parts->host);
  if (parts->bracketed && !(address && parts->host.find(':') != std::string::npos))
    throw Error(where, "'" + text + "'", kExpected);
  if (!address) {
    net::io_context context;
    boost::system::error_code error;
    const auto found = net::ip::tcp::resolver(context).resolve(parts->host, "", error);
    if (error || found.empty()) throw Error(where, "'" + text + "', a host that is not known", kExpected);
    address = found.begin()->endpoint().address();
  }
  return {address->to_string(), *port, address->is_loopback()};
}

bool is_own_host(const std::string& host, const std::string& local_address, bool local_is_loopback,
                 const std::vector<std::string>& names) {
  const auto parts = split(host);
  if (!parts || (parts->has_port && !parts->port.empty() && !port_of(parts->port))) return false;
  const auto asked = literal(parts->host);
  if (parts->bracketed && !(asked && parts->host.find(':') != std::string::npos)) return false;
  if (asked && asked == literal(local_address)) return true;
  const std::string name = lower(parts->host);
  if (local_is_loopback && name == "localhost") return true;
  return std::any_of(names.begin(), names.end(), [&](const std::string& own) { return lower(own) == name; });
}

}  // namespace vigil::shift
