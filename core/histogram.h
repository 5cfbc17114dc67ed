// Exact integer histograms of hardware words: bins fixed by the type alone, so any two of one type can be merged by
// addition. Bins are sign and log-linear: exact below 32, then 16 bins an octave. Used by summaries and statistics. No
// floating point.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/fixed_point.h"

namespace vigil {

// Signed bin index of a word: sign(w) * b(|w|), b(m) = m for m < 32, else 32 + 16*(e-5) + (top four bits below the
// leading one of m), e = floor(log2 m). Monotone in w; bin 0 holds only 0.
constexpr std::int32_t bin_of(std::int64_t word) {
  const std::uint64_t m = word < 0 ? ~static_cast<std::uint64_t>(word) + 1 : static_cast<std::uint64_t>(word);
  std::int32_t b = 0;
  if (m < 32) {
    b = static_cast<std::int32_t>(m);
  } else {
    const int e = 63 - std::countl_zero(m);
    b = 32 + 16 * (e - 5) + static_cast<std::int32_t>((m >> (e - 4)) & 15);
  }
  return word < 0 ? -b : b;
}

// Smallest magnitude in bin |bin|; the bin holds magnitudes [bin_magnitude(b), bin_magnitude(b+1)).
constexpr std::uint64_t bin_magnitude(std::int32_t bin) {
  const std::uint64_t b = static_cast<std::uint64_t>(bin < 0 ? -bin : bin);
  if (b < 32) return b;
  const std::uint64_t e = (b - 32) / 16 + 5;
  return e > 63 ? ~0ull : (16 + (b - 32) % 16) << (e - 4);
}

// Counts of words of one type. Holds bins bin_of(lowest)..bin_of(highest).
class Histogram {
 public:
  Histogram() = default;
  explicit Histogram(const FixedPoint& type) : Histogram(bin_of(type.lowest()), bin_of(type.highest())) {}
  Histogram(std::int32_t first_bin, std::int32_t last_bin)
      : first_bin_(first_bin), counts_(static_cast<std::size_t>(last_bin - first_bin + 1)) {}

  // Undefined for a word outside the type.
  void fill(std::int64_t word) { ++counts_[static_cast<std::size_t>(bin_of(word) - first_bin_)]; }
  // `bin` within first_bin()..last_bin().
  void add(std::int32_t bin, std::uint64_t count) { counts_[static_cast<std::size_t>(bin - first_bin_)] += count; }
  // Both must have the same bins (asserted), or one may be empty.
  Histogram& operator+=(const Histogram& other);

  std::int32_t first_bin() const { return first_bin_; }
  std::int32_t last_bin() const { return first_bin_ + static_cast<std::int32_t>(counts_.size()) - 1; }
  const std::vector<std::uint64_t>& counts() const { return counts_; }  // index 0 is first_bin()
  std::uint64_t total() const;
  bool operator==(const Histogram&) const = default;

 private:
  std::int32_t first_bin_ = 0;
  std::vector<std::uint64_t> counts_;
};

// Every word of an output that a seed cuts on, with its count: what the threshold solver needs. Ascending words, none
// twice, side by side in memory.
class WordCounts {
 public:
  using Entry = std::pair<std::int64_t, std::uint64_t>;  // word, count

  // The count of a word, made 0 if it is new. Linear time for a word below the highest; see += for many.
  std::uint64_t& operator[](std::int64_t word);
  // Linear time in the sizes of both.
  WordCounts& operator+=(const WordCounts& other);
  // A word above all others.
  void append(std::int64_t word, std::uint64_t count) { entries_.emplace_back(word, count); }
  void reserve(std::size_t words) { entries_.reserve(words); }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  auto rbegin() const { return entries_.rbegin(); }
  auto rend() const { return entries_.rend(); }
  bool operator==(const WordCounts&) const = default;

 private:
  std::vector<Entry> entries_;
};

}  // namespace vigil
