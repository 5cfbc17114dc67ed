// Cuts trees into full pieces of at most kUnrolledDepth levels, padding short branches, and appends them to the streams
// of a ForestPlan as steps. Used by the forest planner.
// Tests: tests/fpga_model/forest_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "fpga_model/simd/forest.h"

namespace vigil::fpga_model {

// A tree without nodes that decide nothing; node 0 is the root.
struct SmallTree {
  struct Node {
    bool leaf = true;
    int height = 0;
    std::uint32_t value = 0;
    std::int64_t limit = 0;
    std::int64_t score = 0;
    std::size_t left = 0, right = 0;
  };
  std::vector<Node> nodes;
  Interval scores;  // of its leaves
  bool has_scores = false;
};

class TreeCutter {
 public:
  using ValueOf = std::function<ForestValue(std::uint32_t)>;

  explicit TreeCutter(ForestPlan& plan) : plan_(plan) {}

  // `stacked`: scores are added as a tree, else one after the other.
  void begin_class(bool stacked);
  void compute(std::size_t first_value, std::size_t count);
  void flush();
  void add_tree(const SmallTree& tree, const ValueOf& value_of);
  void end_class();
  std::size_t slots() const { return slots_; }

 private:
  std::vector<ForestStep>& steps() { return plan_.steps.back(); }
  void push_node(std::uint32_t row, std::int64_t limit);
  void push_leaf(std::int64_t score);
  void fill(const SmallTree& tree, std::size_t node, int depth, const ValueOf& value_of, std::vector<std::size_t>* cut);
  ForestStep piece(const SmallTree& tree, std::size_t node, int depth, const ValueOf& value_of,
                   std::vector<std::size_t>* cut);
  void push_table(const ForestStep& piece);
  void into_slot(const SmallTree& tree, std::size_t node, std::uint32_t slot, const ValueOf& value_of);
  void use_slots(std::uint32_t end) { slots_ = std::max<std::size_t>(slots_, end); }

  ForestPlan& plan_;
  bool stacked_ = false;
  std::size_t trees_ = 0;
  std::uint32_t top_ = 0;  // slots of the stack
  std::size_t slots_ = 0;
};

}  // namespace vigil::fpga_model
