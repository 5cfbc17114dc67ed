// Words of a WordsView to and from lanes: column-wise arrays of 64 events, one event a lane, and the check of every
// word against its bounds. Used by the fast engines at their two ends. Knows nothing of types or layers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/model.h"
#include "fpga_model/fast_engine.h"
#include "fpga_model/simd_target.h"

namespace vigil::fpga_model {

inline constexpr std::size_t kColumnLanes = FastEngine::kLanes;

// Reads in[first + r, column], r < rows <= 64, into lanes[r]; lanes[rows..63] become 0. False, lanes undefined, when a
// word is outside lowest..highest. Precondition: lowest <= 0 <= highest, and both fit a lane. Fastest for a full block
// of a contiguous column (row_stride == word_bytes).
bool load_column(const WordsView& in, std::size_t first, std::size_t column, std::size_t rows, std::int64_t lowest,
                 std::int64_t highest, std::int16_t* lanes, SimdTarget target = best_simd_target());
bool load_column(const WordsView& in, std::size_t first, std::size_t column, std::size_t rows, std::int64_t lowest,
                 std::int64_t highest, std::int32_t* lanes, SimdTarget target = best_simd_target());
bool load_column(const WordsView& in, std::size_t first, std::size_t column, std::size_t rows, std::int64_t lowest,
                 std::int64_t highest, std::int64_t* lanes, SimdTarget target = best_simd_target());

// The same for columns first_column .. first_column + columns - 1, each with its own bounds: column c of them goes to
// lanes + c * 64. Row-major arrays (column_stride == word_bytes) are transposed tile by tile.
bool load_columns(const WordsView& in, std::size_t first, std::size_t first_column, std::size_t columns,
                  std::size_t rows, const std::int64_t* lowest, const std::int64_t* highest, std::int16_t* lanes,
                  SimdTarget target = best_simd_target());
bool load_columns(const WordsView& in, std::size_t first, std::size_t first_column, std::size_t columns,
                  std::size_t rows, const std::int64_t* lowest, const std::int64_t* highest, std::int32_t* lanes,
                  SimdTarget target = best_simd_target());
bool load_columns(const WordsView& in, std::size_t first, std::size_t first_column, std::size_t columns,
                  std::size_t rows, const std::int64_t* lowest, const std::int64_t* highest, std::int64_t* lanes,
                  SimdTarget target = best_simd_target());

// Writes lanes[r] to out[first + r, column], r < rows <= 64, keeping the low bytes.
void store_column(const std::int16_t* lanes, const MutableWordsView& out, std::size_t first, std::size_t column,
                  std::size_t rows, SimdTarget target = best_simd_target());
void store_column(const std::int32_t* lanes, const MutableWordsView& out, std::size_t first, std::size_t column,
                  std::size_t rows, SimdTarget target = best_simd_target());
void store_column(const std::int64_t* lanes, const MutableWordsView& out, std::size_t first, std::size_t column,
                  std::size_t rows, SimdTarget target = best_simd_target());

}  // namespace vigil::fpga_model
