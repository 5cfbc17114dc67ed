// What enters a partial: who summarised frames with other settings than these cannot be merged with. Used by plan,
// part, merge and check.
// Tests: tests/app/scale_settings_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "app/configuration.h"
#include "app/model_set.h"

namespace vigil::app {

struct ScaleSettings {
  // Canonical JSON: versions of partial, summary and binning, the orbits sampled for products, name, hash and pile-up
  // width of every model. Windows, rules, limits and closing are not in it.
  std::string text;
  std::string sha256;  // of that
  // Width of the pile-up strata of each model's summaries, by model hash, in hundredths: that of the reference they are
  // compared with; none where they are not divided.
  std::map<std::string, std::uint32_t> pileup_widths;
};

// Reads the reference. Throws Error.
ScaleSettings scale_settings(const ModelSet& models, const Configuration& configuration);

}  // namespace vigil::app
