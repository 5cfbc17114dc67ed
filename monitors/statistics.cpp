#include "monitors/statistics.h"

#include <algorithm>
#include <array>

namespace vigil::monitors {
namespace {

constexpr auto kCatalogue = std::to_array<StatisticEntry>({
#define SHAPE_STATISTIC(name, function, samples, measured, defaults, medium, bad, measures, p_value, summary) \
  {#name,    &function, &samples, &measured, nullptr, kOutputs | kInputs,                                     \
   defaults, medium,    bad,      measures,  p_value, summary},
#define COUNT_STATISTIC(name, function, targets, defaults, medium, bad, measures, p_value, summary) \
  {#name, &function, nullptr, nullptr, nullptr, targets, defaults, medium, bad, measures, p_value, summary},
#define MULTIVARIATE_STATISTIC(name, function, measured, of_correlations, medium, bad, measures, summary) \
  {#name,  &function, nullptr,  nullptr, &measured, kMultivariate, kNothing,                              \
   medium, bad,       measures, true,    summary,   false,         of_correlations},
#define FIT_STATISTIC(name, function, targets, medium, bad, measures, summary) \
  {#name, &function, nullptr, nullptr, nullptr, targets, kNothing, medium, bad, measures, true, summary, true},
#include "monitors/statistics.def"
#undef MULTIVARIATE_STATISTIC
#undef SHAPE_STATISTIC
#undef COUNT_STATISTIC
#undef FIT_STATISTIC
});

// Every target has one default, or this does not compile.
constexpr bool one_default(Targets target) {
  return std::count_if(kCatalogue.begin(), kCatalogue.end(), [target](const StatisticEntry& entry) {
           return (entry.default_of & entry.targets & target) != 0;
         }) == 1;
}
static_assert(one_default(kOutputs) && one_default(kInputs) && one_default(kSeeds) && one_default(kMismatches));

}  // namespace

std::span<const StatisticEntry> statistics() { return kCatalogue; }

const StatisticEntry* find_statistic(std::string_view name) {
  for (const StatisticEntry& entry : kCatalogue) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::vector<std::string> multivariate_statistics() {
  std::vector<std::string> names;
  for (const StatisticEntry& entry : kCatalogue) {
    if (entry.together != nullptr) names.emplace_back(entry.name);
  }
  return names;
}

const StatisticEntry& default_statistic(Target target) {
  return *std::find_if(kCatalogue.begin(), kCatalogue.end(),
                       [target](const StatisticEntry& entry) { return (entry.default_of & set_of(target)) != 0; });
}

}  // namespace vigil::monitors
