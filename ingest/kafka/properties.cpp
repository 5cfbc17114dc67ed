// What may stand in kafka.properties, and whether all of it makes a client.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <set>

#include "core/error.h"
#include "core/secrets.h"
#include "ingest/kafka/client.h"

namespace vigil::ingest::kafka {
namespace {

// Never in a configuration in clear.
const std::set<std::string, std::less<>> kSecretNames{
    "sasl.password",          "ssl.key.password",    "ssl.key.pem",
    "ssl.keystore.password",  "ssl.certificate.pem", "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.config"};
// Those of them that leave this machine.
constexpr std::array<std::string_view, 3> kSentSecrets{"sasl.password", "sasl.oauthbearer.client.secret",
                                                       "sasl.oauthbearer.config"};
// Who reads what once, in which order, and that nothing is lost or given up; and what would run or load other code.
const std::set<std::string, std::less<>> kLaw{
    "acks",
    "allow.auto.create.topics",
    "auto.commit.enable",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "bootstrap.servers",
    "consume.callback.max.messages",
    "delivery.report.only.error",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "enabled_events",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.protocol.type",
    "group.remote.assignor",
    "internal.termination.signal",
    "isolation.level",
    "log.queue",
    "message.send.max.retries",
    "message.timeout.ms",
    "metadata.broker.list",
    "offset.store.method",
    "offset.store.path",
    "offset.store.sync.interval.ms",
    "partition.assignment.strategy",
    "plugin.library.paths",
    "queuing.strategy",
    "request.required.acks",
    "retries",
    "sasl.kerberos.kinit.cmd",
    "test.mock.num.brokers",
    "topic.blacklist",
    "transaction.timeout.ms",
    "transactional.id",
};

std::string without_suffix(const std::string& name) {
  return name.ends_with(kFromFile) ? name.substr(0, name.size() - kFromFile.size()) : name;
}

// The one value that keeps the check on.
std::string_view needed_value(std::string_view name) {
  if (name == "enable.ssl.certificate.verification") return "true";
  if (name == "ssl.endpoint.identification.algorithm") return "https";
  return {};
}

}  // namespace

Properties read_properties(const Settings& settings, std::vector<std::string>& secrets) {
  Properties all;
  for (const auto& [given, value] : settings.properties) {
    if (given.ends_with(kFromFile)) {
      secrets.push_back(read_secret(value, false));
      all.emplace_back(without_suffix(given), secrets.back());
    } else {
      all.emplace_back(given, value);
    }
  }
  return all;
}

std::string property(const Properties& properties, std::string_view name) {
  std::string found;
  for (const auto& [given, value] : properties) {
    if (given == name) found = value;
  }
  return found;
}

std::string security_protocol(const Properties& properties) {
  std::string protocol = property(properties, "security.protocol");  // librdkafka takes it in any case
  std::transform(protocol.begin(), protocol.end(), protocol.begin(), [](unsigned char c) { return std::tolower(c); });
  return protocol.empty() ? "plaintext" : protocol;
}

bool is_secret_in_clear(const Properties& properties) {
  return security_protocol(properties).find("sasl_plaintext") != std::string::npos &&
         std::any_of(kSentSecrets.begin(), kSentSecrets.end(),
                     [&](std::string_view name) { return !property(properties, name).empty(); });
}

bool is_loopback_host(std::string_view broker) {
  const std::string_view host = broker.substr(0, broker.rfind(':'));
  // A name that only begins like an address is somebody else's.
  const bool is_address = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || (is_address && host.starts_with("127."));
}

void check_property(const std::string& given, const std::string& value, const std::string& where) {
  const bool is_from_file = given.ends_with(kFromFile);
  const std::string name = without_suffix(given), what = "'" + shown(given) + "'";
  if (kLaw.contains(name) || name.ends_with("_cb")) {
    throw Error(where, what, "properties that vigil does not set itself");
  }
  const bool is_secret = kSecretNames.contains(name);
  if (is_secret && !is_from_file) {
    throw Error(where, what + ": a secret in clear", name + "_file, the path of its file");
  }
  const std::string content = is_from_file ? read_secret(value, false) : value;
  const std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)> conf(rd_kafka_conf_new(),
                                                                                rd_kafka_conf_destroy);
  std::array<char, 512> error{};
  switch (rd_kafka_conf_set(conf.get(), name.c_str(), content.c_str(), error.data(), error.size())) {
    case RD_KAFKA_CONF_UNKNOWN:
      throw Error(where, what + ": no property of librdkafka", "properties of librdkafka");
    case RD_KAFKA_CONF_INVALID:
      throw Error(where, what + ": a value that librdkafka does not take" +
                             (is_from_file ? std::string{} : " (" + std::string(error.data()) + ")"));
    default:
      break;
  }
  if (const std::string_view needed = needed_value(name); !needed.empty() && content != needed) {
    throw Error(where, what + " switches off the check of certificates or host names", std::string(needed));
  }
}

void check_settings(const Settings& settings, const Log& log) {
  for (const auto& [name, value] : settings.properties) check_property(name, value);
  std::string beyond;
  for (std::size_t at = 0; at <= settings.brokers.size();) {
    const std::size_t comma = std::min(settings.brokers.find(',', at), settings.brokers.size());
    const std::string broker = settings.brokers.substr(at, comma - at);
    if (beyond.empty() && !is_loopback_host(broker)) beyond = broker;
    at = comma + 1;
  }
  std::vector<std::string> secrets;
  const Properties properties = read_properties(settings, secrets);
  const std::string protocol = security_protocol(properties);
  if (!protocol.ends_with("ssl") && !beyond.empty()) {
    if (is_secret_in_clear(properties)) {
      throw Error("kafka.properties", "a secret over sasl_plaintext to " + shown(beyond),
                  "security.protocol sasl_ssl, or brokers on loopback");
    }
    if (log) log("kafka: " + shown(beyond) + " is reached in plaintext: who is in between reads and changes all");
  }
  // Where Kerberos is meant, making a client already fetches a ticket.
  const bool is_kerberos = property(properties, "sasl.mechanism") + property(properties, "sasl.mechanisms") == "" ||
                           property(properties, "sasl.mechanism") == "GSSAPI" ||
                           property(properties, "sasl.mechanisms") == "GSSAPI";
  if (protocol.starts_with("sasl") && is_kerberos) return;
  const Properties idempotent{{"enable.idempotence", "true"}, {"acks", "all"}};
  const Client consumer(settings, Kind::consumer, {}, {}, {}, false);
  const Client producer(settings, Kind::producer, idempotent, {}, {}, false);
}

}  // namespace vigil::ingest::kafka
