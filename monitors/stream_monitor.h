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

struct ClosedLumisection {
  Lumisection lumisection;  // run, ls, expected and covered orbits are used
  Summary summary;          // of this lumisection; default-constructed where no batch came
  std::string context_key;  // equal text = same context; holds menu, prescale column, beam mode, selection, model hash
  bool mixed_context = false;  // a cutting key took two values in it
  std::string selection = "zero_bias";
  std::string foreign_hash;  // the stream's model hash where it is not the loaded one, else empty
  std::optional<std::uint64_t> run_start_ns;
};

class StreamMonitor {
 public:
  // `model` must outlive it. Without a reference it learns settings.learn_ls lumisections. Throws Error on a reference
  // of another model hash, an unknown statistic or a statistic its monitor does not have, a window or hop of 0, m > n.
  StreamMonitor(const ModelInfo& model, std::string stream, MonitorSettings settings,
                std::optional<Reference> reference);
  ~StreamMonitor();
  StreamMonitor(StreamMonitor&&) noexcept;
  StreamMonitor& operator=(StreamMonitor&&) noexcept;

  // Lumisections in order of (run, ls); all of a run from its first to its last. Returns the windows that closed: first
  // the one a cut before it closed, then those it filled, each in the order of the window names.
  std::vector<JudgedWindow> close(ClosedLumisection&& closed);
  // A cut without a next lumisection (the end of the stream, or of a run). Windows start anew after it.
  std::vector<JudgedWindow> end(ClosedBy cause);

  // Everything needed to go on exactly where this one stands, in a monitor made with equal arguments.
  std::string save() const;
  // Throws Error on text that save() of an equal model, stream and windows did not write; the state is then unchanged.
  void load(std::string_view text);

  // The reference in use, learned or given; null while learning.
  const Reference* reference() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::monitors
