#include "core/histogram.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace vigil {

Histogram& Histogram::operator+=(const Histogram& other) {
  if (other.counts_.empty()) return *this;
  if (counts_.empty()) return *this = other;
  assert(first_bin_ == other.first_bin_ && counts_.size() == other.counts_.size());
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  return *this;
}

std::uint64_t Histogram::total() const { return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}); }

std::uint64_t& WordCounts::operator[](std::int64_t word) {
  if (entries_.empty() || entries_.back().first < word) return entries_.emplace_back(word, 0).second;
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), word,
                                   [](const Entry& e, std::int64_t w) { return e.first < w; });
  return at->first == word ? at->second : entries_.emplace(at, word, 0)->second;
}

WordCounts& WordCounts::operator+=(const WordCounts& other) {
  if (other.entries_.empty()) return *this;
  if (entries_.empty()) return *this = other;
  std::vector<Entry> sum;
  sum.reserve(entries_.size() + other.entries_.size());
  auto a = entries_.begin();
  for (const Entry& b : other.entries_) {
    while (a != entries_.end() && a->first < b.first) sum.push_back(*a++);
    if (a != entries_.end() && a->first == b.first) {
      sum.emplace_back(b.first, a->second + b.second);
      ++a;
    } else {
      sum.push_back(b);
    }
  }
  sum.insert(sum.end(), a, entries_.end());
  entries_ = std::move(sum);
  return *this;
}

}  // namespace vigil
