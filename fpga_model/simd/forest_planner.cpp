#include "fpga_model/simd/forest_planner.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "fpga_model/simd/tree_cutter.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model {
namespace {

constexpr std::size_t kMaxFeatures = 4096;
constexpr std::size_t kMaxNodes = std::size_t{1} << 20;
constexpr std::size_t kMaxWorkspace = std::size_t{1} << 24;
constexpr std::size_t kMaxSharedValues = 256;
constexpr int kMaxHeight = 64;

class Planner {
 public:
  explicit Planner(const ForestSource& source) : source_(source) {}

  std::optional<PlannedForest> run() {
    if (source_.features > kMaxFeatures) return {};
    plan_values();
    for (const auto& trees : source_.trees) {
      classes_.emplace_back();
      for (const auto& tree : trees) {
        SmallTree small;
        if (!prune(tree, resolve(tree, 0), 0, small) || nodes_ > kMaxNodes) return {};
        classes_.back().push_back(std::move(small));
      }
    }
    if (!choose_sum() || !choose_lanes()) return {};
    place_rows();
    cut_trees();
    if (plan_.bytes > kMaxWorkspace) return {};
    return PlannedForest{std::move(plan_), proof()};
  }

 private:
  // Casts, and the range of what a node compares.
  void plan_values() {
    const Interval input = words_of_type(source_.input);
    plan_.features = source_.features;
    plan_.lowest.assign(source_.features, source_.input.lowest());
    plan_.highest.assign(source_.features, source_.input.highest());
    plan_.input_caster = Caster(source_.input, source_.threshold);
    value_bits_ = lane_bits(input);
    const auto cast = plan_cast(input, source_.input.fraction(), source_.threshold);
    plain_range_ = cast ? cast->result : words_of_type(source_.threshold);
    plan_.casts = !cast || !cast->plan.changes_nothing();
    plan_.general_cast = !cast;
    if (cast) plan_.cast = cast->plan;
    if (cast && plan_.casts) value_bits_ = std::max(value_bits_, cast->bits);
    plan_terms(input);
    if (plan_.general_cast) value_bits_ = std::max(value_bits_, lane_bits(words_of_type(source_.threshold)));
  }

  void plan_terms(const Interval& input) {
    if (source_.terms.empty()) return;
    const FixedPoint product = product_type(source_.input, source_.weight);
    const FixedPoint sum = sum_type(source_.threshold, product);
    plan_.term_caster = Caster(sum, source_.threshold);
    plan_.value_shift = sum.fraction() - source_.threshold.fraction();
    const int product_shift = sum.fraction() - product.fraction();
    plan_.value_factor = Wide{1} << plan_.value_shift;
    plan_.product_factor = Wide{1} << product_shift;
    weighted_range_ = words_of_type(source_.threshold);
    Interval terms;
    for (const ForestTerm& term : source_.terms) {
      const Wide weight = Wide{term.weight} * plan_.product_factor;
      terms = hull(terms, input * Interval{weight, weight});
    }
    const Interval range = weighted_range_ * Interval{plan_.value_factor, plan_.value_factor} + terms;
    const auto cast = plan_cast(range, sum.fraction(), source_.threshold);
    if (!cast) {
      plan_.general_cast = true;
      return;
    }
    plan_.term_cast = cast->plan;
    value_bits_ = std::max({value_bits_, cast->bits, lane_bits(range)});
    folded_factor_ = static_cast<std::int64_t>(plan_.product_factor);
  }

  // One weight of exactly 1 compares the feature itself: the cast looks at the value only.
  bool is_feature(const ForestSource::Node& node) const {
    if (!node.weighted) return true;
    const int fraction = source_.weight.fraction();
    return node.terms == 1 && fraction >= 0 && fraction < 62 &&
           source_.terms[node.first_term].weight == std::int64_t{1} << fraction;
  }
  Interval range_of(const ForestSource::Node& node) const {
    if (is_feature(node)) return plain_range_;
    return node.terms == 0 ? Interval{0, 0} : weighted_range_;
  }

  // Passes nodes that every event leaves on the same side.
  std::size_t resolve(const std::vector<ForestSource::Node>& tree, std::size_t i) const {
    while (!tree[i].leaf) {
      const Interval range = range_of(tree[i]);
      if (tree[i].left == tree[i].right || tree[i].limit > range.high) {
        i = tree[i].left;
      } else if (tree[i].limit <= range.low) {
        i = tree[i].right;
      } else {
        break;
      }
    }
    return i;
  }

  std::uint32_t value_of(const ForestSource::Node& node) {
    ForestValue value;
    std::vector<std::pair<std::size_t, std::int64_t>> key;
    if (is_feature(node)) {
      value.feature = static_cast<std::uint32_t>(node.weighted ? source_.terms[node.first_term].feature : node.feature);
      key.emplace_back(value.feature, 0);
    } else {
      value.weighted = true;
      value.first_term = static_cast<std::uint32_t>(node.first_term);
      value.terms = static_cast<std::uint32_t>(node.terms);
      for (std::size_t k = 0; k < node.terms; ++k)
        key.emplace_back(source_.terms[node.first_term + k].feature, source_.terms[node.first_term + k].weight);
    }
    const auto [entry, fresh] = value_index_.try_emplace(std::move(key), static_cast<std::uint32_t>(values_.size()));
    if (fresh) {
      values_.push_back(value);
      limits_.push_back({node.limit, node.limit});
    }
    limits_[entry->second] = hull(limits_[entry->second], {node.limit, node.limit});
    return entry->second;
  }

