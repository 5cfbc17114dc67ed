// Tested in tests/app/configuration_sinks_test.cpp.
#include "app/configuration_sinks.h"

#include <algorithm>

#include "app/configuration.h"
#include "core/error.h"

namespace vigil::app {
namespace {

alerting::GivenKey given_key(const std::string& key, const YAML::Node& value, const YamlPlace& at) {
  return {key, at.where, texts(value, at), value.IsSequence()};
}

std::set<std::string> keys_of(const YAML::Node& map) {
  std::set<std::string> keys;
  for (const auto& pair : map) keys.insert(pair.first.IsScalar() ? pair.first.Scalar() : "?");
  return keys;
}

alerting::SinkSettings read_one(const YAML::Node& item, const YamlPlace& at) {
  require_map(item, at, keys_of(item));  // each once; which there are depends on the type
  std::vector<alerting::GivenKey> given;
  for (const auto& pair : item) {
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "?";
    given.push_back(given_key(key, pair.second, at.below(pair.first, key)));
  }
  alerting::SinkSettings sink = alerting::read_sink(given, at.where);
  for (const alerting::SinkKey& key : alerting::sink_type(sink.type).keys) {
    if (key.kind == alerting::SinkKey::Kind::path) sink.own[key.name] = path(item[key.name], at);
  }
  return sink;
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
    for (const auto& [key, value] : sink.own) out << YAML::Key << key << YAML::Value << value;
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
  if (sinks.empty()) sinks.push_back(alerting::read_sink({{"type", "sinks", {"log"}}}, "sinks"));
  return alerting::named(std::move(sinks), "sinks, actions_to, actions_file");
}

}  // namespace vigil::app
