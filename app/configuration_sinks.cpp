// Tested in tests/app/configuration_sinks_test.cpp.
#include "app/configuration_sinks.h"

#include <algorithm>

#include "app/configuration.h"
#include "core/error.h"

namespace vigil::app {
namespace {

std::set<std::string> keys_of(const YAML::Node& map) {
  std::set<std::string> keys;
  for (const auto& pair : map) keys.insert(pair.first.IsScalar() ? pair.first.Scalar() : "?");
  return keys;
}

// `type` decides which values are paths, and so relative to the configuration file.
alerting::GivenKey given_key(const std::string& type, const std::string& key, const YAML::Node& value,
                             const YamlPlace& at) {
  alerting::GivenKey given{key, at.where};
  if (!value.IsMap()) {
    given.values = alerting::holds_paths(type, key) ? paths(value, at) : texts(value, at);
    given.is_list = value.IsSequence();
    return given;
  }
  given.is_map = true;
  require_map(value, at, keys_of(value));
  for (const auto& pair : value) {
    const std::string name = pair.first.IsScalar() ? pair.first.Scalar() : "?";
    const YamlPlace place = at.below(pair.first, key + "." + name);
    given.map.emplace_back(
        name, alerting::holds_paths(type, key, name) ? path(pair.second, place) : text(pair.second, place));
  }
  return given;
}

alerting::SinkSettings read_one(const YAML::Node& item, const YamlPlace& at) {
  require_map(item, at, keys_of(item));  // each once; which there are depends on the type
  const YAML::Node type = item["type"];
  std::vector<alerting::GivenKey> given;
  for (const auto& pair : item) {
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "?";
    given.push_back(
        given_key(type && type.IsScalar() ? type.Scalar() : "", key, pair.second, at.below(pair.first, key)));
  }
  return alerting::read_sink(given, at.where);
}

// Where the configuration as a whole says what a sink does not.
void fill_shared(const Configuration& c, alerting::SinkSettings& sink) {
  for (const auto& [key, value] : c.sink_defaults) {
    const auto& keys = alerting::sink_type(sink.type).keys;
    const auto named = [&name = key](const alerting::SinkKey& k) { return name == k.name; };
    const bool shared = std::any_of(alerting::shared_keys().begin(), alerting::shared_keys().end(), named);
    if (!sink.where.contains(key) && (shared || std::any_of(keys.begin(), keys.end(), named))) sink.own[key] = value;
  }
}

}  // namespace

std::vector<alerting::SinkSettings> read_sinks(const YAML::Node& node, const YamlPlace& at) {
  if (!node.IsSequence()) throw Error(at.where, "key '" + at.key + "'", "a list of {type, …}");
  std::vector<alerting::SinkSettings> sinks;
  for (const auto& item : node) {
    const YamlPlace place = at.below(item, at.key);
    sinks.push_back(read_one(item, place));
    (void)alerting::named(sinks, place.where);
  }
  return sinks;
}

void write_sinks(YAML::Emitter& out, const std::vector<alerting::SinkSettings>& sinks) {
  out << YAML::BeginSeq;
  for (const alerting::SinkSettings& sink : sinks) {
    out << YAML::Flow << YAML::BeginMap << YAML::Key << "type" << YAML::Value << sink.type;
    if (!sink.name.empty()) out << YAML::Key << "name" << YAML::Value << sink.name;
    out << YAML::Key << "when" << YAML::Value << std::string(to_string(sink.routing.when));
    if (!sink.routing.kinds.empty()) {
      out << YAML::Key << "kinds" << YAML::Value << YAML::Flow << YAML::BeginSeq;
      for (const ActionKind kind : sink.routing.kinds) out << std::string(to_string(kind));
      out << YAML::EndSeq;
    }
    if (!sink.routing.models.empty()) out << YAML::Key << "models" << YAML::Value << YAML::Flow << sink.routing.models;
    for (const auto& [key, value] : sink.own) {
      if (!value.empty()) out << YAML::Key << key << YAML::Value << value;
    }
    for (const auto& [key, values] : sink.lists) {
      if (!values.empty()) out << YAML::Key << key << YAML::Value << YAML::Flow << values;
    }
    for (const auto& [key, map] : sink.maps) {
      if (map.empty()) continue;
      out << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginMap;
      for (const auto& [name, value] : map) out << YAML::Key << name << YAML::Value << value;
      out << YAML::EndMap;
    }
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

std::vector<alerting::SinkSettings> configured_sinks(const Configuration& c) {
  // A short form stands for one entry of the list, with the name of its type.
  const auto short_form = [](std::vector<alerting::GivenKey> given, const char* key) {
    return alerting::read_sink(given, key);
  };
  std::vector<alerting::SinkSettings> sinks;
  if (!c.actions_file.empty()) {
    sinks.push_back(
        short_form({{"type", "actions_file", {"file"}}, {"path", "actions_file", {c.actions_file}}}, "actions_file"));
  }
  if (!c.actions_to.empty()) {
    sinks.push_back(short_form({{"type", "actions_to", {"zeromq"}},
                                {"endpoint", "actions_to", {c.actions_to}},
                                {"reply_timeout_ms", "reply_timeout_ms", {std::to_string(c.reply_timeout_ms)}}},
                               "actions_to"));
  }
  sinks.insert(sinks.end(), c.sinks.begin(), c.sinks.end());
  for (alerting::SinkSettings& sink : sinks) {
    fill_shared(c, sink);
    alerting::check_sink(sink);
  }
  if (sinks.empty()) sinks.push_back(alerting::read_sink({{"type", "sinks", {"log"}}}, "sinks"));
  return alerting::named(std::move(sinks), "sinks, actions_to, actions_file");
}

}  // namespace vigil::app