  // Copies the branch below `i` into `out`, without the nodes that decide nothing.
  bool prune(const std::vector<ForestSource::Node>& tree, std::size_t i, int depth, SmallTree& out) {
    if (depth > kMaxHeight || ++nodes_ > kMaxNodes) return false;
    const std::size_t at = out.nodes.size();
    out.nodes.emplace_back();
    if (tree[i].leaf) {
      out.nodes[at].score = tree[i].value;
      const Interval score = {tree[i].value, tree[i].value};
      out.scores = at == 0 || !out.has_scores ? score : hull(out.scores, score);
      out.has_scores = true;
      return true;
    }
    out.nodes[at].leaf = false;
    out.nodes[at].value = value_of(tree[i]);
    out.nodes[at].limit = tree[i].limit;
    for (const bool right : {false, true}) {
      const std::size_t child = out.nodes.size();
      if (!prune(tree, resolve(tree, right ? tree[i].right : tree[i].left), depth + 1, out)) return false;
      (right ? out.nodes[at].right : out.nodes[at].left) = child;
      out.nodes[at].height = std::max(out.nodes[at].height, out.nodes[child].height + 1);
    }
    return true;
  }

  // Whether the order of additions matters, and which words occur.
  bool choose_sum() {
    const FixedPoint& score = source_.score;
    Interval allowed = words_of_type(score);
    if (score.overflow == Overflow::sat_sym && score.is_signed && score.width > 1) allowed.low = -allowed.high;
    Interval any;  // every partial sum in any order
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      Interval sum = hull({}, {source_.initial[c], source_.initial[c]});
      for (const SmallTree& tree : classes_[c]) {
        sum = sum + hull({}, tree.scores);
        leaves_ = hull(leaves_, tree.scores);
      }
      any = hull(any, sum);
    }
    bounded_ = any.within(allowed);
    const bool modular = score.overflow == Overflow::wrap && score.saturation_bits == 0;
    plan_.score = score;
    plan_.initial = source_.initial;
    plan_.step_caster = Caster(score.fraction(), score.width + 1, score);
    plan_.low = static_cast<std::int64_t>(allowed.low);
    plan_.high = static_cast<std::int64_t>(allowed.high);
    plan_.wraps = modular && !bounded_;
    sums_ = leaves_;
    Interval total = bounded_ ? any : allowed;
    if (!bounded_ && !modular) {
      const bool saturates = score.overflow == Overflow::sat || score.overflow == Overflow::sat_sym;
      plan_.sum = saturates                              ? ForestSum::clamp
                  : score.overflow == Overflow::sat_zero ? ForestSum::zero
                                                         : ForestSum::general;
      sums_ = hull(allowed + allowed, allowed);
    }
    if (lane_bits(sums_) > 64) return false;
    plan_.wide_lane = lane_bits(total) <= 32 ? Lane::i32 : Lane::i64;
    return lane_bits(total) <= 64;
  }

  bool fits(std::uint32_t value, Lane lane) const {
    const Interval range = values_[value].weighted ? weighted_range_ : plain_range_;
    const Interval words = words_of_lane(lane);
    return range.within(words) || limits_[value].high - limits_[value].low <= words.high - words.low - 1;
  }

  bool choose_lanes() {
    int bits = lane_bits(sums_);
    for (std::uint32_t i = 0; i < values_.size(); ++i) {
      while (bits < 64 && !fits(i, lane_of_bits(bits))) bits *= 2;
    }
    plan_.tree_lane = lane_of_bits(bits);
    const Interval words = words_of_lane(plan_.tree_lane);
    int x_bits = std::max(bits, value_bits_);
    for (std::uint32_t i = 0; i < values_.size(); ++i) {
      const Interval range = values_[i].weighted ? weighted_range_ : plain_range_;
      if (range.within(words)) continue;
      const Wide middle = (limits_[i].low + limits_[i].high) >> 1;
      values_[i].offset = static_cast<std::int64_t>(middle);
      x_bits = std::max(x_bits, lane_bits(range + Interval{-middle, -middle}));
    }
    plan_.x_lane = lane_of_bits(x_bits);
    if (plan_.tree_lane == Lane::i64) plan_.wide_lane = Lane::i64;
    return x_bits <= 64;
  }

