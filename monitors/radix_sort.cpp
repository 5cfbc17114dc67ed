#include "monitors/radix_sort.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace vigil::monitors {
namespace {

constexpr int kDigit = 11;
constexpr std::size_t kBuckets = 1u << kDigit;
constexpr int kMostPasses = 3;
constexpr std::size_t kSmall = 512;  // below it comparing is faster

// Runs of keys equal in `keys >> shift` are unordered yet.
void order_runs(std::vector<std::uint64_t>& keys, int shift) {
  constexpr std::ptrdiff_t kShort = 16;
  for (auto first = keys.begin(); first != keys.end();) {
    auto last = first + 1;
    while (last != keys.end() && ((*last ^ *first) >> shift) == 0) ++last;
    if (last - first > kShort) {
      std::sort(first, last);
    } else {
      for (auto i = first + 1; i < last; ++i) {
        const std::uint64_t key = *i;
        auto at = i;
        for (; at != first && *(at - 1) > key; --at) *at = *(at - 1);
        *at = key;
      }
    }
    first = last;
  }
}

}  // namespace

void radix_sort(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& scratch) {
  const std::size_t n = keys.size();
  if (n < kSmall) {
    std::sort(keys.begin(), keys.end());
    return;
  }
  // Counted from the least, so that an offset common to all costs no pass.
  std::uint64_t least = keys[0], most = keys[0];
  for (const std::uint64_t key : keys) {
    least = std::min(least, key);
    most = std::max(most, key);
  }
  const int width = static_cast<int>(std::bit_width(most - least));
  const int passes = std::min(kMostPasses, (width + kDigit - 1) / kDigit);
  const int shift = std::max(0, width - passes * kDigit);
  std::array<std::array<std::uint32_t, kBuckets>, kMostPasses> counts{};
  const auto digit = [&](std::uint64_t key, int pass) {
    return static_cast<std::size_t>((key - least) >> (shift + pass * kDigit)) & (kBuckets - 1);
  };
  for (const std::uint64_t key : keys) {
    for (int pass = 0; pass < passes; ++pass) ++counts[static_cast<std::size_t>(pass)][digit(key, pass)];
  }
  scratch.resize(n);
  for (int pass = 0; pass < passes; ++pass) {
    std::array<std::uint64_t*, kBuckets> next;
    std::uint64_t* at = scratch.data();
    for (std::size_t b = 0; b < kBuckets; ++b) {
      next[b] = at;
      at += counts[static_cast<std::size_t>(pass)][b];
    }
    for (const std::uint64_t key : keys) *next[digit(key, pass)]++ = key;
    keys.swap(scratch);
  }
  if (shift > 0) order_runs(keys, shift);
}

}  // namespace vigil::monitors
