#include "monitors/statistics.h"

#include <algorithm>
#include <array>

namespace vigil::monitors {
namespace {

constexpr auto kCatalogue = std::to_array<StatisticEntry>({
#define SHAPE_STATISTIC(name, function, samples, measured, defaults, medium, bad, measures, p_value, summary) \
  {#name, &function, &samples, &measured, kOutputs | kInputs, defaults, medium, bad, measures, p_value, summary},
#define COUNT_STATISTIC(name, function, targets, defaults, medium, bad, measures, p_value, summary) \
  {#name, &function, nullptr, nullptr, targets, defaults, medium, bad, measures, p_value, summary},
#include "monitors/statistics.def"
#undef SHAPE_STATISTIC
#undef COUNT_STATISTIC
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

const StatisticEntry& default_statistic(Target target) {
  return *std::find_if(kCatalogue.begin(), kCatalogue.end(),
                       [target](const StatisticEntry& entry) { return (entry.default_of & set_of(target)) != 0; });
}

}  // namespace vigil::monitors
