// Tested in tests/app/configuration_test.cpp.
#include "app/configuration_conditions.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

constexpr double kMostPrescale = 1e9;

std::int64_t column_of(const YAML::Node& key, const YamlPlace& at) {
  const std::string name = key.IsScalar() ? key.Scalar() : std::string();
  std::int64_t column = 0;
  const char* const last = name.data() + name.size();
  const auto [end, error] = std::from_chars(name.data(), last, column);
  if (name.empty() || error != std::errc() || end != last) {
    throw Error(at.where, "key '" + at.key + "': column '" + shown(name) + "'", "a whole number");
  }
  return column;
}

}  // namespace

monitors::Prescales read_prescales(const YAML::Node& node, const YamlPlace& at) {
  if (!node.IsMap() && !node.IsNull()) {
    throw Error(at.where, "key '" + at.key + "': no map", "column: {seed: prescale}, like \"0\": {L1_AXO_Nominal: 0}");
  }
  monitors::Prescales prescales;
  for (const auto& entry : node) {
    const std::int64_t column = column_of(entry.first, at);
    const YamlPlace below = at.below(entry.second, std::to_string(column));
    if (!entry.second.IsMap()) {
      throw Error(below.where, "key '" + below.key + "': no map", "seed: prescale, like {L1_AXO_Nominal: 0}");
    }
    if (prescales.contains(column)) {
      throw Error(below.where, "key '" + at.key + "': column " + std::to_string(column) + " twice", "each column once");
    }
    auto& seeds = prescales[column];
    for (const auto& seed : entry.second) {
      const std::string name = seed.first.IsScalar() ? seed.first.Scalar() : std::string();
      const YamlPlace place = below.below(seed.second, shown(name));
      if (!seeds.emplace(name, real_number(seed.second, place, 0, kMostPrescale)).second) {
        throw Error(place.where, "key '" + below.key + "': seed '" + shown(name) + "' twice", "each seed once");
      }
    }
  }
  return prescales;
}

void write_prescales(YAML::Emitter& out, const monitors::Prescales& prescales) {
  out << YAML::Flow << YAML::BeginMap;
  for (const auto& [column, seeds] : prescales) {
    out << YAML::Key << YAML::DoubleQuoted << std::to_string(column) << YAML::Value << YAML::Flow << YAML::BeginMap;
    for (const auto& [seed, prescale] : seeds) {
      char digits[32];
      out << YAML::Key << seed << YAML::Value
          << std::string(digits, std::to_chars(digits, digits + sizeof digits, prescale).ptr);
    }
    out << YAML::EndMap;
  }
  out << YAML::EndMap;
}

void check_prescales(const monitors::Prescales& prescales, const ModelSet& models) {
  for (const auto& [column, seeds] : prescales) {
    for (const auto& [name, prescale] : seeds) {
      std::string known;
      bool found = false;
      for (const auto& model : models.all()) {
        for (const Seed& seed : model->info().seeds) {
          found = found || seed.name == name;
          known += (known.empty() ? "" : ", ") + shown(seed.name);
        }
      }
      if (!found) {
        throw Error("prescales: column " + std::to_string(column), "seed '" + shown(name) + "'",
                    known.empty() ? "a seed of a loaded model: there is none" : "one of " + known);
      }
    }
  }
}

}  // namespace vigil::app
