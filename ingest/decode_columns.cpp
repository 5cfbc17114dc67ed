#include "ingest/decode_columns.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "core/lhc.h"
#include "ingest/msgpack_cursor.h"

namespace vigil::ingest {
namespace {

using Kind = MsgpackToken::Kind;

// numpy's type string of a little-endian integer: <i2, |u1, ... 0: anything else.
int word_bytes_of(std::string_view type, bool is_signed) {
  if (type.size() != 3 || type[1] != (is_signed ? 'i' : 'u')) return 0;
  if (type[2] == '1') return type[0] == '<' || type[0] == '|' ? 1 : 0;  // one byte has no order
  if (type[0] != '<') return 0;
  return type[2] == '2' ? 2 : type[2] == '4' ? 4 : type[2] == '8' ? 8 : 0;
}

struct ColumnMap {
  std::string_view type, data;
  std::uint64_t shape[2] = {0, 1};
  bool has_type = false, has_shape = false, has_data = false;
};

// False: a key that is unknown, absent or there twice, or a value of another type.
bool read_map(std::string_view bytes, std::size_t dimensions, ColumnMap& map) {
  MsgpackCursor cursor(bytes);
  MsgpackToken head;
  if (!cursor.read(head) || head.kind != Kind::map || head.count != 3) return false;
  for (int i = 0; i < 3; ++i) {
    MsgpackToken name, value;
    if (!cursor.read(name) || name.kind != Kind::text || !cursor.read(value)) return false;
    if (name.bytes == "t") {
      if (map.has_type || value.kind != Kind::text) return false;
      map.has_type = true;
      map.type = value.bytes;
    } else if (name.bytes == "s") {
      if (map.has_shape || value.kind != Kind::array || value.count != dimensions) return false;
      map.has_shape = true;
      for (std::size_t d = 0; d < dimensions; ++d) {
        MsgpackToken size;
        if (!cursor.read(size) || size.kind != Kind::integer) return false;
        map.shape[d] = size.natural;
      }
    } else if (name.bytes == "d") {
      if (map.has_data || value.kind != Kind::binary) return false;
      map.has_data = true;
      map.data = value.bytes;
    } else {
      return false;
    }
  }
  return map.has_type && map.has_shape && map.has_data;
}

template <class T>
T load(const void* words, std::size_t index) {
  T word;
  std::memcpy(&word, static_cast<const char*>(words) + index * sizeof(T), sizeof(T));
  return word;
}

// What a word of one column may be: lowest..highest, and none of the bits of `zero` set.
struct Range {
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
  std::uint64_t zero = 0;
};

// Codes c whose word c * 2^F is one of the type's. A type's lowest word is never above 0, its highest never below.
Range code_range(const FixedPoint& type) {
  const int shift = type.fraction();
  if (shift > 63 || shift < -63) return {};  // 0 alone
  if (shift >= 0) {
    // Both towards 0; shifts of what is not below 0 are cheap divisions.
    return {static_cast<std::int64_t>(-(-Wide{type.lowest()} >> shift)), type.highest() >> shift, 0};
  }
  const Wide scale = Wide{1} << -shift;
  const auto scaled = [scale](std::int64_t limit) {
    const Wide least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::clamp(limit * scale, least, most));
  };
  return {scaled(type.lowest()), scaled(type.highest()), static_cast<std::uint64_t>(scale) - 1};
}

// Rows are laid end to end, so the ranges of a few rows are too: a single column is checked as fast as sixty.
constexpr std::size_t kWordsAtOnce = 256;

// Comparisons become masks of all ones, which is what vector instructions make of them.
template <bool kHasZero, class T>
[[gnu::always_inline]] inline bool words_fit(const char* words, std::size_t total, std::size_t period, const T* low,
                                             const T* high, const T* none) {
  for (std::size_t at = 0; at < total; at += period) {
    const std::size_t count = std::min(period, total - at);
    const char* const from = words + at * sizeof(T);
    T bad = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const T word = load<T>(from, i);
      bad = static_cast<T>(bad | (word < low[i] ? T{-1} : T{0}) | (word > high[i] ? T{-1} : T{0}));
      if constexpr (kHasZero) bad = static_cast<T>(bad | (word & none[i]));
    }
    if (bad != 0) return false;
  }
  return true;
}

// In the widest vectors this machine has; the same answer on every machine.
template <bool kHasZero, class T>
bool fit_plain(const char* words, std::size_t total, std::size_t period, const T* low, const T* high, const T* none) {
  return words_fit<kHasZero>(words, total, period, low, high, none);
}
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
template <bool kHasZero, class T>
[[gnu::target("arch=x86-64-v3")]] bool fit_v3(const char* words, std::size_t total, std::size_t period, const T* low,
                                              const T* high, const T* none) {
  return words_fit<kHasZero>(words, total, period, low, high, none);
}
template <bool kHasZero, class T>
[[gnu::target("arch=x86-64-v4,prefer-vector-width=512")]] bool fit_v4(const char* words, std::size_t total,
                                                                      std::size_t period, const T* low, const T* high,
                                                                      const T* none) {
  return words_fit<kHasZero>(words, total, period, low, high, none);
}
template <bool kHasZero, class T>
auto choose_fit() {
  return __builtin_cpu_supports("x86-64-v4")   ? &fit_v4<kHasZero, T>
         : __builtin_cpu_supports("x86-64-v3") ? &fit_v3<kHasZero, T>
                                               : &fit_plain<kHasZero, T>;
}
#else
template <bool kHasZero, class T>
auto choose_fit() {
  return &fit_plain<kHasZero, T>;
}
#endif

