#include "monitors/detector.h"

#include <algorithm>
#include <array>

namespace vigil::monitors {
namespace {

constexpr auto kCatalogue = std::to_array<DetectorEntry>({
#define DETECTOR(name, make, input, parameters, targets, summary) {#name, &make, input, parameters, targets, summary},
#include "monitors/detectors.def"
#undef DETECTOR
});

constexpr bool one_for(Targets target) {
  return std::count_if(kCatalogue.begin(), kCatalogue.end(),
                       [target](const DetectorEntry& entry) { return (entry.targets & target) != 0; }) == 1;
}
static_assert(one_for(kMismatches));

}  // namespace

std::span<const DetectorEntry> detectors() { return kCatalogue; }

const DetectorEntry* find_detector(std::string_view name) {
  for (const DetectorEntry& entry : kCatalogue) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

const DetectorEntry& sequential_detector(Target target) {
  return *std::find_if(kCatalogue.begin(), kCatalogue.end(),
                       [target](const DetectorEntry& entry) { return (entry.targets & set_of(target)) != 0; });
}

}  // namespace vigil::monitors
