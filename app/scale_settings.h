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

// Width of the pile-up strata of each model's summaries, by model hash, in hundredths: that of the reference they are
// compared with; none where they are not divided. Reads the reference. Throws Error.
std::map<std::string, std::uint32_t> pileup_widths(const ModelSet& models, const Configuration& configuration);

// Canonical JSON: versions of partial, summary and binning, the orbits sampled for products, name, hash and pile-up
// width of every model. Windows, rules, limits and closing are not in it. Throws Error as pileup_widths does.
std::string settings_json(const ModelSet& models, const Configuration& configuration);
std::string settings_sha256(const ModelSet& models, const Configuration& configuration);

}  // namespace vigil::app
