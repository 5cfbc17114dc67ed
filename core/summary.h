// The exact integer summary of one lumisection of one model and stream: histograms, moments and counts, nothing else.
// Filled by monitors, merged into windows and references. Merging is integer addition: associative, commutative,
// order-free.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/histogram.h"
#include "core/interval_set.h"
#include "core/lhc.h"
#include "core/model.h"

namespace vigil {

// Counts per bunch crossing; index bx - 1.
using CrossingCounts = std::array<std::uint32_t, lhc::kCrossingsPerOrbit>;

// Power sums of words, modulo 2^128 (exact for every total a lumisection can hold of words below 2^47).
struct Moments {
  std::uint64_t n = 0;
  Wide sum = 0;
  unsigned __int128 sum_squares = 0;
  Moments& operator+=(const Moments& o) {
    n += o.n;
    sum += o.sum;
    sum_squares += o.sum_squares;
    return *this;
  }
  bool operator==(const Moments&) const = default;
};

// One input column or one output word (the emulator's), raw words.
struct WordSummary {
  Histogram histogram;
  Moments moments;
  WordCounts words;  // kept only for an output word with a seed
  bool operator==(const WordSummary&) const = default;
};

// Hardware against emulator, one named output. Above and below are counted apart and never netted.
struct OutputSummary {
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
  std::uint64_t hardware_above = 0;  // by the first word that differs
  std::uint64_t hardware_below = 0;
  Histogram distance{bin_of(INT64_MIN), bin_of(INT64_MAX)};  // hardware - emulator of that word, LSB
  // Where only decision bits exist: the emulator's word against the interval the bits imply.
  std::uint64_t bits_compared = 0;
  std::uint64_t bits_outside = 0;
  std::uint64_t bits_contradictory = 0;  // a higher threshold fired and a lower one did not
  std::vector<std::uint32_t> mismatches_per_bx = std::vector<std::uint32_t>(lhc::kCrossingsPerOrbit);
  bool operator==(const OutputSummary&) const = default;
};

struct SeedSummary {
  std::uint64_t compared = 0;  // events with a hardware decision
  std::uint64_t hardware = 0;  // hardware passes
  std::uint64_t emulator = 0;  // emulator passes, all emulated events
  std::uint64_t hardware_only = 0;
  std::uint64_t emulator_only = 0;
  std::vector<std::uint32_t> passes_per_bx = std::vector<std::uint32_t>(lhc::kCrossingsPerOrbit);  // emulator
  bool operator==(const SeedSummary&) const = default;
};

// An event kept whole because hardware and emulator disagree.
struct KeptEvent {
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
  std::uint32_t orbit = 0;
  std::uint32_t bx = 0;
  std::vector<std::int64_t> inputs;            // raw words
  std::vector<std::int64_t> hardware_outputs;  // empty where the hardware sent none
  std::vector<std::int64_t> emulator_outputs;
  std::uint64_t hardware_bits = 0;
  bool has_bits = false;
  std::vector<std::string> disagreeing;  // outputs and seeds of the model that disagree in this event
  bool operator==(const KeptEvent&) const = default;
};
inline constexpr std::size_t kKeptEvents = 8;  // smallest (orbit, bx) of a lumisection

// Order of kept events: (run, ls, orbit, bx), then content, so that the smallest do not depend on how batches were cut.
bool kept_before(const KeptEvent& a, const KeptEvent& b);
// Merges `more` (sorted) into `kept` (sorted), keeping the kKeptEvents smallest.
void merge_kept(std::vector<KeptEvent>& kept, const std::vector<KeptEvent>& more);

struct Stratum {                     // one today; pile-up bins later
  std::uint64_t events = 0;          // emulated events of the loaded model
  std::vector<WordSummary> inputs;   // per input column
  std::vector<WordSummary> outputs;  // per output word, concatenated
  bool operator==(const Stratum&) const = default;
};

// Of one lumisection, or of the lumisections merged into a window or a reference.
struct Summary {
  std::string model_hash;    // of the loaded model
  std::uint64_t events = 0;  // all accepted events, those of another model_hash included
  std::uint64_t n_bx = 0;    // all inspected crossings
  std::uint64_t wrong_model_events = 0;
  std::uint64_t n_bx_own = 0;       // without batches of another model_hash: the denominator of rates
  std::uint64_t failed_events = 0;  // the emulator could not compute them
  std::uint64_t pileup_sum = 0;     // sum over batches that carry pile-up of events * round(100 * pileup)
  std::uint64_t pileup_events = 0;
  std::vector<std::uint32_t> events_per_bx = std::vector<std::uint32_t>(lhc::kCrossingsPerOrbit);
  std::vector<Stratum> strata;         // exactly one
  std::vector<OutputSummary> outputs;  // per named output
  std::vector<SeedSummary> seeds;
  std::vector<KeptEvent> kept;  // sorted by (run, ls, orbit, bx), at most kKeptEvents

  Summary() = default;
  explicit Summary(const ModelInfo& model);
  // Both of one model hash, or one default-constructed. Throws Error naming both hashes otherwise.
  Summary& operator+=(const Summary& other);
  bool operator==(const Summary&) const = default;
};

// Serialised form, versioned, naming model hash and binning (docs/summary.md). Compact JSON text; sparse bins.
std::string to_json(const Summary& summary);
// Throws Error naming `where` on another version, binning, model hash or shape than `model`.
Summary summary_from_json(std::string_view text, const ModelInfo& model, const std::string& where);

}  // namespace vigil
