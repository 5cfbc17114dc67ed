#include "core/interval_set.h"

#include <algorithm>
#include <iterator>

namespace vigil {

void IntervalSet::insert(std::uint64_t first, std::uint64_t last) {
  auto next = intervals_.upper_bound(first);
  if (next != intervals_.begin()) {
    const auto before = std::prev(next);
    // `first - 1` cannot wrap: before->first <= first, and equality ends the test early.
    if (before->second >= first || before->second == first - 1) {
      if (before->second >= last) return;
      first = before->first;
      next = intervals_.erase(before);
    }
  }
  while (next != intervals_.end() && (next->first <= last || next->first - 1 == last)) {
    last = std::max(last, next->second);
    next = intervals_.erase(next);
  }
  intervals_.emplace_hint(next, first, last);
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> IntervalSet::erase(std::uint64_t first, std::uint64_t last) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
  auto it = intervals_.upper_bound(first);
  if (it != intervals_.begin() && std::prev(it)->second >= first) --it;
  while (it != intervals_.end() && it->first <= last) {
    const auto [a, b] = *it;
    out.emplace_back(std::max(a, first), std::min(b, last));
    it = intervals_.erase(it);
    if (a < first) intervals_.emplace_hint(it, a, first - 1);
    if (b > last) it = intervals_.emplace_hint(it, last + 1, b);
    if (b >= last) break;
  }
  return out;
}

bool IntervalSet::contains(std::uint64_t value) const {
  const auto next = intervals_.upper_bound(value);
  return next != intervals_.begin() && std::prev(next)->second >= value;
}

std::uint64_t IntervalSet::size() const {
  std::uint64_t size = 0;
  for (const auto& [first, last] : intervals_) size += last - first + 1;
  return size;
}

IntervalSet& IntervalSet::operator|=(const IntervalSet& other) {
  if (this == &other) return *this;
  for (const auto& [first, last] : other.intervals_) insert(first, last);
  return *this;
}

IntervalSet& IntervalSet::operator&=(const IntervalSet& other) {
  std::map<std::uint64_t, std::uint64_t> common;
  auto a = intervals_.begin();
  auto b = other.intervals_.begin();
  while (a != intervals_.end() && b != other.intervals_.end()) {
    const std::uint64_t first = std::max(a->first, b->first);
    const std::uint64_t last = std::min(a->second, b->second);
    if (first <= last) common.emplace_hint(common.end(), first, last);
    if (a->second < b->second) {
      ++a;
    } else {
      ++b;
    }
  }
  intervals_ = std::move(common);
  return *this;
}

}  // namespace vigil
