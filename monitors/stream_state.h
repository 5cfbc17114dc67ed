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
#include <utility>
#include <vector>

#include "monitors/alarm_budget.h"
#include "monitors/learned_references.h"
#include "monitors/rule.h"
#include "monitors/sequential_mismatch.h"
#include "monitors/stream_monitor.h"
#include "monitors/window_cutter.h"

namespace vigil::monitors {

// A lumisection some open window still needs.
struct KeptLumisection {
  std::uint32_t ls = 0;
  std::uint64_t expected_orbits = 0;
  std::uint64_t covered_orbits = 0;
  std::string selection;
  std::string foreign_hash;  // the stream's model hash where it is not the loaded one, else empty
  std::vector<SilentSource> silent;
  Summary summary;
  mutable std::string summary_json;  // once it was saved
};

// Why nothing can be said of data of another model, or that the emulator could not compute; empty when something can.
std::string blind_words(const Summary& summary, const std::string& foreign_hash, const ModelInfo& model);
std::string short_hash(const std::string& hash);

struct StreamMonitor::State {
  const ModelInfo* model = nullptr;
  std::string stream;
  MonitorSettings settings;
  std::optional<Reference> given;
  LearnedReferences learned{20, 2000};  // unused where one is given
  std::vector<Rule> rules;
  AlarmLimits limits;

  std::vector<WindowCutter> cutters;     // one a window name
  std::vector<std::vector<Ring>> rings;  // [window name][rule]
  std::deque<KeptLumisection> kept;      // of the current run, ascending
  std::uint32_t run = 0;
  bool has_run = false;
  std::vector<SequentialMismatch> sequential;
  bool hold_learning = false;            // at the newest lumisection
  std::optional<Conditions> conditions;  // of the lumisection before; none after a mixed one
  bool any_before = false;               // a lumisection came before
  std::optional<std::uint64_t> run_start_ns;

  const Reference* reference() const {
    return given ? &*given : learned.current().done() ? &learned.current().reference() : nullptr;
  }
  void cut(ClosedBy cause, std::vector<JudgedWindow>& out);
  std::string learn(const KeptLumisection& lumisection);
  void judge_sequential(const KeptLumisection& lumisection, Judgements& out);
  Verdict verdict_of(std::size_t window, const Rule& rule) const;  // nothing known of it
  JudgedWindow judge_window(std::size_t name, const WindowSpan& span, ClosedBy cause);
  void load_windows(const nlohmann::json& saved, std::vector<std::string>& gone);
  void forget();
};

}  // namespace vigil::monitors
