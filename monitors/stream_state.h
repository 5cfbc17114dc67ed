// What a StreamMonitor remembers between lumisections. Private to stream_monitor.cpp (judging) and stream_state.cpp
// (saving).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "monitors/rule.h"
#include "monitors/stream_monitor.h"
#include "monitors/window_cutter.h"

namespace vigil::monitors {

// A lumisection some open window still needs.
struct KeptLumisection {
  std::uint32_t ls = 0;
  std::uint64_t expected_orbits = 0;
  std::uint64_t covered_orbits = 0;
  std::string selection;
  std::string foreign_hash;
  Summary summary;
  mutable std::string summary_json;  // once it was saved
};

struct StreamMonitor::State {
  const ModelInfo* model = nullptr;
  std::string stream;
  MonitorSettings settings;
  std::optional<Reference> given;
  Learner learner;
  std::vector<Rule> rules;
  double significance = 1;

  std::vector<WindowCutter> cutters;     // one a window name
  std::vector<std::vector<Ring>> rings;  // [window name][rule]
  std::deque<KeptLumisection> kept;      // of the current run, ascending
  std::uint32_t run = 0;
  bool has_run = false;
  std::optional<std::string> context;  // of the lumisection before; none after a mixed one
  bool any_context = false;            // a lumisection came before
  std::optional<std::uint64_t> run_start_ns;

  const Reference* reference() const { return given ? &*given : learner.done() ? &learner.reference() : nullptr; }
  void cut(ClosedBy cause, std::vector<JudgedWindow>& out);
  void learn(const KeptLumisection& lumisection);
  JudgedWindow judge_window(std::size_t name, const WindowSpan& span, ClosedBy cause);
  void forget();
};

}  // namespace vigil::monitors
