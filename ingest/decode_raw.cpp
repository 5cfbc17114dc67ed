// raw_inputs: integer codes of the wire become raw fixed-point words.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "ingest/decode.h"

namespace vigil::ingest {
namespace {

// raw = code * factor / 2^down; decode has made sure that the result is exact.
struct Scale {
  std::uint64_t factor = 1;
  int down = 0;
};

Scale scale_of(const InputColumn& column) {
  if (!column.integer_on_wire) return {};
  const int shift = column.type.fraction();
  if (shift >= 0) return {shift > 63 ? 0 : std::uint64_t{1} << shift, 0};  // at 2^64 and above the code is 0
  return {1, shift < -63 ? 63 : -shift};                                   // likewise: 0 >> 63
}

template <class Code, class Raw>
void widen(const Column& codes, const std::vector<Scale>& scales, char* out) {
  using Bits = std::make_unsigned_t<Raw>;
  const std::size_t columns = scales.size();
  thread_local std::vector<Bits> factors;
  factors.resize(columns);
  bool has_down = false;
  for (std::size_t c = 0; c < columns; ++c) {
    factors[c] = static_cast<Bits>(scales[c].factor);  // a factor above Raw belongs to codes that are 0
    has_down = has_down || scales[c].down > 0;
  }
  const Bits* const factor = factors.data();
  const char* in = static_cast<const char*>(codes.data);
  for (std::size_t row = 0; row < codes.rows; ++row) {
    for (std::size_t c = 0; c < columns; ++c) {
      Code code;
      std::memcpy(&code, in + c * sizeof(Code), sizeof(Code));
      const Bits raw = static_cast<Bits>(static_cast<Bits>(static_cast<Raw>(code)) * factor[c]);
      std::memcpy(out + c * sizeof(Raw), &raw, sizeof(Raw));
    }
    if (has_down) {
      for (std::size_t c = 0; c < columns; ++c) {
        if (scales[c].down == 0) continue;
        Code code;
        std::memcpy(&code, in + c * sizeof(Code), sizeof(Code));
        const Raw raw = static_cast<Raw>(std::int64_t{code} >> scales[c].down);
        std::memcpy(out + c * sizeof(Raw), &raw, sizeof(Raw));
      }
    }
    in += columns * sizeof(Code);
    out += columns * sizeof(Raw);
  }
}

// Codes one column after the other: rare where words are wider than 32 bits, so plain.
template <class Raw>
void widen_columns(const Column& codes, const std::vector<Scale>& scales, char* out) {
  using Bits = std::make_unsigned_t<Raw>;
  for (std::size_t c = 0; c < scales.size(); ++c) {
    const auto factor = static_cast<Bits>(scales[c].factor);
    for (std::size_t row = 0; row < codes.rows; ++row) {
      const std::int64_t code = codes.at(row, c);
      const Raw raw = scales[c].down > 0 ? static_cast<Raw>(code >> scales[c].down)
                                         : static_cast<Raw>(static_cast<Bits>(static_cast<Raw>(code)) * factor);
      std::memcpy(out + (row * scales.size() + c) * sizeof(Raw), &raw, sizeof(Raw));
    }
  }
}

template <class Raw>
WordsView widen(const Column& codes, const std::vector<Scale>& scales, std::vector<std::int64_t>& scratch) {
  const std::size_t columns = scales.size();
  scratch.resize((codes.rows * columns * sizeof(Raw) + sizeof(std::int64_t) - 1) / sizeof(std::int64_t));
  char* const out = reinterpret_cast<char*>(scratch.data());
  switch (codes.by_columns ? 0 : codes.word_bytes) {
    case 0:
      widen_columns<Raw>(codes, scales, out);
      break;
    case 1:
      widen<std::int8_t, Raw>(codes, scales, out);
      break;
    case 2:
      widen<std::int16_t, Raw>(codes, scales, out);
      break;
    default:
      widen<std::int32_t, Raw>(codes, scales, out);
      break;
  }
  return {out, sizeof(Raw), static_cast<std::ptrdiff_t>(sizeof(Raw) * columns), sizeof(Raw)};
}

}  // namespace

WordsView raw_inputs(const EventBatch& batch, const ModelInfo& info, std::vector<std::int64_t>& scratch) {
  const Column inputs = batch.inputs();
  if (!inputs.present()) return {};
  thread_local std::vector<Scale> scales;
  scales.clear();
  bool is_raw = true;
  bool is_narrow = true;  // every word fits 32 bits, of which the emulator reads twice as many a cycle
  for (const InputColumn& column : info.inputs) {
    scales.push_back(scale_of(column));
    is_raw = is_raw && !column.integer_on_wire;
    // A raw column brings a word of at most 32 bits whatever its type.
    is_narrow = is_narrow && (!column.integer_on_wire || column.type.width + (column.type.is_signed ? 0 : 1) <= 32);
  }
  if (is_raw) return inputs.view();
  return is_narrow ? widen<std::int32_t>(inputs, scales, scratch) : widen<std::int64_t>(inputs, scales, scratch);
}

bool inputs_fit_columns(const ModelInfo& info) {
  for (const InputColumn& column : info.inputs) {
    if (column.type.width + (column.type.is_signed ? 0 : 1) > 32) return false;
  }
  return true;
}

void raw_input_columns(const EventBatch& batch, const ModelInfo& info, std::size_t first, std::size_t rows,
                       WordColumns& out) {
  to_columns(batch.inputs().view(), first, rows, info.inputs.size(), out);
  for (std::size_t c = 0; rows > 0 && c < info.inputs.size(); ++c) {
    const Scale scale = scale_of(info.inputs[c]);
    std::int32_t* const words = out.column(c);
    if (scale.down > 0) {
      const int down = std::min(scale.down, 31);
      for (std::size_t r = 0; r < rows; ++r) words[r] >>= down;
    } else if (scale.factor != 1) {
      const auto factor = static_cast<std::uint32_t>(scale.factor);  // one above 32 bits belongs to codes that are 0
      for (std::size_t r = 0; r < rows; ++r) {
        words[r] = static_cast<std::int32_t>(static_cast<std::uint32_t>(words[r]) * factor);
      }
    }
  }
}

}  // namespace vigil::ingest
