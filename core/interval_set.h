// A sorted set of disjoint closed intervals of 64-bit integers: orbits a source covered, sequence numbers it used.
// Union is the merge of partial summaries. Not synchronised.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace vigil {

class IntervalSet {
 public:
  // Adds [first, last], first <= last; touching intervals join.
  void insert(std::uint64_t first, std::uint64_t last);
  // Takes [first, last] out, first <= last; what of it was in, in order. Costs what it takes out, not what is held.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> erase(std::uint64_t first, std::uint64_t last);
  bool contains(std::uint64_t value) const;
  std::uint64_t size() const;  // number of integers held (2^64 wraps)
  bool empty() const { return intervals_.empty(); }
  const std::map<std::uint64_t, std::uint64_t>& intervals() const { return intervals_; }  // first -> last

  IntervalSet& operator|=(const IntervalSet& other);
  IntervalSet& operator&=(const IntervalSet& other);
  bool operator==(const IntervalSet&) const = default;

 private:
  std::map<std::uint64_t, std::uint64_t> intervals_;
};

}  // namespace vigil
