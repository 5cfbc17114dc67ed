// What a user may choose about monitors: windows, minima, the reference to learn, and overrides of the default rules.
// Filled by the configuration; used by StreamMonitor. Values only.
// Tests: tests/monitors/stream_monitor_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vigil::monitors {

struct WindowSettings {
  std::string name = "10ls";
  std::uint32_t window_ls = 10;  // >= 1
  std::uint32_t hop_ls = 5;      // >= 1
  bool operator==(const WindowSettings&) const = default;
};

// Overrides for the monitors a pattern names. Limits are effect sizes in the unit docs/statistics.md gives for the
// statistic.
struct RuleOverride {
  std::string monitor;                  // exact name, or with `*` for any run of characters: input/*, seed/L1_*, *
  std::vector<std::string> statistics;  // one rule each; none: those the monitor has
  std::optional<double> medium;
  std::optional<double> bad;
  std::optional<std::uint32_t> m;
  std::optional<std::uint32_t> n;
};

// Effect sizes of one rule in place of the catalogue's.
struct RuleLimit {
  std::string window;  // its name; sequential for the rule judged at every lumisection
  std::string monitor;
  std::string statistic;  // of a sequential rule its detector
  double medium = 0;
  double bad = 0;
};

// Made by `vigil calibrate` for one model and stream; of any other they say nothing.
struct CalibratedLimits {
  std::string model;  // name
  std::string stream;
  std::vector<RuleLimit> rules;
};

// How many false alarms are meant to be tolerated: the one number from which every limit of certainty follows. A page
// is a rule turning bad, a warning one turning medium, while data follow the reference.
struct FalseAlarmBudget {
  // Of the families of monitors; >= 0, sum 1.
  struct Shares {
    double inputs = 0.4, outputs = 0.2, rates = 0.2, mismatch = 0.1, multivariate = 0.1;
    bool operator==(const Shares&) const = default;
  };
  double page = 1;   // a week of judged lumisections, of a (model, stream); > 0
  double warn = 10;  // >= page
  Shares shares{};
  bool operator==(const FalseAlarmBudget&) const = default;
};
inline constexpr std::uint32_t kWeekLs = 12355;  // judged lumisections in a week: 80 h of stable beams

// What is asked of all columns together. Products of words are summed over the events whose orbit is divisible by
// `every_orbits`.
struct MultivariateSettings {
  std::vector<std::string> statistics;  // of the catalogue; none: off
  std::uint32_t every_orbits = 16;      // >= 1
  MultivariateSettings();               // every one the catalogue has
  // For BatchSummary: 0 where nothing is summed.
  std::uint32_t sampling() const { return statistics.empty() ? 0 : every_orbits; }
  bool operator==(const MultivariateSettings&) const = default;
};

// Column -> seed -> prescale >= 0; 0: the seed is off there.
using Prescales = std::map<std::int64_t, std::map<std::string, double>>;
inline bool is_off(const Prescales& prescales, std::int64_t column, const std::string& seed) {
  const auto of_column = prescales.find(column);
  if (of_column == prescales.end()) return false;
  const auto prescale = of_column->second.find(seed);
  return prescale != of_column->second.end() && prescale->second == 0;
}

struct MonitorSettings {
  std::vector<WindowSettings> windows{WindowSettings{}};
  std::uint64_t minimum_events = 200;
  double minimum_coverage = 0.5;
  std::uint32_t learn_ls = 20;            // lumisections of a learned reference; unused with a reference file
  std::uint64_t reference_events = 2000;  // it goes on learning until it has so many
  FalseAlarmBudget budget;
  std::uint32_t week_ls = kWeekLs;  // judged lumisections in a week, >= 1
  MultivariateSettings multivariate;
  bool sequential = true;                                     // judge at every closed lumisection besides the windows
  std::vector<std::string> judge_beam_modes{"STABLE BEAMS"};  // others are counted only; empty: all are judged
  Prescales prescales;
  std::uint32_t pileup_width = 0;   // of strata, hundredths, where no reference says it; not configured
  bool judge_fits = false;         // the reference has fits, and statistics of them rules; not configured
  CalibratedLimits limits;          // in place of the default sizes
  std::vector<RuleOverride> rules;  // later ones win; above calibrated limits
};

// Whether lumisections of this beam mode are judged; none was sent: they are.
inline bool is_mode_judged(const MonitorSettings& settings, const std::optional<std::string>& beam_mode) {
  const auto& judged = settings.judge_beam_modes;
  return !beam_mode || judged.empty() || std::find(judged.begin(), judged.end(), *beam_mode) != judged.end();
}

}  // namespace vigil::monitors
