// Columns of a batch: their type string, shape, order and length. Used by decode. Copies nothing.
// Tests: tests/ingest/decode_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/event_batch.h"

namespace vigil::ingest {

// What a column's map may say.
struct ColumnRule {
  bool is_signed = true;
  unsigned word_bytes = 0;  // sum of the sizes allowed: 1, 2, 4, 8
  bool is_table = false;    // [n, columns], else [n]
  std::uint64_t most_columns = ~std::uint64_t{0};
};

// Reads the column `name` whose map begins `bytes` (which may go on behind it). `column` or `limits` where it breaks
// its rule: `detail` then says which. `columns`: as many as a table must have, if that is known.
[[nodiscard]] Rejection read_column(std::string_view name, std::string_view bytes, const ColumnRule& rule,
                                    std::uint32_t n, std::optional<std::size_t> columns, Column& out,
                                    std::string& detail);

}  // namespace vigil::ingest
