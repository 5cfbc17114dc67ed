// Readings, verdicts and windows: what monitors say of the data, as docs/results.md prints it.
// Values only; made by monitors, read by alerting, the journal and the result lines.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/summary.h"

namespace vigil {

enum class Quality : std::uint8_t { unknown, good, medium, bad };
std::string_view to_string(Quality quality);

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

// What a seed's threshold would have to be to meet its target, solved on the window's exact word counts.
struct ThresholdProposal {
  std::string seed;
  std::int64_t current_threshold = 0;
  std::int64_t proposed_threshold = 0;
  double target_rate_hz = 0;
  double current_rate_hz = 0;
  std::array<double, 3> expected_rate_hz{};  // low, mid, high at the proposed threshold (95% interval)
};

// How one input column changed.
struct InputChange {
  enum class Kind : std::uint8_t { dead, hot, rescaled, shifted };
  Kind kind = Kind::shifted;
  std::optional<double> scale;  // rescaled: window over reference
};
std::string_view to_string(InputChange::Kind kind);

// The first events of a mismatch: of the first mismatching lumisection of the window.
struct MismatchEvidence {
  std::uint64_t events = 0;  // mismatching
  std::uint64_t compared = 0;
  std::vector<KeptEvent> first;  // of this output or seed, may be empty
};

// What a monitor watches.
enum class Target : std::uint8_t { output, input, seed, mismatch };

// What a verdict is about. Equal subjects, equal monitors; the text of a monitor is made from it, never read back.
struct VerdictSubject {
  Target target = Target::output;
  std::string name;        // of the output, input column or seed
  std::uint32_t word = 0;  // of an output with several
  bool of_seed = false;    // mismatch: of a seed's decisions, not of an output's words
  auto operator<=>(const VerdictSubject&) const = default;
};

struct Verdict {
  std::string model;
  std::string stream;
  std::string window;
  std::uint32_t run = 0;
  std::uint32_t first_ls = 0;
  std::uint32_t last_ls = 0;
  std::string monitor;                 // score | latent[3] | input/<name> | seed/<name> | mismatch/<output or seed>
  std::string statistic;               // ks, chi2, rate, …
  Quality quality = Quality::unknown;  // after m-of-n
  std::optional<double> value;
  std::optional<double> p_value;
  std::optional<double> limit;
  std::string reason;
  // For the policy; not printed.
  VerdictSubject subject;
  Quality reading = Quality::unknown;  // this window alone, before m-of-n
  std::uint64_t reference = 0;         // ordinal of the learned reference it was compared with; 0: a given one, or none
  std::variant<std::monostate, ThresholdProposal, InputChange, MismatchEvidence> evidence;
};

// A closed window with its verdicts, in the order of the monitors.
struct JudgedWindow {
  Window window;
  std::vector<Verdict> verdicts;
};

}  // namespace vigil
