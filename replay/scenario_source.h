// A scenario as a Source of frames: resamples events, lets the model itself compute the hardware words, injects the
// faults. Used by `vigil simulate`, `vigil demo` and tests. Encoding and models come from the caller. Equal arguments:
// equal bytes.
// Tests: tests/replay/scenario_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event_batch.h"
#include "core/frame.h"
#include "core/model.h"
#include "replay/scenario.h"

namespace vigil::replay {

// Events to resample from, row-major [rows, columns of the model].
struct ScenarioEvents {
  std::vector<std::int32_t> words;
  bool raw = false;  // raw words of the input types (golden_inputs.npy); else integer codes, raw = code * 2^F
  std::vector<std::int32_t> pileup;  // vertices of each event; empty: no dependence on pile-up
};

using EncodeBatch = std::function<std::vector<std::string>(const EventBatch&)>;  // a frame's parts
using WriteLine = std::function<void(const std::string&)>;                       // one JSON object, without newline

class ScenarioSource : public Source {
 public:
  // `other` is what the hardware runs during wrong_weights (needed if the scenario has that fault; same inputs and
  // outputs). `truth`, if given, gets the lines of docs/scenarios.md: one a fault here, one a lumisection as each is
  // made. Throws Error when scenario, model and events do not fit together (unknown column, seed, output, too wide a
  // word ...).
  ScenarioSource(Scenario scenario, std::shared_ptr<const Model> model, const ScenarioEvents& events,
                 EncodeBatch encode, std::shared_ptr<const Model> other = nullptr, WriteLine truth = nullptr);
  ~ScenarioSource() override;

  // Batches in order of time, sources in turn. Frames carry their header; position counts them from 0. One caller at a
  // time.
  std::optional<Frame> next() override;
  void request_stop() override;  // from any thread: the next call of next() ends the input

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::replay
