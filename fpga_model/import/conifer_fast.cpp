// The fast form of decision trees: Conifer::fast plans the forest, this engine runs it block by block.
#include <utility>

#include "fpga_model/import/conifer.h"
#include "fpga_model/simd/columns.h"
#include "fpga_model/simd/forest_planner.h"

namespace vigil::fpga_model {
namespace {

class FastForest : public FastEngine {
 public:
  FastForest(PlannedForest forest, SimdTarget target, std::size_t classes, std::string norm_proof)
      : plan_(std::move(forest.plan)),
        kernels_(forest_kernels(plan_, target)),
        target_(target),
        classes_(classes),
        proof_(std::move(forest.proof) + std::move(norm_proof)) {}

  void set_norm(std::int64_t norm, const Caster& caster) {
    normalised_ = true;
    norm_ = norm;
    norm_cast_ = caster;
  }
  bool runs() const { return kernels_.score != nullptr; }
  std::size_t workspace_bytes() const override { return plan_.bytes; }
  std::string kernel(std::size_t) const override { return proof_; }

  [[nodiscard]] Status run(const WordsView& in, const MutableWordsView& out, std::size_t first, std::size_t rows,
                           std::byte* workspace) const override {
    if (!load(in, first, rows, workspace)) return Status::word_out_of_range;
    kernels_.values(plan_, workspace);
    for (std::size_t c = 0; c < classes_; ++c) {
      kernels_.score(plan_, c, workspace);
      if (plan_.wide_lane == Lane::i32) {
        finish(reinterpret_cast<std::int32_t*>(workspace + plan_.wide_at), out, first, c, rows);
      } else {
        finish(reinterpret_cast<std::int64_t*>(workspace + plan_.wide_at), out, first, c, rows);
      }
    }
    return Status::ok;
  }

 private:
  bool load(const WordsView& in, std::size_t first, std::size_t rows, std::byte* workspace) const {
    const auto columns = [&](auto* lanes) {
      return load_columns(in, first, 0, plan_.features, rows, plan_.lowest.data(), plan_.highest.data(), lanes,
                          target_);
    };
    switch (plan_.x_lane) {
      case Lane::i16:
        return columns(reinterpret_cast<std::int16_t*>(workspace));
      case Lane::i32:
        return columns(reinterpret_cast<std::int32_t*>(workspace));
      case Lane::i64:
        break;
    }
    return columns(reinterpret_cast<std::int64_t*>(workspace));
  }

  template <class T>
  void finish(T* scores, const MutableWordsView& out, std::size_t first, std::size_t c, std::size_t rows) const {
    if (normalised_) {
      for (std::size_t r = 0; r < rows; ++r) scores[r] = static_cast<T>(norm_cast_(Wide{scores[r]} * norm_));
    }
    store_column(scores, out, first, c, rows, target_);
  }

  ForestPlan plan_;
  ForestKernels kernels_;
  SimdTarget target_;
  std::size_t classes_;
  bool normalised_ = false;
  std::int64_t norm_ = 0;
  Caster norm_cast_;
  std::string proof_;
};

}  // namespace

std::unique_ptr<const FastEngine> Conifer::fast(SimdTarget target) const {
  ForestSource source;
  source.input = input_;
  source.threshold = threshold_;
  source.weight = weight_;
  source.score = score_;
  source.features = features_;
  source.tree_sum = tree_sum_;
  source.initial = initial_;
  for (const Term& term : terms_) source.terms.push_back({static_cast<std::uint32_t>(term.feature), term.weight});
  for (const auto& trees : trees_) {
    auto& copies = source.trees.emplace_back();
    for (const Tree& tree : trees) {
      auto& copy = copies.emplace_back();
      copy.reserve(tree.size());
      for (const Node& node : tree) {
        const bool weighted = !node.leaf && node.feature == ~std::size_t{0};
        copy.push_back({node.leaf, weighted, node.value, node.limit, node.left, node.right, node.feature,
                        node.first_term, node.terms});
      }
    }
  }
  std::optional<PlannedForest> planned = plan_forest(source);
  if (!planned) return nullptr;
  // A norm of exactly 1 gives every score back.
  const int fraction = score_.fraction();
  const bool normalises = normalised_ && !(fraction >= 0 && fraction < 62 && norm_ == std::int64_t{1} << fraction);
  auto engine = std::make_unique<FastForest>(*std::move(planned), target, classes_,
                                             normalises ? "; norm by the reference cast" : "");
  if (normalises) engine->set_norm(norm_, norm_cast_);
  if (!engine->runs()) return nullptr;
  return engine;
}

}  // namespace vigil::fpga_model
