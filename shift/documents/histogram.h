// A monitor's histogram in a window beside that of its reference: edges, counts, ratio, residual, as docs/http.md says
// of /v1/histogram. Used by that document and by the report. Pure; thread-safe.
// Tests: tests/shift/histogram_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/fixed_point.h"
#include "core/histogram.h"
#include "core/summary.h"

namespace vigil::shift {

struct HistogramThreshold {
  std::string seed;
  std::int64_t raw = 0;
  double value = 0;  // in the unit of the edges
};

struct ComparedHistogram {
  bool is_distance = false;  // of mismatch/<output>: hardware - emulator, in LSB, of the events that differ
  FixedPoint type;           // of the word (of mismatch/<output>: of the output)
  std::string unit;          // may be empty; of a distance `LSB`
  double lsb = 1;            // of an input whose package gives one
  // n bins, from the first to the last that holds anything in window or reference; n = 0 where none does.
  std::vector<std::int64_t> edges_raw;  // n + 1: smallest word of each bin, and of the one above the last
  std::vector<double> edges;            // raw * 2^-F * lsb; of a distance the same as edges_raw
  std::vector<std::uint64_t> window_counts;
  // Without reference these are empty.
  std::vector<std::uint64_t> reference_counts;
  std::vector<std::optional<double>> ratio;               // (w/W) / (r/R); null where r or W is 0
  std::vector<std::optional<double>> residual;            // in standard deviations; null where w + r, W or R is 0
  std::uint64_t window_events = 0, reference_events = 0;  // W, R: the sums of the counts
  std::vector<HistogramThreshold> thresholds;             // of the seeds that cut on this word, in the model's order
};

// `window` and `reference` (may be null) are of the model `info`. Null for a monitor that has no histogram: a seed, a
// multivariate monitor, a name the model does not have.
std::optional<ComparedHistogram> compare_histograms(const ModelInfo& info, const std::string& monitor,
                                                    const Summary& window, const Summary* reference);

// The same of two histograms with the same bins; `reference` may be null.
void compare_bins(const Histogram& window, const Histogram* reference, ComparedHistogram& into);

// Smallest word of a bin of core/histogram.h, as near as 64 bits allow.
std::int64_t smallest_word(std::int32_t bin);

// A reference file's text, as RecordedWindow holds it (docs/summary.md).
struct RecordedReference {
  Summary summary;
  std::vector<std::array<std::uint32_t, 3>> ranges;  // run, first_ls, last_ls
};
// Throws Error naming `where` on damaged text and on another model hash than the model's.
RecordedReference read_reference(const std::string& text, const ModelInfo& info, const std::string& where);
// Of a reference object, which must outlive it: the entry a window was compared with, with ranges and summary.
const nlohmann::ordered_json& entry_of(const nlohmann::ordered_json& reference);
const nlohmann::ordered_json& entry_of(nlohmann::ordered_json&&) = delete;  // nor what was made of another kind of JSON

}  // namespace vigil::shift