  // Rows of the workspace. Values that many trees compare are computed once a block; where there are very many sums of
  // weighted features, each tree computes its own just before it, in rows that the trees share.
  void place_rows() {
    const std::size_t x_row = kLanes * bytes_of(plan_.x_lane);
    const std::size_t row = kLanes * bytes_of(plan_.tree_lane);
    std::size_t end = source_.features * x_row;
    const bool share_all = values_.size() <= kMaxSharedValues;
    for (std::uint32_t i = 0; i < values_.size(); ++i) {
      ForestValue value = values_[i];
      shared_.push_back(share_all || !value.weighted);
      if (!shared_.back()) continue;
      if (!value.weighted && !plan_.casts && value.offset == 0 && plan_.x_lane == plan_.tree_lane) {
        values_[i].row = static_cast<std::uint32_t>(value.feature * x_row);  // the input itself
        continue;
      }
      values_[i].row = static_cast<std::uint32_t>(end);
      end += row;
      plan_.values.push_back(values_[i]);
    }
    plan_.shared_values = static_cast<std::uint32_t>(plan_.values.size());
    private_at_ = end;
    plan_.terms = source_.terms;
    if (!plan_.general_cast) {
      for (ForestTerm& term : plan_.terms) term.weight *= folded_factor_;
    }
  }

  void cut_trees() {
    const std::size_t row = kLanes * bytes_of(plan_.tree_lane);
    TreeCutter cutter(plan_);
    const bool modular = plan_.wraps && source_.score.width <= bits_of(plan_.tree_lane);
    const Interval words = words_of_lane(plan_.tree_lane);
    const bool any_order = plan_.sum == ForestSum::free;
    const bool stacked = !any_order && source_.tree_sum;
    for (auto& trees : classes_) {
      if (any_order) {  // trees of one height follow each other
        std::stable_sort(trees.begin(), trees.end(),
                         [](const SmallTree& a, const SmallTree& b) { return a.nodes[0].height < b.nodes[0].height; });
      }
      cutter.begin_class(stacked);
      Interval sum;
      for (const SmallTree& tree : trees) {
        private_rows_ = std::max(private_rows_, compute_private(tree, cutter));
        if (any_order && !modular && !(sum + tree.scores).within(words)) {
          cutter.flush();
          sum = {};
        }
        sum = sum + tree.scores;
        cutter.add_tree(tree, [&](std::uint32_t value) { return values_[value]; });
      }
      cutter.end_class();
    }
    plan_.slots_at = private_at_ + private_rows_ * row;
    plan_.sum_at = plan_.slots_at + cutter.slots() * row;
    plan_.wide_at = plan_.sum_at + row;
    plan_.scratch_at = plan_.wide_at + kLanes * bytes_of(plan_.wide_lane);
    plan_.bytes = plan_.scratch_at + kLanes * bytes_of(plan_.x_lane);
  }

  // Values of this tree alone, and the step that computes them. Returns their number.
  std::size_t compute_private(const SmallTree& tree, TreeCutter& cutter) {
    const std::size_t first = plan_.values.size();
    std::map<std::uint32_t, bool> placed;
    for (const SmallTree::Node& node : tree.nodes) {
      if (node.leaf || shared_[node.value] || !placed.try_emplace(node.value, true).second) continue;
      values_[node.value].row =
          static_cast<std::uint32_t>(private_at_ + (plan_.values.size() - first) * kLanes * bytes_of(plan_.tree_lane));
      plan_.values.push_back(values_[node.value]);
    }
    const std::size_t count = plan_.values.size() - first;
    if (count > 0) cutter.compute(first, count);
    return count;
  }

  std::string proof() const {
    std::string text = "compare and blend in " + std::to_string(bits_of(plan_.tree_lane)) + "-bit lanes (";
    const bool moved = std::any_of(values_.begin(), values_.end(), [](const ForestValue& v) { return v.offset != 0; });
    text += moved ? "inputs saturate beyond all limits of their feature, leaves fit)" : "limits and leaves fit)";
    const std::string type = to_string(source_.score);
    if (bounded_) return text + "; order free: no partial sum of the leaves leaves " + type;
    switch (plan_.sum) {
      case ForestSum::free:
        return text + "; order free: " + type + " wraps, one sum in " + std::to_string(bits_of(plan_.wide_lane)) +
               "-bit lanes";
      case ForestSum::clamp:
      case ForestSum::zero:
        return text + "; limited to " + type + " at every step, in the peer's order";
      case ForestSum::general:
        break;
    }
    return text + "; reference cast to " + type + " at every step, in the peer's order";
  }

  const ForestSource& source_;
  ForestPlan plan_;
  std::vector<std::vector<SmallTree>> classes_;
  std::map<std::vector<std::pair<std::size_t, std::int64_t>>, std::uint32_t> value_index_;
  std::vector<ForestValue> values_;
  std::vector<Interval> limits_;  // of each value
  std::vector<bool> shared_;
  Interval plain_range_, weighted_range_, leaves_, sums_;
  std::int64_t folded_factor_ = 1;
  int value_bits_ = 16;
  bool bounded_ = false;
  std::size_t nodes_ = 0;
  std::size_t private_at_ = 0;
  std::size_t private_rows_ = 0;
};

}  // namespace

std::optional<PlannedForest> plan_forest(const ForestSource& source) { return Planner(source).run(); }

}  // namespace vigil::fpga_model
