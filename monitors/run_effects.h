// How far each rule's monitor is from the reference, run by run, and how long it stays within the rule's bad size at
// that pace: the one thing of a stream that earlier runs have a part in. Used by StreamMonitor where a reference file
// is given. Pure. Tests: tests/monitors/run_effects_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/results.h"
#include "core/summary.h"
#include "monitors/reference.h"
#include "monitors/rule.h"

namespace vigil::monitors {

class RunEffects {
 public:
  static constexpr std::size_t kRuns = 1000;  // the newest are kept

  RunEffects() = default;
  // Of the shape and rate rules among `rules`, each with its size in windows.
  explicit RunEffects(const std::vector<Rule>& rules, std::uint64_t minimum_events);

  // A judged lumisection of the current run, compared with this entry of the references.
  void take(std::size_t entry, const Summary& lumisection);
  // Of every rule with five runs or more behind it, the current one included: its model, monitor, statistic, runs,
  // effect and outlook.
  std::vector<LifetimeOfRule> lifetimes(const References& references) const;
  // The current run is over: its effects are kept, the next begins.
  void end_run(const References& references);

  // For the journal: JSON text. load() throws Error, or nlohmann's exception, on text save() did not write; effects
  // against another reference, and of rules there are no longer, are left out, and it says so in words.
  std::string save(const std::string& reference_sha256) const;
  std::vector<std::string> load(std::string_view text, const References& references,
                                const std::string& reference_sha256, const ModelInfo& model, const std::string& where);

 private:
  struct OfRun {
    std::uint64_t time = 0;  // lumisections judged since the first run, up to the run's end
    double effect = 0;
  };
  struct OfRule {
    Rule rule;
    std::vector<OfRun> runs;  // ascending
  };
  // The runs with the one in progress, if anything can be said of it: where several entries had a part in it, the mean
  // of its effects against them, by events.
  std::vector<OfRun> with_current(const OfRule& of, const References& references) const;

  std::vector<OfRule> rules_;
  std::uint64_t minimum_events_ = 0;
  std::uint64_t judged_ = 0;                  // in earlier runs
  std::uint64_t judged_here_ = 0;             // in the current one
  std::map<std::size_t, Summary> summaries_;  // of those, by entry
  mutable std::string summaries_json_;
};

}  // namespace vigil::monitors
