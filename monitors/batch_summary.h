// What one batch adds to its lumisection: filled in the parallel stage, added to the lumisection's Summary by judge.
// Reusable without reallocation (the caller pools them); holds no dense histogram of its own between batches. Not
// synchronised.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/event_batch.h"
#include "core/model.h"
#include "core/summary.h"

namespace vigil::monitors {

struct OpenCounts;

class BatchSummary {
 public:
  BatchSummary();
  ~BatchSummary();
  BatchSummary(BatchSummary&&) noexcept;
  BatchSummary& operator=(BatchSummary&&) noexcept;

  // Replaces what it held by an emulated batch of the loaded model: begin, then add all its rows block by block in
  // order, then finish, all on one thread with no other filling in between. `model` must live until finish; the batch's
  // bytes need not live longer either. Hardware columns are read from the batch. Products of words are summed over the
  // events whose orbit is divisible by `every_orbits`; 0: over none.
  void begin(const ModelInfo& model, const EventBatch& batch, std::uint32_t every_orbits = 0);
  // Rows first .. first + rows - 1: `raw_inputs` [rows, inputs] raw words (wire codes already shifted),
  // `emulator_outputs` [rows, output words] raw words, both within their types. Any layout; fastest for contiguous
  // columns of 4-byte words.
  void add(const WordsView& raw_inputs, const WordsView& emulator_outputs, std::size_t first, std::size_t rows);
  void finish();
  // All three for the whole batch.
  void fill(const ModelInfo& model, const EventBatch& batch, const WordsView& raw_inputs,
            const WordsView& emulator_outputs, std::uint32_t every_orbits = 0);
  // A batch of another model_hash: events and crossings are counted, compared with nothing.
  void fill_foreign(const EventBatch& batch);
  // A batch the emulator could not compute: counted; its crossings are in no rate.
  void fill_failed(const EventBatch& batch);

  // What it holds is added to a lumisection by OpenSummary::add: exact integer addition; any order of batches gives the
  // same Summary.

  std::uint64_t events() const;

 private:
  friend class OpenSummary;
  // Everything but the words; whether there are words.
  bool add_counts_to(Summary& summary) const;
  void add_words_to(Stratum& stratum, OpenCounts& counts) const;
  std::optional<std::uint32_t> pileup() const;  // hundredths

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::monitors
