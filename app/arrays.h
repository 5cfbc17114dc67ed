// Event arrays in files -> raw words of a model's inputs, or plain numbers. Used by emulate, model bench,
// simulate, statistics, detect, rate-curve and lifetime.
// Tests: tests/contract/model_cases_test.py.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/model.h"
#include "fpga_model/package/npy.h"

namespace vigil::app {

// Raw input words [rows, inputs], row-major.
struct EventArray {
  std::size_t rows = 0;
  std::vector<std::int64_t> words;
};

// Reads a .npy of [n, inputs] (n = 0 allowed): integers are raw words, floats are real values, quantised to each
// column's type by its own rounding and overflow mode. Throws Error naming the file, and row and column of a word that
// does not fit.
EventArray read_events(const std::string& file, const ModelInfo& model);

// An array of one dimension. Throws Error naming the file where it is none.
fpga_model::NpyArray read_vector(const std::string& file);

// The values of any array; integers become the nearest doubles.
std::vector<double> reals(fpga_model::NpyArray array);

// Calls `work(first, last)` for pieces of [0, rows) on `jobs` threads; rethrows the first exception.
void for_each_piece(std::size_t rows, unsigned jobs, std::size_t piece,
                    const std::function<void(std::size_t first, std::size_t last)>& work);

}  // namespace vigil::app
