// Sums of many words with a cast at every step: the tree of section 3 of docs/network_json.md. Used by reduce_sum,
// softmax and pool.
// Tests: tests/fpga_model/operations_test.cpp.
#pragma once

#include <bit>
#include <cstdint>

#include "fpga_model/caster.h"
#include "fpga_model/simd/planner.h"

namespace vigil::fpga_model {

// Sum in `type` of words of `type`, cast after every addition.
class TreeSum {
 public:
  TreeSum() = default;
  explicit TreeSum(const FixedPoint& type) : step_(type.fraction(), type.width + 1, type) {}

  std::int64_t add(std::int64_t a, std::int64_t b) const { return step_(Wide{a} + b); }

  // n >= 1; split at the largest power of two below n: 5 is 4+1, 13 is 8+5.
  std::int64_t operator()(const std::int64_t* v, std::size_t n) const {
    if (n == 1) return v[0];
    if (n == 2) return add(v[0], v[1]);
    const std::size_t left = std::bit_floor(n - 1);
    return add((*this)(v, left), (*this)(v + left, n - left));
  }

 private:
  Caster step_;
};

// The same as planned steps, for all vectors of n neighbouring elements of `terms` at once; words of `type`.
std::optional<Value> planned_tree(Planner& planner, const Value& terms, std::size_t n, const FixedPoint& type);
std::optional<Value> planned_sequence(Planner& planner, const Value& terms, std::size_t n, const FixedPoint& type);

}  // namespace vigil::fpga_model
