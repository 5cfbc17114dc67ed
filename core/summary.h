// The exact integer summary of one lumisection of one model and stream: histograms, moments and counts, nothing else.
// Filled by monitors, merged into windows and references. Merging is integer addition: associative, commutative,
// order-free.
#pragma once

#include <array>
#include <cmath>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
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

// Exact sums of words and of their products over some of the events; columns as in the stratum. Empty where nothing was
// sampled. Everything modulo 2^128, exact while the sums fit 127 bits.
struct CrossMoments {
  std::uint64_t n = 0;
  std::vector<Wide> sums;      // [columns]
  std::vector<Wide> products;  // [columns (columns + 1) / 2], row by row from the diagonal on: 00 01 02 … 11 12 …
  // With q the sum of the squares of an event's words: sums of q times each word [columns], and of q^2.
  std::vector<Wide> norm_products;
  unsigned __int128 norm_squares = 0;
  std::size_t columns() const { return sums.size(); }
  void lay_out(std::size_t columns);                // all sums 0
  CrossMoments& operator+=(const CrossMoments& o);  // both of as many columns, or one empty
  bool operator==(const CrossMoments&) const = default;
};
// a + b modulo 2^128.
constexpr Wide wrapped_sum(Wide a, Wide b) {
  return static_cast<Wide>(static_cast<unsigned __int128>(a) + static_cast<unsigned __int128>(b));
}

// Pile-up of the events of a stratum in hundredths of an interaction a crossing, low <= pile-up < high.
struct PileupRange {
  std::uint32_t low = 0, high = 0;
  auto operator<=>(const PileupRange&) const = default;
};

// Pile-up in hundredths, of a value in 0..1000.
inline std::uint32_t pileup_hundredths(double pileup) { return static_cast<std::uint32_t>(std::llround(100 * pileup)); }

// Events of one range of pile-up, or all events.
struct Stratum {
  std::optional<PileupRange> pileup;             // none: it was not divided, or none was sent
  std::uint64_t events = 0;                      // emulated events of the loaded model
  std::vector<WordSummary> inputs;               // per input column
  std::vector<WordSummary> outputs;              // per output word, concatenated
  CrossMoments input_products, output_products;  // of the events sampled for them

  Stratum() = default;
  explicit Stratum(const ModelInfo& model);
  Stratum& operator+=(const Stratum& o);  // keeps its range
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
  // Over own batches of known pile-up u [hundredths]: crossings, sum of crossings * u and of crossings * u^2.
  std::uint64_t crossings = 0;
  Wide crossings_pileup = 0, crossings_pileup_squared = 0;
  std::vector<std::uint32_t> events_per_bx = std::vector<std::uint32_t>(lhc::kCrossingsPerOrbit);
  // Of these, events without hardware words to compare with, or without the emulator's; and events in which any output
  // or seed disagrees.
  std::vector<std::uint32_t> uncompared_per_bx = std::vector<std::uint32_t>(lhc::kCrossingsPerOrbit);
  std::vector<std::uint32_t> disagreeing_per_bx = std::vector<std::uint32_t>(lhc::kCrossingsPerOrbit);
  Stratum all;                     // every emulated event
  std::uint32_t pileup_width = 0;  // of the strata, hundredths; 0: not divided
  // The same by pile-up, ascending, those of unknown pile-up first. Their sum is `all`; none where not divided.
  std::vector<Stratum> strata;
  std::vector<OutputSummary> outputs;  // per named output
  std::vector<SeedSummary> seeds;
  std::vector<KeptEvent> kept;  // sorted by (run, ls, orbit, bx), at most kKeptEvents

  Summary() = default;
  explicit Summary(const ModelInfo& model);
  bool is_blank() const { return all.inputs.empty() && all.outputs.empty(); }  // default-constructed
  bool is_divided() const { return pileup_width != 0; }
  // Of a divided one: index of the stratum of this pile-up [hundredths]; made where there is none yet.
  std::size_t stratum_of(const ModelInfo& model, std::optional<std::uint32_t> pileup);
  // Of a divided one: makes `all` the sum of the strata.
  void add_up(const ModelInfo& model);
  // Crossings of own batches with this pile-up [hundredths].
  void add_crossings(std::uint64_t inspected, std::uint32_t pileup);
  // Batches that stated no pile-up had this one [hundredths].
  void assume_pileup(const ModelInfo& model, std::uint32_t pileup);
  // A seed that is switched off: what the hardware decided of it was compared with nothing.
  void forget_decisions(const ModelInfo& model, std::size_t seed);
  // Both of one model hash, or one default-constructed. Throws Error naming both hashes otherwise.
  Summary& operator+=(const Summary& other);
  bool operator==(const Summary&) const = default;
};

// Serialised form, versioned, naming model hash and binning (docs/summary.md). Compact JSON text; sparse bins.
std::string to_json(const Summary& summary);
std::string to_json(const CrossMoments& moments);
// Throw Error naming `where` on another version, binning, model hash or shape than `model`, on another number of
// columns.
CrossMoments cross_moments_from_json(std::string_view text, std::size_t columns, const std::string& where);
Summary summary_from_json(std::string_view text, const ModelInfo& model, const std::string& where);

}  // namespace vigil
