// A rule: one monitor, one statistic, its limits, and m-of-n hysteresis. From a window's summary to a reading, to a
// verdict. Used by StreamMonitor. Default limits and why: docs/statistics.md. Pure but for the ring of past readings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/verdict.h"
#include "monitors/rate_fit.h"
#include "monitors/settings.h"
#include "monitors/statistics.h"

namespace vigil::monitors {

struct Rule {
  Subject subject;
  std::string monitor;  // monitor_name(subject)
  const StatisticEntry* statistic = nullptr;
  double medium = 0;  // effect sizes
  double bad = 0;
  std::uint32_t m = 1;
  std::uint32_t n = 1;
};

// In the order of verdicts: output words, inputs, seeds, mismatches of outputs then seeds, all inputs and all output
// words together; of each the default statistic, or those configured in their order. `window`: the name of the windows
// they judge, for calibrated limits; sequential for the one rule a monitor has at every lumisection. Throws Error as
// StreamMonitor's constructor says. `model` must outlive the rules.
std::vector<Rule> make_rules(const ModelInfo& model, const MonitorSettings& settings, std::string_view window = {});

// One lumisection of the window, for the evidence.
struct Evidence {
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
  const Summary* summary = nullptr;
};

// What a rule judges.
struct Judged {
  const Summary& window;     // merged
  const Summary& reference;  // empty only where `no_reference` says why
  double warn = 1;           // p-value at or below which a reading is no fluctuation: for medium
  PValueLimit page = 1;      // and for bad
  std::string no_rates;      // why seeds cannot be judged; empty when they can
  std::string no_reference;  // why nothing can be compared with the reference; empty when it can
  std::vector<Evidence> lumisections;
  const std::map<std::string, RateFit>* rates = nullptr;  // of the reference, by seed; null: none
  const LumisectionScatter* scatter = nullptr;            // of the reference; null: not known
};

// This window alone.
struct Judgement {
  Quality level = Quality::unknown;
  std::optional<double> value;
  std::optional<double> p_value;
  std::optional<double> limit;
  double effect = 0;     // size in the unit of the rule's limits where it is certain at the warn level, else 0
  double size = 0;       // of a shape: the same, certain or not
  double certainty = 1;  // of a shape: p-value of the test behind it
  std::string reason;
  std::variant<std::monostate, ThresholdProposal, InputChange, MismatchEvidence> evidence;
};
Judgement judge(const Rule& rule, const Judged& judged);

// The last n known readings of one rule in one window name.
class Ring {
 public:
  // Takes a known reading; returns the quality after m-of-n: bad if at least m of the last n are bad, else medium if
  // this one is medium or bad, else good.
  Quality take(Quality reading, const Rule& rule);
  void clear() { readings_.clear(); }
  std::size_t bad() const;  // bad readings held
  std::size_t size() const { return readings_.size(); }
  const std::deque<Quality>& readings() const { return readings_; }
  void restore(std::deque<Quality> readings) { readings_ = std::move(readings); }

 private:
  std::deque<Quality> readings_;
};

// The kinds of rules behind judge().
Judgement judge_shape(const Rule& rule, const Judged& judged);
Judgement judge_rate(const Rule& rule, const Judged& judged);
Judgement judge_against_fit(const Rule& rule, const Judged& judged);
Judgement judge_mismatch(const Rule& rule, const Judged& judged);
Judgement judge_multivariate(const Rule& rule, const Judged& judged);

// A number for a reason: four significant digits.
std::string in_words(double value);
std::string percent(double fraction);

}  // namespace vigil::monitors
