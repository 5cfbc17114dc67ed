#include "core/histogram.h"

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

}  // namespace vigil
