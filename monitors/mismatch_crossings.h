// In which bunch crossings hardware and emulator were compared, and in which they disagreed: a fault of one slot of a
// multiplexed link, of a firmware's pipeline or of the first crossings of a train shows in some of them only. Used by
// the rules of mismatches. Exact counts; not synchronised.
// Tests: tests/monitors/mismatch_crossings_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "core/summary.h"
#include "core/verdict.h"

namespace vigil::monitors {

class CrossingTally {
 public:
  void add(const Summary& summary);
  MismatchCrossings crossings() const;

  // For the journal: bx, compared, disagreeing of every crossing with a compared event, ascending.
  std::vector<std::uint64_t> triples() const;
  // Of what triples() gave; false, and nothing changed, where it did not.
  [[nodiscard]] bool restore(const std::vector<std::uint64_t>& triples);

 private:
  std::vector<std::uint64_t> compared_ = std::vector<std::uint64_t>(lhc::kCrossingsPerOrbit);
  std::vector<std::uint64_t> disagreeing_ = std::vector<std::uint64_t>(lhc::kCrossingsPerOrbit);
};

// Of one summary.
MismatchCrossings mismatch_crossings(const Summary& summary);

}  // namespace vigil::monitors
