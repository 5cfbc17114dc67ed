// Turns a forest as its file says it into a ForestPlan: which lanes are wide enough, which sums are free of order, and
// the trees cut into unrolled pieces. Used by Conifer::fast.
// Tests: tests/fpga_model/forest_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fpga_model/simd/forest.h"

namespace vigil::fpga_model {

struct ForestSource {
  struct Node {
    bool leaf = true;
    bool weighted = false;
    std::int64_t value = 0;  // of a leaf
    std::int64_t limit = 0;  // left while the value compared is below it
    std::size_t left = 0, right = 0;
    std::size_t feature = 0;
    std::size_t first_term = 0, terms = 0;
  };
  FixedPoint input, threshold, weight, score;
  std::size_t features = 0;
  bool tree_sum = false;
  std::vector<ForestTerm> terms;
  std::vector<std::vector<std::vector<Node>>> trees;  // [class][tree], node 0 is the root
  std::vector<std::int64_t> initial;                  // of each class
};

struct PlannedForest {
  ForestPlan plan;
  std::string proof;  // one line for people
};

// None where the lanes have no exact or no sensible form: more than 4096 features, 2^20 nodes or 64 levels, sums beyond
// 64 bits.
std::optional<PlannedForest> plan_forest(const ForestSource& source);

}  // namespace vigil::fpga_model
