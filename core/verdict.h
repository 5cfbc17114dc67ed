// Readings, verdicts and windows: what monitors say of the data, as docs/results.md prints it.
// Values only; made by monitors, read by alerting, the journal and the result lines.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/summary.h"

namespace vigil {

enum class Quality : std::uint8_t { unknown, good, medium, bad };
std::string_view to_string(Quality quality);
std::optional<Quality> quality_of(std::string_view text);  // of its name

// Why a window closed.
enum class ClosedBy : std::uint8_t { full, context, run, end };
std::string_view to_string(ClosedBy cause);

// One statistic of one window against one reference. No value: undefined, `reason` says why.
struct Reading {
  std::optional<double> value;
  std::optional<double> p_value;
  std::string reason;
};

struct Window {
  std::string model;
  std::string model_hash;
  std::string stream;
  std::string name;  // 10ls
  std::uint32_t run = 0;
  std::uint32_t first_ls = 0;
  std::uint32_t last_ls = 0;
  std::uint64_t events = 0;
  std::uint64_t n_bx = 0;
  double coverage = 0;  // covered / expected orbits
  ClosedBy closed_by = ClosedBy::full;
  Quality quality = Quality::unknown;
  std::string reason;
  std::optional<std::uint64_t> run_start_ns;
};

// Another seed that cuts on the same word, as it stands: its rate in the window with its 95% interval.
struct LadderStep {
  std::string seed;
  std::int64_t threshold = 0;
  std::array<double, 3> rate_hz{};  // low, mid, high
};

// Where one word holds too much for any threshold's rate to be compatible with the target.
struct ThresholdTie {
  std::int64_t threshold = 0;  // the highest whose rate is above the target
  double fraction = 0;         // of the events with that word that would meet the target
  double prescale = 0;         // of the seed at that threshold that does
};

// What a seed's threshold would have to be to meet its target, solved on the window's exact word counts.
struct ThresholdProposal {
  std::string seed;
  std::int64_t current_threshold = 0;
  std::int64_t proposed_threshold = 0;
  double target_rate_hz = 0;
  double current_rate_hz = 0;
  std::array<double, 3> expected_rate_hz{};  // low, mid, high at the proposed threshold (95% interval)
  double lsb = 1;                            // of the seed's word: a threshold times this is its real value
  std::vector<LadderStep> ladder = {};       // by threshold; a menu switches seeds before it moves thresholds
  // Of all thresholds of the word's type.
  std::optional<std::int64_t> not_above = {};                  // the lowest whose rate is not above the target
  std::optional<std::array<std::int64_t, 2>> compatible = {};  // those whose 95% interval holds the target
  std::optional<ThresholdTie> tie = {};                        // where none is

  // The step with the greatest rate that is not above the target; null where all are.
  const LadderStep* switch_to() const {
    const LadderStep* found = nullptr;
    for (const LadderStep& step : ladder) {
      if (step.rate_hz[1] <= target_rate_hz && (found == nullptr || step.rate_hz[1] > found->rate_hz[1])) found = &step;
    }
    return found;
  }
};

// How one input column changed.
struct InputChange {
  enum class Kind : std::uint8_t { dead, hot, rescaled, shifted };
  Kind kind = Kind::shifted;
  std::optional<double> scale;  // rescaled: window over reference
};
std::string_view to_string(InputChange::Kind kind);

// Bunch crossings in which hardware and emulator were compared, and those in which anything disagreed.
struct MismatchCrossings {
  std::uint32_t affected = 0;  // BX with an event that disagrees
  std::uint32_t compared = 0;  // BX with a compared event
  // Without one although (1 - mismatching of compared events)^(their events) < 1e-6: ascending, the first kMostClean.
  std::vector<std::uint16_t> clean;
  bool operator==(const MismatchCrossings&) const = default;
};
inline constexpr std::size_t kMostClean = 16;

// A mismatch and its first events, of the window or since it began.
struct MismatchEvidence {
  std::uint64_t events = 0;  // mismatching
  std::uint64_t compared = 0;
  std::vector<KeptEvent> first;      // of this output or seed, may be empty
  MismatchCrossings crossings = {};  // of all outputs and seeds, since the verdict's first_ls
};

// An input that moved with what a verdict or an action says, and by how much.
struct MovedInput {
  std::string monitor;  // input/<name>
  double effect = 0;    // in the unit of that input's rule; of correlations their root mean square change
  std::optional<double> p_value;
  std::optional<double> e_value;  // natural logarithm; of sequential rules
  bool operator==(const MovedInput&) const = default;
};

// What a monitor watches. multivariate: all inputs, or all output words, together.
enum class Target : std::uint8_t { output, input, seed, mismatch, multivariate };

// What a verdict is about. Equal subjects, equal monitors; the text of a monitor is made from it, never read back.
struct VerdictSubject {
  Target target = Target::output;
  std::string name;        // of the output, input column or seed; of multivariate inputs, outputs
  std::uint32_t word = 0;  // of an output with several
  bool of_seed = false;    // mismatch: of a seed's decisions, not of an output's words
  auto operator<=>(const VerdictSubject&) const = default;
};

inline constexpr const char* kSequentialWindow = "sequential";  // window name of rules judged at every lumisection

struct Verdict {
  std::string model;
  std::string stream;
  std::string window;
  std::uint32_t run = 0;
  std::uint32_t first_ls = 0;
  std::uint32_t last_ls = 0;
  std::string monitor;  // score | latent[3] | input/<name> | seed/<name> | mismatch/<output or seed> | multivariate/…
  std::string statistic;               // ks, chi2, rate, …
  Quality quality = Quality::unknown;  // after m-of-n
  std::optional<double> value;
  std::optional<double> p_value;
  std::optional<double> limit;
  std::string reason;
  std::vector<MovedInput> attribution;  // of a bad output or multivariate verdict, most moved first
  // For the policy; not printed.
  VerdictSubject subject;
  Quality reading = Quality::unknown;  // this window alone, before m-of-n
  double effect = 0;                   // size in the unit of the rule's limits where certain at the warn level, else 0
  std::uint64_t reference = 0;         // ordinal of the learned reference it was compared with; 0: a given one, or none
  std::variant<std::monostate, ThresholdProposal, InputChange, MismatchEvidence> evidence;
};

// What a window was judged on, for plots: not printed.
struct WindowContents {
  Summary summary;                                    // merged over its lumisections
  std::shared_ptr<const std::string> reference = {};  // text of the reference it was compared with; null: none
};

// A closed window with its verdicts, in the order of the monitors.
struct JudgedWindow {
  Window window;
  std::vector<Verdict> verdicts;
  std::vector<MovedInput> moved = {};  // the inputs that moved, where an input, an output or all together are bad
  std::shared_ptr<const WindowContents> contents = {};  // null of sequential verdicts
};

}  // namespace vigil
