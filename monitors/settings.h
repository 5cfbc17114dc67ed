// What a user may choose about monitors: windows, minima, the reference to learn, and overrides of the default rules.
// Filled by the configuration; used by StreamMonitor. Values only.
// Tests: tests/monitors/stream_monitor_test.cpp.
#pragma once

#include <cstdint>
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

struct MonitorSettings {
  std::vector<WindowSettings> windows{WindowSettings{}};
  std::uint64_t minimum_events = 200;
  double minimum_coverage = 0.5;
  std::uint32_t learn_ls = 20;            // lumisections of a learned reference; unused with a reference file
  std::uint64_t reference_events = 2000;  // it goes on learning until it has so many
  double false_alarms_per_day = 1e-3;     // over all tests of a stream: what the limits of certainty are made from
  bool sequential = true;                 // judge at every closed lumisection besides the windows
  std::vector<RuleOverride> rules;        // later ones win
};

}  // namespace vigil::monitors