template <class T>
bool words_fit(const Column& words, const std::vector<Range>& ranges) {
  using Bits = std::make_unsigned_t<T>;
  constexpr T kLeast = std::numeric_limits<T>::min(), kMost = std::numeric_limits<T>::max();
  const std::size_t columns = ranges.size();
  const std::size_t rows = std::max<std::size_t>(1, std::min(words.rows, kWordsAtOnce / columns));
  thread_local std::vector<T> lowest, highest, zero;
  lowest.clear();
  highest.clear();
  zero.clear();
  bool holds_all = true;
  bool has_zero = false;
  for (const Range& range : ranges) {
    lowest.push_back(static_cast<T>(std::max(range.lowest, std::int64_t{kLeast})));
    highest.push_back(static_cast<T>(std::min(range.highest, std::int64_t{kMost})));
    zero.push_back(static_cast<T>(static_cast<Bits>(range.zero)));
    holds_all = holds_all && lowest.back() == kLeast && highest.back() == kMost;
    has_zero = has_zero || zero.back() != 0;
  }
  if (holds_all && !has_zero) return true;
  for (std::vector<T>* limits : {&lowest, &highest, &zero}) {
    if (limits == &zero && !has_zero) break;
    limits->resize(rows * columns);
    for (std::size_t row = 1; row < rows; ++row) {
      std::copy_n(limits->data(), columns, limits->data() + row * columns);
    }
  }
  const char* const from = static_cast<const char*>(words.data);
  const std::size_t total = words.rows * columns;
  static const auto with_zero = choose_fit<true, T>();
  static const auto without = choose_fit<false, T>();
  return (has_zero ? with_zero : without)(from, total, lowest.size(), lowest.data(), highest.data(), zero.data());
}

bool words_fit(const Column& words, const std::vector<Range>& ranges) {
  if (words.rows == 0 || ranges.empty()) return true;
  switch (words.word_bytes) {
    case 1:
      return words_fit<std::int8_t>(words, ranges);
    case 2:
      return words_fit<std::int16_t>(words, ranges);
    case 4:
      return words_fit<std::int32_t>(words, ranges);
    default:
      return words_fit<std::int64_t>(words, ranges);
  }
}

}  // namespace

Rejection read_column(std::string_view bytes, const ColumnRule& rule, std::uint32_t n, Column& out) {
  ColumnMap map;
  if (!read_map(bytes, rule.is_table ? 2 : 1, map)) return Rejection::column;
  const int word_bytes = word_bytes_of(map.type, rule.is_signed);
  if (word_bytes == 0 || (rule.word_bytes & static_cast<unsigned>(word_bytes)) == 0) return Rejection::column;
  const auto [rows, columns] = map.shape;
  if (columns > rule.most_columns) return Rejection::limits;
  if (rows != n) return Rejection::column;
  // n is at most 2^32 and a word 8 bytes: the product fits 128 bits.
  const auto words = static_cast<unsigned __int128>(rows) * columns;
  if (words * static_cast<unsigned>(word_bytes) != map.data.size()) return Rejection::column;
  out = {map.data.data(), word_bytes, rule.is_signed, static_cast<std::size_t>(rows),
         static_cast<std::size_t>(columns)};
  return Rejection::none;
}

bool orbits_inside(const Column& orbit, std::uint32_t first, std::uint32_t last) {
  const std::uint32_t span = last - first;
  std::uint32_t outside = 0;
  for (std::size_t i = 0; i < orbit.rows; ++i) {
    outside |= static_cast<std::uint32_t>(load<std::uint32_t>(orbit.data, i) - first > span);
  }
  return outside == 0;
}

bool bx_inside(const Column& bx) {
  static_assert(lhc::is_crossing(1) && !lhc::is_crossing(0));
  std::uint16_t outside = 0;
  for (std::size_t i = 0; i < bx.rows; ++i) {
    const auto above_first = static_cast<std::uint16_t>(load<std::uint16_t>(bx.data, i) - 1);  // 0 becomes 65535
    outside = static_cast<std::uint16_t>(outside | (above_first >= lhc::kCrossingsPerOrbit));
  }
  return outside == 0;
}

bool inputs_fit(const Column& inputs, const ModelInfo& info) {
  thread_local std::vector<Range> ranges;
  ranges.clear();
  for (const InputColumn& column : info.inputs) {
    const FixedPoint& type = column.type;
    ranges.push_back(column.integer_on_wire ? code_range(type) : Range{type.lowest(), type.highest(), 0});
  }
  return words_fit(inputs, ranges);
}

bool outputs_fit(const Column& outputs, const ModelInfo& info) {
  thread_local std::vector<Range> ranges;
  ranges.clear();
  for (const Output& output : info.outputs) {
    ranges.insert(ranges.end(), output.words, Range{output.type.lowest(), output.type.highest(), 0});
  }
  return words_fit(outputs, ranges);
}

}  // namespace vigil::ingest
