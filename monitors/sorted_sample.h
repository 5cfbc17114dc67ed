// A plain sample as statistics read it: NaN taken out and counted, -0 as +0, infinities as ordinary extreme values, in
// ascending order as keys that compare as the values do. Integers stay exact to 64 bits. Not synchronised.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vigil::monitors {

// A value as an unsigned number in the same order; no NaN.
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
constexpr std::uint64_t key_of(std::int64_t value) { return static_cast<std::uint64_t>(value) ^ kSign; }
constexpr std::uint64_t key_of(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);  // -0 + 0 = +0
  return bits ^ ((bits & kSign) != 0 ? ~std::uint64_t{0} : kSign);
}
constexpr double real_of_key(std::uint64_t key) {
  return std::bit_cast<double>(key ^ ((key & kSign) != 0 ? kSign : ~std::uint64_t{0}));
}
constexpr std::int64_t integer_of_key(std::uint64_t key) { return static_cast<std::int64_t>(key ^ kSign); }

// What was in a sample.
struct SampleCounts {
  std::uint64_t n = 0;  // without NaN
  std::uint64_t nan = 0;
  std::uint64_t minus_infinity = 0;
  std::uint64_t plus_infinity = 0;
};

class SortedSample {
 public:
  explicit SortedSample(std::span<const std::int64_t> values) { assign(values); }
  explicit SortedSample(std::span<const double> values) { assign(values); }
  // As constructed anew, in the memory it has.
  void assign(std::span<const std::int64_t> values);
  void assign(std::span<const double> values);

  std::span<const std::uint64_t> keys() const { return keys_; }
  bool is_integer() const { return is_integer_; }
  const SampleCounts& counts() const { return counts_; }

 private:
  std::vector<std::uint64_t> keys_, scratch_;
  bool is_integer_ = true;
  SampleCounts counts_;
};

// Distances of keys of one kind in a unit in which the whole range, `least` to `most`, is between 1 and 2: sums of them
// neither overflow nor vanish. Exact to the rounding of one double however far from 0 the values lie. Finite keys.
class Distances {
 public:
  Distances(bool is_integer, std::uint64_t least, std::uint64_t most);
  double operator()(std::uint64_t from, std::uint64_t to) const {
    if (is_integer_) return static_cast<double>(to - from) * scale_;
    return real_of_key(to) * scale_ - real_of_key(from) * scale_;
  }
  int exponent() const { return exponent_; }  // the unit is 2^exponent

 private:
  bool is_integer_;
  int exponent_ = 0;
  double scale_ = 1;
};

// `f(key, count in reference, count in sample)` of each distinct key of two ascending lists, ascending.
template <class F>
void for_each_cell(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> sample, F f) {
  std::size_t i = 0, j = 0;
  const std::size_t n = reference.size(), m = sample.size();
  while (i < n && j < m) {
    const std::uint64_t a = reference[i], b = sample[j], key = a < b ? a : b;
    std::int64_t c = a == key, d = b == key;
    i += static_cast<std::size_t>(c);
    j += static_cast<std::size_t>(d);
    for (; i < n && reference[i] == key; ++i) ++c;
    for (; j < m && sample[j] == key; ++j) ++d;
    f(key, c, d);
  }
  const auto rest = [&f](std::span<const std::uint64_t> keys, std::size_t at, bool of_reference) {
    while (at < keys.size()) {
      const std::uint64_t key = keys[at];
      std::int64_t count = 0;
      for (; at < keys.size() && keys[at] == key; ++at) ++count;
      f(key, of_reference ? count : 0, of_reference ? 0 : count);
    }
  };
  rest(reference, i, true);
  rest(sample, j, false);
}

}  // namespace vigil::monitors
