// Columns of a batch: their type string, shape and length, and checks of the words they hold, a few instructions a
// word. Used by decode. Copies nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/event_batch.h"
#include "core/model.h"

namespace vigil::ingest {

// What a column's map may say.
struct ColumnRule {
  bool is_signed = true;
  unsigned word_bytes = 0;  // sum of the sizes allowed: 1, 2, 4, 8
  bool is_table = false;    // [n, columns], else [n]
  std::uint64_t most_columns = ~std::uint64_t{0};
};

// Reads the column whose map begins `bytes` (which may go on behind it). `column` or `limits` where it breaks its rule.
[[nodiscard]] Rejection read_column(std::string_view bytes, const ColumnRule& rule, std::uint32_t n, Column& out);

// Every orbit in first..last; every bx a bunch crossing.
bool orbits_inside(const Column& orbit, std::uint32_t first, std::uint32_t last);
bool bx_inside(const Column& bx);

// Every input word, or code times 2^F, in its column's type; every output word in its output's. Shapes must agree.
bool inputs_fit(const Column& inputs, const ModelInfo& info);
bool outputs_fit(const Column& outputs, const ModelInfo& info);

}  // namespace vigil::ingest
