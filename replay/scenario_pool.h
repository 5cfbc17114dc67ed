// The events a scenario resamples: the given ones, turned about the beam into several copies, with the model's own
// answer to each. Used by ScenarioSource. Words are kept as integer codes where events or batches carry codes, else as
// raw words.
// Tests: tests/replay/scenario_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/model.h"
#include "replay/scenario_source.h"

namespace vigil::replay {

// How the words of one input are kept, and what faults need to know of it.
struct PoolColumn {
  bool code = false;          // kept as code: raw = word * 2^F; else the raw word itself
  bool code_on_wire = false;  // batches carry the code
  int fraction = 0;           // F of the input type
  std::int64_t lowest = 0;    // of the kept words
  std::int64_t highest = 0;
  std::int64_t unit = 1;         // kept words in one code
  std::int64_t period = 0;       // kept words of a full turn; 0: no azimuth
  std::ptrdiff_t momentum = -1;  // column of the same object's pt, or -1

  std::int64_t raw(std::int64_t word) const { return code ? word << fraction : word; }
  std::int64_t wire(std::int64_t word) const { return code && code_on_wire ? word : raw(word); }
};

class EventPool {
 public:
  // Throws Error when the words do not make whole rows, do not fit the model's types, or need more than 32 bits.
  EventPool(const Model& model, const ScenarioEvents& events, std::uint32_t rotations);

  std::size_t size() const { return size_; }  // members
  const std::vector<PoolColumn>& columns() const { return columns_; }
  std::span<const std::int32_t> words(std::size_t member) const {
    return {words_.data() + member * columns_.size(), columns_.size()};
  }
  // The model's output words for an untouched member.
  std::span<const std::int64_t> outputs(std::size_t member) const {
    return {outputs_.data() + member * output_words_, output_words_};
  }
  // (vertices - mean) / mean of a member's event; 0 where pile-up is not known.
  double pileup_excess(std::size_t member) const { return excess_[member % excess_.size()]; }
  bool wide_on_wire() const { return wide_on_wire_; }  // some word needs more than 16 bits in a batch

 private:
  std::vector<PoolColumn> columns_;
  std::vector<std::int32_t> words_;
  std::vector<std::int64_t> outputs_;
  std::vector<double> excess_;  // of the events; copies follow in the same order
  std::size_t output_words_ = 0;
  std::size_t size_ = 0;
  bool wide_on_wire_ = false;
};

// Output words [rows, output_words] of kept words [rows, columns]. Throws Error when the model cannot compute them.
std::vector<std::int64_t> predict_words(const Model& model, const std::vector<PoolColumn>& columns,
                                        std::span<const std::int32_t> words);

}  // namespace vigil::replay
