#include "app/configuration.h"

#include <charconv>
#include <filesystem>

#include "app/configuration_keys.h"
#include "core/error.h"

namespace vigil::app {
namespace {

namespace fs = std::filesystem;

std::set<std::string> known_keys() {
  std::set<std::string> known;
  for (const ConfigurationKey& row : configuration_keys()) known.insert(row.key);
  for (const ConfigurationKey& row : superseded_configuration_keys()) known.insert(row.key);
  return known;
}

void read_map(Configuration& configuration, const YAML::Node& map, const YamlPlace& at) {
  require_map(map, at, known_keys());
  for (const auto& pair : map) {
    const std::string key = pair.first.Scalar();
    find_configuration_key(key)->read(configuration, pair.second, at.below(pair.first, key));
  }
}

}  // namespace

std::optional<std::uint32_t> learn_lumisections(const std::string& reference) {
  if (!reference.starts_with("learn:")) return {};
  std::uint32_t n = 0;
  const char* first = reference.data() + 6;
  const char* last = reference.data() + reference.size();
  const auto [end, error] = std::from_chars(first, last, n);
  if (error != std::errc() || end != last || n == 0 || n > 16384) {
    throw Error("reference '" + reference + "'", "not a number of lumisections",
                "learn:N with N from 1 to 16384, or a file");
  }
  return n;
}

void set_key(Configuration& configuration, const std::string& key, const std::string& value) {
  // Somebody may have written one in clear: it is refused, and not repeated.
  const bool holds_secrets = key == "kafka" || key.starts_with("kafka.properties");
  YAML::Node map;
  try {
    if (key.starts_with("kafka.")) {  // kafka.properties.NAME, which has points of its own
      const std::string below = key.substr(6), properties = "properties.";
      if (below.starts_with(properties)) {
        map["kafka"]["properties"][below.substr(properties.size())] = YAML::Load(value);
      } else {
        map["kafka"][below] = YAML::Load(value);
      }
    } else {
      map[key] = YAML::Load(value);
    }
  } catch (const YAML::Exception& e) {
    throw Error("--set " + key, (holds_secrets ? "the value" : "'" + value + "'") + " is not YAML (" + e.msg + ")",
                "a YAML value");
  }
  read_map(configuration, map, {{}, "--set " + key + (holds_secrets ? "" : "=" + value), key, {}});
}

void read_configuration(Configuration& configuration, const std::string& path) {
  if (!fs::is_regular_file(path)) throw Error(path, "no such file", "a YAML configuration file");
  YAML::Node root;
  try {
    root = YAML::LoadFile(path);
  } catch (const YAML::Exception& e) {
    throw Error(path + ":" + std::to_string(e.mark.line + 1), e.msg, "YAML");
  }
  if (root.IsNull()) return;
  read_map(configuration, root, {path, path, {}, fs::path(path).parent_path().string()});
}

void read_configuration_text(Configuration& configuration, const std::string& text, const std::string& where) {
  YAML::Node root;
  try {
    root = YAML::Load(text);
  } catch (const YAML::Exception& e) {
    throw Error(where + ":" + std::to_string(e.mark.line + 1), e.msg, "YAML");
  }
  if (!root.IsNull()) read_map(configuration, root, {where, where, {}, {}});
}

Configuration with_absolute_paths(const Configuration& configuration) {
  Configuration out = configuration;
  const YAML::Node written = YAML::Load(to_yaml(configuration));
  for (const ConfigurationKey& row : configuration_keys()) {
    if (row.is_path) row.read(out, written[row.key], {{}, row.key, row.key, fs::current_path().string()});
  }
  return out;
}

std::string to_yaml(const Configuration& configuration) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  for (const ConfigurationKey& row : configuration_keys()) {
    out << YAML::Key << row.key << YAML::Value;
    row.write(out, configuration);
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace vigil::app
