#include "ingest/decode_words.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "core/lhc.h"
#include "ingest/refusal_text.h"

namespace vigil::ingest {
namespace {

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

// One column after the other, each of the range of all its words.
bool columns_fit(const Column& words, const std::vector<Range>& ranges) {
  thread_local std::vector<Range> one;
  const auto column_bytes = words.rows * static_cast<std::size_t>(words.word_bytes);
  for (std::size_t c = 0; c < ranges.size(); ++c) {
    one.assign(1, ranges[c]);
    const void* const data = static_cast<const char*>(words.data) + c * column_bytes;
    if (!words_fit({data, words.word_bytes, words.is_signed, words.rows, 1}, one)) return false;
  }
  return true;
}

bool fit(const Column& words, const std::vector<Range>& ranges) {
  if (words.rows == 0 || ranges.empty()) return true;
  return words.by_columns ? columns_fit(words, ranges) : words_fit(words, ranges);
}

Range range_of(const InputColumn& column) {
  const FixedPoint& type = column.type;
  return column.integer_on_wire ? code_range(type) : Range{type.lowest(), type.highest(), 0};
}

bool holds(const Range& range, std::int64_t word) {
  return word >= range.lowest && word <= range.highest && (static_cast<std::uint64_t>(word) & range.zero) == 0;
}

}  // namespace

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
  for (const InputColumn& column : info.inputs) ranges.push_back(range_of(column));
  return fit(inputs, ranges);
}

bool outputs_fit(const Column& outputs, const ModelInfo& info) {
  thread_local std::vector<Range> ranges;
  ranges.clear();
  for (const Output& output : info.outputs) {
    ranges.insert(ranges.end(), output.words, Range{output.type.lowest(), output.type.highest(), 0});
  }
  return fit(outputs, ranges);
}

std::string orbit_refusal(const Column& orbit, std::uint32_t first, std::uint32_t last) {
  for (std::size_t i = 0; i < orbit.rows; ++i) {
    const auto value = load<std::uint32_t>(orbit.data, i);
    if (value >= first && value <= last) continue;
    return refusal("orbit, row " + std::to_string(i), std::to_string(value),
                   std::to_string(first) + ".." + std::to_string(last) + ", the batch's orbits");
  }
  return {};
}

std::string bx_refusal(const Column& bx) {
  for (std::size_t i = 0; i < bx.rows; ++i) {
    const auto value = load<std::uint16_t>(bx.data, i);
    if (lhc::is_crossing(value)) continue;
    return refusal("bx, row " + std::to_string(i), std::to_string(value),
                   "1.." + std::to_string(lhc::kCrossingsPerOrbit));
  }
  return {};
}

std::string inputs_refusal(const Column& inputs, const ModelInfo& info) {
  for (std::size_t row = 0; row < inputs.rows; ++row) {
    for (std::size_t c = 0; c < info.inputs.size(); ++c) {
      const InputColumn& column = info.inputs[c];
      const std::int64_t word = inputs.at(row, c);
      if (holds(range_of(column), word)) continue;
      return word_refusal("inputs", row, c, column.name, word, column.type, column.integer_on_wire);
    }
  }
  return {};
}

std::string outputs_refusal(const Column& outputs, const ModelInfo& info) {
  for (std::size_t row = 0; row < outputs.rows; ++row) {
    std::size_t c = 0;
    for (const Output& output : info.outputs) {
      for (std::size_t w = 0; w < output.words; ++w, ++c) {
        const std::int64_t word = outputs.at(row, c);
        if (output.type.holds(word)) continue;
        return word_refusal("hw_outputs", row, c, output.name, word, output.type, false);
      }
    }
  }
  return {};
}

}  // namespace vigil::ingest
