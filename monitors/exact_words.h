// How often each word of one column came, while a lumisection is open: any number of words in any order, cheaply.
// Used by OpenSummary. Not synchronised.
// Tests: tests/monitors/batch_summary_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/fixed_point.h"
#include "core/histogram.h"
#include "core/model.h"

namespace vigil::monitors {

// Columns of a model's output words that are counted word by word, ascending: those a seed cuts on.
std::vector<std::size_t> exact_output_words(const ModelInfo& model);

class ExactWords {
 public:
  explicit ExactWords(const FixedPoint& type);

  // Words within the type.
  void add(const std::int64_t* words, std::size_t n);
  // Adds all that came to `into` and forgets it.
  void move_to(WordCounts& into);

 private:
  void settle();

  std::int64_t lowest_ = 0;
  std::vector<std::uint32_t> dense_;   // by word - lowest_; empty for a wide type, and before the first words
  std::size_t size_ = 0;               // of dense_ once it is there; 0 for a wide type
  std::uint64_t counted_ = 0;          // in dense_
  std::vector<std::int64_t> waiting_;  // of a wide type: unsorted
  WordCounts settled_;
};

}  // namespace vigil::monitors
