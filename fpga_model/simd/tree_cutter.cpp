#include "fpga_model/simd/tree_cutter.h"

#include <algorithm>
#include <bit>

namespace vigil::fpga_model {
namespace {

template <class Streams>
void push(Streams& streams, Lane lane, std::int64_t word) {
  switch (lane) {
    case Lane::i16:
      return std::get<0>(streams).push_back(static_cast<std::int16_t>(word));
    case Lane::i32:
      return std::get<1>(streams).push_back(static_cast<std::int32_t>(word));
    case Lane::i64:
      return std::get<2>(streams).push_back(word);
  }
}

std::size_t length(
    const std::tuple<std::vector<std::int16_t>, std::vector<std::int32_t>, std::vector<std::int64_t>>& s) {
  return std::get<0>(s).size() + std::get<1>(s).size() + std::get<2>(s).size();  // one of them is used
}

}  // namespace

void TreeCutter::begin_class(bool stacked) {
  plan_.steps.emplace_back();
  stacked_ = stacked;
  trees_ = 0;
  top_ = 0;
}

void TreeCutter::compute(std::size_t first_value, std::size_t count) {
  ForestStep step;
  step.op = ForestOp::values;
  step.first = static_cast<std::uint32_t>(first_value);
  step.count = static_cast<std::uint32_t>(count);
  steps().push_back(step);
}

void TreeCutter::flush() {
  ForestStep step;
  step.op = ForestOp::flush;
  steps().push_back(step);
}

void TreeCutter::push_node(std::uint32_t row, std::int64_t limit) {
  plan_.rows.push_back(row);
  push(plan_.limits, plan_.tree_lane, limit);
}

void TreeCutter::push_leaf(std::int64_t score) { push(plan_.leaves, plan_.tree_lane, score); }

// Level by level: the nodes of a full tree, where a leaf above the last level repeats itself below.
void TreeCutter::fill(const SmallTree& tree, std::size_t node, int depth, const ValueOf& value_of,
                      std::vector<std::size_t>* cut) {
  std::vector<std::size_t> level = {node};
  for (int d = 0; d < depth; ++d) {
    std::vector<std::size_t> next;
    for (const std::size_t i : level) {
      const SmallTree::Node& at = tree.nodes[i];
      if (at.leaf) {
        push_node(0, 0);  // both ways lead to the same leaf
        next.insert(next.end(), {i, i});
        continue;
      }
      const ForestValue value = value_of(at.value);
      push_node(value.row, at.limit - value.offset);
      next.insert(next.end(), {at.left, at.right});
    }
    level = std::move(next);
  }
  if (cut != nullptr) {
    *cut = std::move(level);
  } else {
    for (const std::size_t i : level) push_leaf(tree.nodes[i].score);
  }
}

ForestStep TreeCutter::piece(const SmallTree& tree, std::size_t node, int depth, const ValueOf& value_of,
                             std::vector<std::size_t>* cut) {
  ForestStep step;
  step.depth = static_cast<std::uint8_t>(depth);
  step.count = 1;
  step.first = static_cast<std::uint32_t>(plan_.rows.size());
  step.leaf = static_cast<std::uint32_t>(length(plan_.leaves));
  fill(tree, node, depth, value_of, cut);
  return step;
}

// The nodes and leaves of a piece again, in the order of ForestTable.
void TreeCutter::push_table(const ForestStep& piece) {
  if (plan_.tree_lane != Lane::i16) return;
  ForestTable& table = plan_.tables.emplace_back();
  std::size_t node = piece.first;
  for (std::size_t level = 1; level < std::size_t{1} << piece.depth; level *= 2) {
    for (std::size_t at = level; at-- > 0; ++node) {
      table.words[level + at] = std::get<0>(plan_.limits)[node];
      table.rows[level + at] = plan_.rows[node];
    }
  }
  const std::size_t leaves = std::size_t{1} << piece.depth;
  for (std::size_t i = 0; i < leaves; ++i) table.words[2 * leaves - 1 - i] = std::get<0>(plan_.leaves)[piece.leaf + i];
}

void TreeCutter::into_slot(const SmallTree& tree, std::size_t node, std::uint32_t slot, const ValueOf& value_of) {
  use_slots(slot + 1);
  const int height = std::max(tree.nodes[node].height, 1);
  if (height <= kUnrolledDepth) {
    ForestStep step = piece(tree, node, height, value_of, nullptr);
    step.op = ForestOp::branch;
    step.out = slot;
    steps().push_back(step);
    return;
  }
  std::vector<std::size_t> cut;
  ForestStep step = piece(tree, node, (height - 1) % kUnrolledDepth + 1, value_of, &cut);
  step.op = ForestOp::join;
  step.in = slot + 1;
  step.out = slot;
  for (std::size_t i = 0; i < cut.size(); ++i)
    into_slot(tree, cut[i], slot + 1 + static_cast<std::uint32_t>(i), value_of);
  steps().push_back(step);
}

void TreeCutter::add_tree(const SmallTree& tree, const ValueOf& value_of) {
  const int height = std::max(tree.nodes[0].height, 1);
  if (stacked_) {
    into_slot(tree, 0, top_++, value_of);
    // As a binary counter: this is the tree that splits at the largest power of two below n.
    ++trees_;
    for (int i = 0; i < std::countr_zero(trees_); ++i) {
      ForestStep step;
      step.op = ForestOp::merge;
      step.in = --top_;
      step.out = top_ - 1;
      steps().push_back(step);
    }
    return;
  }
  if (height > kUnrolledDepth || plan_.sum == ForestSum::general) {
    into_slot(tree, 0, 0, value_of);
    ForestStep step;
    step.op = ForestOp::fold_slot;
    steps().push_back(step);
    return;
  }
  ForestStep step = piece(tree, 0, height, value_of, nullptr);
  step.op = ForestOp::fold;
  step.table = static_cast<std::uint32_t>(plan_.tables.size());
  push_table(step);
  if (!steps().empty() && steps().back().op == ForestOp::fold && steps().back().depth == step.depth) {
    ++steps().back().count;
  } else {
    steps().push_back(step);
  }
}

void TreeCutter::end_class() {
  if (!stacked_ || top_ == 0) return;
  for (; top_ > 1; --top_) {
    ForestStep step;
    step.op = ForestOp::merge;
    step.in = top_ - 1;
    step.out = top_ - 2;
    steps().push_back(step);
  }
  ForestStep step;
  step.op = ForestOp::fold_slot;
  steps().push_back(step);
}

}  // namespace vigil::fpga_model
