// What a StreamMonitor remembers between lumisections. Private to stream_monitor.cpp (lumisections),
// stream_windows.cpp (windows) and stream_state.cpp (saving).
// Tests: tests/monitors/stream_monitor_test.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "monitors/alarm_budget.h"
#include "monitors/alarm_tally.h"
#include "monitors/learned_references.h"
#include "monitors/rule.h"
#include "monitors/run_effects.h"
#include "monitors/sequential_drift.h"
#include "monitors/sequential_mismatch.h"
#include "monitors/sequential_multivariate.h"
#include "monitors/stream_monitor.h"
#include "monitors/window_cutter.h"

namespace vigil::monitors {

// A lumisection some open window still needs.
struct KeptLumisection {
  std::uint32_t ls = 0;
  std::uint64_t expected_orbits = 0;
  std::uint64_t covered_orbits = 0;
  std::string selection;
  std::string mode_not_judged;  // why its beam mode is not judged; empty: it is
  std::optional<std::int64_t> prescale_column;
  std::string foreign_hash;  // the stream's model hash where it is not the loaded one, else empty
  std::vector<SilentSource> silent;
  bool compared = false;  // by the sequential rules, with the reference
  bool judged = false;    // in the false-alarm budget
  Summary summary;
  mutable std::string summary_json;  // once it was saved
};

// Why nothing can be said of data of another model, or that the emulator could not compute; empty when something can.
std::string blind_words(const Summary& summary, const std::string& foreign_hash, const ModelInfo& model);
// What a seed's rule says besides where the data are of another model: a threshold belongs to the model it was set for.
std::string threshold_words(const Summary& summary, const std::string& foreign_hash);
std::string short_hash(const std::string& hash);
// "coverage 0.31, 0.5 needed"
std::string coverage_words(double coverage, double needed);

// What tells a rule from the others of its window; the text of a monitor does not.
nlohmann::json rule_name(const VerdictSubject& subject, std::string_view statistic);
nlohmann::json rule_name(const Rule& rule);

inline constexpr std::size_t kSinceLs = 10;  // newest lumisections in which the size of a change is measured

struct StreamMonitor::State {
  const ModelInfo* model = nullptr;
  std::string stream;
  MonitorSettings settings;
  std::optional<References> given;
  std::optional<std::size_t> chosen;        // of those given, for the newest lumisection's conditions
  std::string why_none;                     // where there is none
  LearnedReferences learned{20, 2000};      // unused where one is given
  std::vector<Rule> rules;                  // of any window name
  std::vector<std::vector<Rule>> rules_of;  // the same, with the limits of each window name
  std::array<RuleLimits, kFamilies> limits;
  AlarmTally tally;  // rules of each window name, then those of sequential verdicts

  std::vector<WindowCutter> cutters;     // one a window name
  std::vector<std::vector<Ring>> rings;  // [window name][rule]
  std::deque<KeptLumisection> kept;      // of the current run, ascending
  std::uint32_t run = 0;
  bool has_run = false;
  std::vector<SequentialDrift> drifts;  // outputs, inputs, seeds
  std::vector<SequentialMismatch> mismatches;
  std::vector<SequentialMultivariate> together;  // inputs, outputs
  bool hold_learning = false;                    // at the newest lumisection
  std::optional<Conditions> conditions;          // of the lumisection before; none after a mixed one
  bool any_before = false;                       // a lumisection came before
  std::optional<std::uint64_t> run_start_ns;

  RunEffects effects;  // unused without a given reference
  mutable std::string given_sha256;

  const Reference* reference() const {
    if (given) return chosen ? &given->entries[*chosen] : nullptr;
    return learned.current().done() ? &learned.current().reference() : nullptr;
  }
  // For lumisections of these conditions.
  void choose(const Conditions& of);
  std::string why_mode_not_judged(const Conditions& of) const;
  // "off in prescale column 0" of a seed, its rate and its mismatches; else empty.
  std::string why_off(const Subject& subject, const std::optional<std::int64_t>& column) const;
  std::shared_ptr<const std::string> text;  // of the reference whose id is text_of
  std::uint64_t text_of = 0;
  std::shared_ptr<const std::string> reference_text();  // where there is a reference
  std::uint64_t reference_id() const { return given ? UINT64_MAX - chosen.value_or(0) : learned.ordinal(); }
  // Why a span up to (run, last_ls) cannot be compared with the reference, or has no rates; empty when it can.
  std::string why_no_reference(const std::string& selection, std::uint32_t last_ls) const;
  static std::string why_no_rates(const std::string& selection);
  std::optional<BudgetOfRun> budget() const;
  void note_judged(KeptLumisection& lumisection);
  std::vector<LifetimeOfRule> lifetimes() const;
  std::string reference_sha256() const;  // empty where none is given
  void cut(ClosedBy cause, std::vector<JudgedWindow>& out);
  std::string learn(const KeptLumisection& lumisection);
  // `mixed`: conditions changed within it.
  void judge_sequential(KeptLumisection& lumisection, bool mixed, Judgements& out);
  Verdict verdict_of(std::size_t window, const Rule& rule) const;  // nothing known of it
  JudgedWindow judge_window(std::size_t name, const WindowSpan& span, ClosedBy cause);
  // Names the inputs that moved where something is bad. `tests`: of every input's first rule in the window.
  struct InputTest {
    std::string monitor;
    double p_value = 1;
    double effect = 0;
  };
  void attribute(JudgedWindow& judged, const std::vector<InputTest>& tests, const Judged& input) const;
  void attribute(JudgedWindow& sequential, const ClosedCounts& closed) const;
  void load_windows(const nlohmann::json& saved, std::vector<std::string>& gone);
  void load_sequential(const nlohmann::json& saved, std::vector<std::string>& gone);
  void forget();
};

}  // namespace vigil::monitors
