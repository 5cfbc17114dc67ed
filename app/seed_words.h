// The words a seed cuts on, counted in recordings and reference files, with the crossings they were inspected in. Used
// by `vigil rate-curve`.
// Tests: tests/contract/rate_curve_test.py.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/shared_options.h"
#include "core/histogram.h"
#include "core/model.h"

namespace vigil::app {

struct SeedWords {
  ModelInfo model;
  std::size_t seed = 0;  // index
  WordCounts words;
  std::uint64_t crossings = 0;  // inspected, of this model

  const Seed& of() const { return model.seeds[seed]; }
};

// Reads every path of options.recordings, the options of its one model applied: a file that begins with `{` is a
// reference, everything else recordings, through the same pipeline as `vigil replay`. Lumisections in which the
// emulator failed or a condition took two values are left out. Throws Error on a seed the model does not have, on
// events of a selection other than zero_bias, of which there are no rates, on two streams, and where nothing is left.
SeedWords read_seed_words(const ReplayOptions& options, const std::string& seed);

}  // namespace vigil::app
