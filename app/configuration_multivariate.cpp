// Tested in tests/app/configuration_test.cpp.
#include "app/configuration_multivariate.h"

#include <algorithm>

#include "core/error.h"
#include "core/lhc.h"
#include "core/shown.h"
#include "monitors/statistics.h"

namespace vigil::app {
namespace {
constexpr const char* kStatistics = "statistics";
constexpr const char* kEveryOrbits = "every_orbits";
}  // namespace

monitors::MultivariateSettings read_multivariate(const YAML::Node& node, const YamlPlace& at) {
  require_map(node, at, {kStatistics, kEveryOrbits});
  monitors::MultivariateSettings settings;
  if (const YAML::Node names = node[kStatistics]) {
    const YamlPlace place = at.below(names, kStatistics);
    const std::vector<std::string> known = monitors::multivariate_statistics();
    settings.statistics = texts(names, place);
    for (auto name = settings.statistics.begin(); name != settings.statistics.end(); ++name) {
      std::string expected;
      for (const std::string& one : known) expected += (expected.empty() ? "" : ", ") + one;
      if (std::find(known.begin(), known.end(), *name) == known.end()) {
        throw Error(place.where, "key '" + place.key + "': '" + shown(*name) + "'", "of " + expected);
      }
      if (std::find(settings.statistics.begin(), name, *name) != name) {
        throw Error(place.where, "key '" + place.key + "': '" + shown(*name) + "' twice", "each once, of " + expected);
      }
    }
  }
  if (const YAML::Node every = node[kEveryOrbits]) {
    settings.every_orbits =
        static_cast<std::uint32_t>(whole_number(every, at.below(every, kEveryOrbits), 1, lhc::kOrbitsPerLumisection));
  }
  return settings;
}

void write_multivariate(YAML::Emitter& out, const monitors::MultivariateSettings& settings) {
  out << YAML::Flow << YAML::BeginMap << YAML::Key << kStatistics << YAML::Value << YAML::Flow << settings.statistics
      << YAML::Key << kEveryOrbits << YAML::Value << settings.every_orbits << YAML::EndMap;
}

}  // namespace vigil::app
