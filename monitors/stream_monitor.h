// Everything judged of one (model, stream): takes closed lumisections in order, cuts windows, judges them against the
// reference. Used by the pipeline's judge stage. Pure: the data clock only, no I/O, no threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model.h"
#include "core/results.h"
#include "core/summary.h"
#include "core/verdict.h"
#include "monitors/reference.h"
#include "monitors/settings.h"

namespace vigil::monitors {

// What a lumisection was taken under. Any change cuts windows; selection, beam mode and model also choose the
// reference.
struct Conditions {
  std::optional<std::string> menu;
  std::optional<std::int64_t> prescale_column;
  std::optional<std::string> beam_mode;
  std::string selection = "zero_bias";
  std::string model_hash;  // of the events; empty where no batch named one
  bool operator==(const Conditions&) const = default;
};
std::string in_words(const Conditions& conditions);

struct ClosedLumisection {
  Lumisection lumisection;  // run, ls, expected and covered orbits are used
  Summary summary;          // of this lumisection; default-constructed where no batch came
  Conditions conditions;
  bool mixed_context = false;  // one of them took two values in it
  std::vector<SilentSource> silent;
  // Nothing is learned from it: a fault of the stream is open.
  bool hold_learning = false;
  std::optional<std::uint64_t> run_start_ns;
};

// What a closed lumisection, or a cut, leads to; in the order in which it is printed and the policy takes it.
struct Judgements {
  JudgedWindow sequential;    // every sequential rule at this lumisection; no verdicts where there are none
  std::vector<bool> printed;  // which of these verdicts are result lines
  std::vector<JudgedWindow> windows;
  std::optional<BudgetOfRun> ended;  // the run a new one ended; the windows of that run come first
  std::vector<LifetimeOfRule> lifetimes;  // of that run
  std::vector<std::string> facts;    // worth a line of the log: what was learned or taken up
};

// The reference in use, or how far it is learned.
struct ReferenceProgress {
  bool is_known = false;                  // it is complete: windows are compared with it
  std::uint64_t ordinal = 0;              // another number for another reference; 0 while learning
  std::uint64_t learned = 0, wanted = 0;  // lumisections
  std::uint64_t events = 0;
  std::vector<ReferenceRange> ranges;
};

class StreamMonitor {
 public:
  // `model` must outlive it. Without a reference it learns settings.learn_ls lumisections. Throws Error on a reference
  // of another model hash, an unknown statistic or one its monitor does not have, a window or hop of 0, m > n, two
  // windows of one name or one named `sequential`.
  StreamMonitor(const ModelInfo& model, std::string stream, MonitorSettings settings,
                std::optional<References> reference);
  ~StreamMonitor();
  StreamMonitor(StreamMonitor&&) noexcept;
  StreamMonitor& operator=(StreamMonitor&&) noexcept;

  // Lumisections in order of (run, ls); all of a run from its first to its last. Windows: first the one a cut before it
  // closed, then those it filled, each in the order of the window names.
  Judgements close(ClosedLumisection&& closed);
  // A cut without a next lumisection (the end of the stream, or of a run). Windows start anew after it.
  std::vector<JudgedWindow> end(ClosedBy cause);

  // How the current run stands to the false-alarm budget; none before its first lumisection.
  std::optional<BudgetOfRun> budget() const;

  // How long the shape and rate rules of windows have, after the current run and four earlier ones at least, where a
  // reference is given.
  std::vector<LifetimeOfRule> lifetimes() const;

  // One verdict of each rule there is, in windows and sequential, of which nothing is known.
  std::vector<Verdict> rules() const;

  // Everything needed to go on exactly where this one stands, in a monitor made with equal arguments.
  std::string save() const;
  // With other windows, rules or settings what still fits goes on; returns in words what does not. Throws Error on text
  // that save() of an equal model and stream did not write; the state is then unchanged.
  std::vector<std::string> load(std::string_view text);

  // The reference in use, learned or given; null while learning, or where none is for the newest conditions.
  const Reference* reference() const;
  // Of the strata of the summaries it is to be given, hundredths; 0: not divided.
  std::uint32_t pileup_width() const;
  ReferenceProgress reference_progress() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::monitors
