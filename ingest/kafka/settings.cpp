#include "ingest/kafka/settings.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"

namespace vigil::ingest::kafka {
namespace {

constexpr std::string_view kScheme = "kafka://";
constexpr const char* kEndpoint = "kafka://HOST:PORT[,HOST:PORT...]/PREFIX";
constexpr const char* kBroker = "HOST:PORT, the port 1 to 65535";

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool consists_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter_or_digit(c) || others.find(c) != std::string_view::npos; });
}

// An IPv6 address stands in brackets. Whether the name resolves is the connection's business.
bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 3 && host.ends_with(']') && consists_of(host.substr(1, host.size() - 2), ":.%") &&
           host.find(':') != std::string_view::npos;
  }
  return !host.empty() && host.size() <= 255 && consists_of(host, ".-_") && is_letter_or_digit(host.front());
}

void check_broker(std::string_view broker, const std::string& where) {
  const std::size_t colon = broker.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? std::string_view{} : broker.substr(colon + 1);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool is_port = !port.empty() && error == std::errc{} && end == port.data() + port.size() && number >= 1 &&
                       number <= 65535 && port.front() != '0';
  if (!is_port || !is_host(broker.substr(0, colon))) {
    throw Error(where, "'" + shown(broker) + "'", kBroker);
  }
}

}  // namespace

bool is_endpoint(std::string_view text) { return text.starts_with(kScheme); }

void read_endpoint(std::string_view text, Settings& into) {
  const std::string where = "endpoint '" + shown(text, 200) + "'";
  if (!is_endpoint(text)) throw Error(where, "not Kafka's", kEndpoint);
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) throw Error(where, "no prefix", kEndpoint);
  std::vector<std::string> brokers;
  for (std::size_t at = 0; at <= slash;) {
    const std::size_t comma = std::min(rest.find(',', at), slash);
    brokers.emplace_back(rest.substr(at, comma - at));
    at = comma + 1;
  }
  check_brokers(brokers, where);
  check_prefix(rest.substr(slash + 1), where);
  into.brokers = rest.substr(0, slash);
  into.prefix = rest.substr(slash + 1);
}

void check_brokers(const std::vector<std::string>& brokers, const std::string& where) {
  if (brokers.empty()) throw Error(where, "no broker", kBroker);
  for (const std::string& broker : brokers) check_broker(broker, where);
}

void check_prefix(std::string_view prefix, const std::string& where) {
  if (prefix.empty() || prefix.size() > 100 || !consists_of(prefix, "_-")) {
    throw Error(where, "prefix '" + shown(prefix) + "'", "1 to 100 of A-Z a-z 0-9 _ -");
  }
}

void check_name(std::string_view name, const std::string& where) {
  if (name.empty() || name.size() > 64 || !consists_of(name, "_.-")) {
    throw Error(where, "name '" + shown(name) + "'", "1 to 64 of A-Z a-z 0-9 _ . -");
  }
}

}  // namespace vigil::ingest::kafka
