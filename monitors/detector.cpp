#include "monitors/detector.h"

#include <algorithm>
#include <array>

namespace vigil::monitors {
namespace {

constexpr auto kCatalogue = std::to_array<DetectorEntry>({
#define DETECTOR(name, make, input, warm_up, parameters, targets, summary) \
  {#name, &make, Input::input, WarmUp::warm_up, parameters, targets, summary},
#define VECTOR_DETECTOR(name, targets, summary)
#include "monitors/detectors.def"
#undef VECTOR_DETECTOR
#undef DETECTOR
});

struct OfVectors {
  std::string_view name;
  Targets targets = kNothing;
};
constexpr auto kOfVectors = std::to_array<OfVectors>({
#define DETECTOR(name, make, input, warm_up, parameters, targets, summary)
#define VECTOR_DETECTOR(name, targets, summary) {#name, targets},
#include "monitors/detectors.def"
#undef VECTOR_DETECTOR
#undef DETECTOR
});

constexpr bool one_for(Targets target) {
  return std::count_if(kCatalogue.begin(), kCatalogue.end(),
                       [target](const DetectorEntry& entry) { return (entry.targets & target) != 0; }) == 1;
}
static_assert(one_for(kMismatches) && one_for(kSeeds) && one_for(kInputs) && one_for(kOutputs));

}  // namespace

std::string_view in_words(Input input) {
  switch (input) {
    case Input::values:
      return "values";
    case Input::fraction:
      return "values inside [0, 1]";
    case Input::binary:
      return "values 0 or 1";
    case Input::codes:
      return "codes 0, 1, 2, ...";
    case Input::counts:
      return "rows of count and exposure";
    case Input::trials:
      return "rows of passes and trials";
    case Input::binary_or_trials:
      return "values 0 or 1, or rows of passes and trials";
  }
  return {};
}

std::span<const DetectorEntry> detectors() { return kCatalogue; }

const DetectorEntry* find_detector(std::string_view name) {
  for (const DetectorEntry& entry : kCatalogue) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::string_view sequential_statistic(Target target) {
  for (const OfVectors& entry : kOfVectors) {
    if ((entry.targets & set_of(target)) != 0) return entry.name;
  }
  return sequential_detector(target).name;
}

const DetectorEntry& sequential_detector(Target target) {
  return *std::find_if(kCatalogue.begin(), kCatalogue.end(),
                       [target](const DetectorEntry& entry) { return (entry.targets & set_of(target)) != 0; });
}

}  // namespace vigil::monitors
