// Tested in tests/app/configuration_kafka_test.cpp.
#include "app/configuration_kafka.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using ingest::kafka::Settings;

constexpr std::uint64_t kMostPartitions = 100'000, kMostReplicas = 100;

[[maybe_unused]] void refuse_without_kafka(const std::string& where) {
  throw Error(where, "Kafka", "a vigil that was built with librdkafka; this one was not");
}

#ifdef VIGIL_KAFKA
void check_brokers(const std::vector<std::string>& brokers, const std::string& where) {
  ingest::kafka::check_brokers(brokers, where);
}
void check_prefix(const std::string& prefix, const std::string& where) { ingest::kafka::check_prefix(prefix, where); }
void check_property(const std::string& name, const std::string& value, const std::string& where) {
  ingest::kafka::check_property(name, value, where);
}
bool is_kafka_endpoint(const std::string& text) { return ingest::kafka::is_endpoint(text); }
void read_kafka_endpoint(const std::string& text, Settings& into) { ingest::kafka::read_endpoint(text, into); }
#else
void check_brokers(const std::vector<std::string>&, const std::string& where) { refuse_without_kafka(where); }
void check_prefix(const std::string&, const std::string& where) { refuse_without_kafka(where); }
void check_property(const std::string&, const std::string&, const std::string& where) { refuse_without_kafka(where); }
bool is_kafka_endpoint(const std::string& text) {
  if (text.starts_with("kafka://")) refuse_without_kafka(text);
  return false;
}
void read_kafka_endpoint(const std::string&, Settings&) {}
#endif

// Relative ones are the file's.
bool is_path(const std::string& property) { return property.ends_with("_file") || property.ends_with(".location"); }

void read_properties(Settings& settings, const YAML::Node& node, const YamlPlace& at) {
  if (!node.IsMap()) throw Error(at.where, "key '" + at.key + "'", "a map of librdkafka's properties");
  for (const auto& entry : node) {
    const auto name = entry.first.as<std::string>();
    const YamlPlace place = at.below(entry.first, name);
    if (!entry.second.IsScalar()) throw Error(place.where, "key '" + place.key + "'", "one value");
    const std::string value = is_path(name) ? path(entry.second, place) : entry.second.Scalar();
    check_property(name, value, place.where);
    const auto known = std::find_if(settings.properties.begin(), settings.properties.end(),
                                    [&](const auto& property) { return property.first == name; });
    if (known != settings.properties.end()) {
      known->second = value;
    } else {
      settings.properties.emplace_back(name, value);
    }
  }
}

std::string joined_with_commas(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ",") + text;
  return all;
}

}  // namespace

void read_kafka(Settings& settings, const YAML::Node& node, const YamlPlace& at) {
  require_map(node, at, {"brokers", "prefix", "properties", "create_partitions", "replication"});
  const auto place = [&](const char* key) { return at.below(node[key], key); };
  if (const YAML::Node brokers = node["brokers"]) {
    const std::vector<std::string> list = texts(brokers, place("brokers"));
    if (!list.empty()) check_brokers(list, place("brokers").where);
    settings.brokers = joined_with_commas(list);
  }
  if (const YAML::Node prefix = node["prefix"]) {
    settings.prefix = text(prefix, place("prefix"));
    if (!settings.prefix.empty()) check_prefix(settings.prefix, place("prefix").where);
  }
  if (const YAML::Node properties = node["properties"]) read_properties(settings, properties, place("properties"));
  const auto number = [&](const char* key, std::uint32_t& into, std::uint64_t lowest, std::uint64_t highest) {
    if (node[key]) into = static_cast<std::uint32_t>(whole_number(node[key], place(key), lowest, highest));
  };
  number("create_partitions", settings.create_partitions, 0, kMostPartitions);
  number("replication", settings.replication, 1, kMostReplicas);
}

void write_kafka(YAML::Emitter& out, const Settings& settings) {
  out << YAML::Flow << YAML::BeginMap;
  out << YAML::Key << "brokers" << YAML::Value << YAML::Flow << YAML::BeginSeq;
  for (std::size_t at = 0; at < settings.brokers.size();) {
    const std::size_t end = std::min(settings.brokers.find(',', at), settings.brokers.size());
    out << settings.brokers.substr(at, end - at);
    at = end + 1;
  }
  out << YAML::EndSeq;
  out << YAML::Key << "prefix" << YAML::Value << settings.prefix;
  out << YAML::Key << "properties" << YAML::Value << YAML::Flow << YAML::BeginMap;
  for (const auto& [name, value] : settings.properties) out << YAML::Key << name << YAML::Value << value;
  out << YAML::EndMap;
  out << YAML::Key << "create_partitions" << YAML::Value << settings.create_partitions;
  out << YAML::Key << "replication" << YAML::Value << settings.replication;
  out << YAML::EndMap;
}

bool is_kafka(const Configuration& configuration, const std::vector<std::string>& endpoints, const std::string& what) {
  if (endpoints.empty()) return !configuration.kafka.brokers.empty();
  const auto kafka = static_cast<std::size_t>(std::count_if(endpoints.begin(), endpoints.end(), is_kafka_endpoint));
  if (kafka == 0) return false;
  if (kafka < endpoints.size()) {
    throw Error(what, "endpoints of Kafka and of ZeroMQ together", "the one or the other");
  }
  if (kafka > 1) throw Error(what, std::to_string(kafka) + " endpoints of Kafka", "one, with all its brokers");
  return true;
}

Settings kafka_settings(const Configuration& configuration, const std::vector<std::string>& endpoints,
                        const std::string& what) {
  Settings settings = configuration.kafka;
  if (!endpoints.empty()) read_kafka_endpoint(endpoints.front(), settings);
  if (settings.brokers.empty() || settings.prefix.empty()) {
    throw Error(what, "no Kafka", "kafka://HOST:PORT[,HOST:PORT…]/PREFIX, or `kafka` in the configuration");
  }
  return settings;
}

std::string name_or_host(const Configuration& configuration) {
  if (!configuration.name.empty()) return configuration.name;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0') return "vigil";
  std::string name = std::string(host.data()).substr(0, 48);
  for (char& c : name) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    if (!good) c = '-';
  }
  return name;
}

}  // namespace vigil::app
