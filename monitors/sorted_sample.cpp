#include "monitors/sorted_sample.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "monitors/radix_sort.h"

namespace vigil::monitors {

void SortedSample::assign(std::span<const std::int64_t> values) {
  is_integer_ = true;
  keys_.resize(values.size());
  std::transform(values.begin(), values.end(), keys_.begin(), [](std::int64_t v) { return key_of(v); });
  counts_ = {keys_.size(), 0, 0, 0};
  radix_sort(keys_, scratch_);
}

void SortedSample::assign(std::span<const double> values) {
  is_integer_ = false;
  keys_.resize(values.size());
  std::size_t n = 0;
  for (const double v : values) {
    keys_[n] = key_of(v);
    n += !std::isnan(v);
  }
  keys_.resize(n);
  radix_sort(keys_, scratch_);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto many = [this](double value) {
    const auto [first, last] = std::equal_range(keys_.begin(), keys_.end(), key_of(value));
    return static_cast<std::uint64_t>(last - first);
  };
  counts_ = {n, values.size() - n, many(-kInfinity), many(kInfinity)};
}

Distances::Distances(bool is_integer, std::uint64_t least, std::uint64_t most) : is_integer_(is_integer) {
  if (most == least) return;
  if (is_integer) {
    exponent_ = static_cast<int>(std::bit_width(most - least)) - 1;
  } else {
    // Halves, as the range of finite numbers may be none.
    exponent_ = std::max(std::ilogb(real_of_key(most) / 2 - real_of_key(least) / 2) + 1, -1020);
  }
  scale_ = std::ldexp(1.0, -exponent_);
}

}  // namespace vigil::monitors
