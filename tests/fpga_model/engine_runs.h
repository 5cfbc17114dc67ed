// Runs an engine on rows of input words, by the reference path and by a fast one. For tests that compare the two.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "fpga_model/engine.h"

namespace vigil::fpga_model {

struct EngineResult {
  Status status = Status::ok;
  std::vector<std::int64_t> words;  // [rows, output words]
};

inline std::size_t input_words(const Engine& engine) {
  std::size_t n = 0;
  for (std::size_t t = 0; t < engine.input_tensors(); ++t) n += engine.tensors()[t].words;
  return n;
}

inline std::size_t output_words(const Engine& engine) {
  std::size_t n = 0;
  for (const std::size_t t : engine.outputs()) n += engine.tensors()[t].words;
  return n;
}

// All tensors of all rows, tensor by tensor: [rows, words] each.
inline std::vector<std::vector<std::int64_t>> reference_tensors(const Engine& engine,
                                                                const std::vector<std::int64_t>& inputs,
                                                                std::size_t rows, Status& status) {
  std::vector<std::int64_t> words(engine.words() * rows);
  std::vector<std::int64_t> scratch(engine.scratch_words());
  const Block block = {words.data(), scratch.data(), rows, rows};
  const std::size_t columns = input_words(engine);
  std::size_t column = 0;
  for (std::size_t t = 0; t < engine.input_tensors(); ++t) {
    const std::size_t n = engine.tensors()[t].words;
    for (std::size_t r = 0; r < rows; ++r)
      std::copy_n(inputs.data() + r * columns + column, n, engine.tensor(block, t) + r * n);
    column += n;
  }
  status = rows == 0 ? Status::ok : engine.run(block);
  std::vector<std::vector<std::int64_t>> tensors;
  for (std::size_t t = 0; t < engine.tensors().size(); ++t) {
    const std::int64_t* from = engine.tensor(block, t);
    tensors.emplace_back(from, from + engine.tensors()[t].words * rows);
  }
  return tensors;
}

inline EngineResult reference_outputs(const Engine& engine, const std::vector<std::int64_t>& inputs, std::size_t rows) {
  EngineResult result;
  const auto tensors = reference_tensors(engine, inputs, rows, result.status);
  for (std::size_t r = 0; r < rows; ++r) {
    for (const std::size_t t : engine.outputs()) {
      const std::size_t n = engine.tensors()[t].words;
      const auto from = tensors[t].begin() + static_cast<std::ptrdiff_t>(r * n);
      result.words.insert(result.words.end(), from, from + static_cast<std::ptrdiff_t>(n));
    }
  }
  return result;
}

// As the package does it: blocks of 64, one workspace whose old content must not matter.
inline EngineResult fast_outputs(const Engine& engine, const FastEngine& fast, const std::vector<std::int64_t>& inputs,
                                 std::size_t rows) {
  EngineResult result;
  result.words.assign(rows * output_words(engine), 0x5555);
  const std::size_t bytes = (fast.workspace_bytes() + 63) / 64 * 64;
  const std::unique_ptr<std::byte, decltype(&std::free)> workspace(
      static_cast<std::byte*>(std::aligned_alloc(64, std::max<std::size_t>(bytes, 64))), &std::free);
  std::fill_n(workspace.get(), bytes, std::byte{0xa5});
  const WordsView in = words_of(inputs.data(), input_words(engine));
  const MutableWordsView out = mutable_words_of(result.words.data(), output_words(engine));
  for (std::size_t first = 0; first < rows; first += FastEngine::kLanes) {
    result.status = fast.run(in, out, first, std::min(FastEngine::kLanes, rows - first), workspace.get());
    if (result.status != Status::ok) break;
  }
  return result;
}

// Random input words: uniform, small, and at the ends; some rows all lowest, all highest or all zero.
inline std::vector<std::int64_t> random_inputs(const Engine& engine, std::size_t rows, std::mt19937_64& random) {
  std::vector<std::int64_t> words;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::uint64_t kind = random() % 16;
    for (std::size_t t = 0; t < engine.input_tensors(); ++t) {
      const FixedPoint& type = engine.tensors()[t].type;
      for (std::size_t i = 0; i < engine.tensors()[t].words; ++i) {
        const std::uint64_t bits = random();
        const int drop = kind < 8 ? 0 : static_cast<int>(random() % static_cast<std::uint64_t>(type.width));
        const int spare = 64 - type.width + (type.is_signed ? 0 : 0);
        std::int64_t word = type.is_signed ? static_cast<std::int64_t>(bits << spare) >> spare
                                           : static_cast<std::int64_t>(bits >> spare);
        word >>= drop;
        if (kind == 13 || (kind == 12 && bits % 5 == 0)) word = type.lowest();
        if (kind == 14 || (kind == 12 && bits % 5 == 1)) word = type.highest();
        if (kind == 15) word = 0;
        words.push_back(word);
      }
    }
  }
  return words;
}

}  // namespace vigil::fpga_model
