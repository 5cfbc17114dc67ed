// A boosted decision tree as conifer's model.json says it, in fixed point: docs/network_json.md, section 7.
// Immutable after construction; run is safe from many threads, each with its own block.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fpga_model/caster.h"
#include "fpga_model/engine.h"
#include "fpga_model/json_section.h"
#include "fpga_model/network/reduction.h"
#include "fpga_model/package/model_yaml.h"

namespace vigil::fpga_model {

// The order that the file's backend has (config.backend, config.unroll); none where these keys do not tell.
std::optional<ConiferSum> conifer_sum_of(JsonSection& config);

class Conifer : public Engine {
 public:
  // Reads and checks the whole text. `order`: how leaves are added; none: as the file's backend does, and in order
  // where the file does not tell. Throws Error naming `file` and key.
  Conifer(std::string_view json, const std::string& file, std::optional<ConiferSum> order = {});
  // Whether the order of additions can change a score: it does not where the score type wraps.
  bool order_matters() const { return score_.overflow != Overflow::wrap || score_.saturation_bits != 0; }
  [[nodiscard]] Status run(const Block& block) const override;
  std::unique_ptr<const FastEngine> fast(SimdTarget target) const override;

 private:
  struct Term {
    std::size_t feature;
    std::int64_t weight;
  };
  struct Node {
    bool leaf = true;
    std::int64_t value = 0;  // of a leaf, in the score type
    std::int64_t limit = 0;  // go left while the node's value is below it
    std::size_t left = 0;
    std::size_t right = 0;
    std::size_t first_term = 0;  // oblique: weights other than 0
    std::size_t terms = 0;
    std::size_t feature = 0;
  };
  using Tree = std::vector<Node>;

  Tree read_tree(JsonSection& section);
  void check_reachable(const JsonSection& section, const Tree& tree) const;
  std::int64_t node_value(const Node& node, const std::int64_t* x) const;
  std::int64_t leaf_of(const Tree& tree, const std::int64_t* x) const;

  std::size_t features_ = 0;
  std::size_t classes_ = 1;
  bool tree_sum_ = false;
  bool or_equal_ = true;  // left if v <= t
  FixedPoint input_;
  FixedPoint threshold_;
  FixedPoint weight_;
  FixedPoint score_;
  std::vector<std::vector<Tree>> trees_;  // [class][tree]
  std::vector<Term> terms_;
  std::vector<std::int64_t> initial_;
  bool normalised_ = false;
  bool oblique_ = false;
  std::int64_t norm_ = 0;
  Wide value_factor_ = 1;
  Wide product_factor_ = 1;
  Caster input_cast_;
  Caster term_cast_;
  Caster norm_cast_;
  TreeSum sum_;
};

}  // namespace vigil::fpga_model
