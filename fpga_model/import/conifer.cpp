#include "fpga_model/import/conifer.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/error.h"
#include "fpga_model/package/formats.h"

namespace vigil::fpga_model {
namespace {

constexpr std::size_t kMaxNodes = kMaxWords;

// The C++ backend of conifer 1.5 and before reads `norm` and does not use it.
bool ignores_norm(JsonSection& top, const std::string& backend) {
  if (backend != "cpp" || !top.has("metadata")) return false;
  std::vector<JsonSection> metadata = top.objects("metadata");
  if (metadata.empty() || !metadata.back().has("version")) return false;
  const std::string version = metadata.back().text("version");
  int major = 0;
  int minor = 0;
  const char* end = version.data() + version.size();
  const auto [dot, error] = std::from_chars(version.data(), end, major);
  if (error != std::errc{}) return false;
  if (dot != end && *dot == '.') std::from_chars(dot + 1, end, minor);
  return major < 1 || (major == 1 && minor <= 5);
}

void expect_width(const JsonSection& section, const std::string& key, const std::string& what, const FixedPoint& type) {
  if (type.width > 64) section.fail(key, what + " of " + std::to_string(type.width) + " bits", "at most 64");
}

std::int64_t cast_entry(const JsonSection& section, const std::string& key, double value, const FixedPoint& to) {
  // JSON holds no NaN, and the types hold no AP_WRAP_SM.
  if (!(value >= -1e300 && value <= 1e300)) section.fail(key, "a number beyond 1e300");
  return cast_real(value, to);
}

}  // namespace

std::optional<ConiferSum> conifer_sum_of(JsonSection& config) {
  const std::string backend = config.has("backend") ? config.text("backend") : "";
  if (backend == "vhdl") return ConiferSum::tree;
  if (backend == "cpp") return ConiferSum::sequential;
  if (backend != "xilinxhls" || !config.has("unroll")) return {};
  return config.flag("unroll", false) ? ConiferSum::tree : ConiferSum::sequential;
}

Conifer::Conifer(std::string_view json, const std::string& file, std::optional<ConiferSum> order) {
  const auto document = parse_json(json, file);
  JsonSection top(*document, file + ": ");
  JsonSection config = top.object("config");
  const std::string backend = config.has("backend") ? config.text("backend") : "";
  if (backend == "fpu")
    config.fail("backend", "'fpu', whose thresholds and scores are integers with a scale for each feature",
                "cpp, xilinxhls or vhdl");
  if (!order) order = conifer_sum_of(config);
  tree_sum_ = order == ConiferSum::tree;
  const auto precision = [&](const std::string& key) { return config.type(config.has(key) ? key : "precision"); };
  input_ = precision("input_precision");
  threshold_ = precision("threshold_precision");
  // conifer <= 1.7 knows no weights and writes no precision for them.
  const bool has_weight_type = config.has("weight_precision") || config.has("precision");
  weight_ = has_weight_type ? precision("weight_precision") : threshold_;
  score_ = precision("score_precision");

  features_ = static_cast<std::size_t>(top.integer("n_features", 1, static_cast<std::int64_t>(kMaxWords)));
  const std::int64_t classes = top.integer("n_classes", 1, 4096);
  classes_ = classes <= 2 ? 1 : static_cast<std::size_t>(classes);
  or_equal_ = !top.has("splitting_convention") || top.choice("splitting_convention", {"<=", "<"}, false) == 0;
  for (const double value : top.reals("init_predict"))
    initial_.push_back(cast_entry(top, "init_predict", value, score_));
  // Forests of scikit-learn give two values for two classes; there is one score, and it starts at the first.
  if (initial_.size() == 2 && classes == 2) initial_.resize(1);
  if (initial_.size() != classes_)
    top.fail("init_predict", std::to_string(initial_.size()) + " numbers", std::to_string(classes_));
  normalised_ = top.has("norm") && !ignores_norm(top, backend);
  if (normalised_) {
    norm_ = cast_entry(top, "norm", top.real("norm"), score_);
    expect_width(top, "norm", "product with the score", product_type(score_, score_));
    norm_cast_ = Caster(product_type(score_, score_), score_);
  }
  expect_width(config, "score_precision", "aligned sum", sum_type(score_, score_));
  sum_ = TreeSum(score_);
  input_cast_ = Caster(input_, threshold_);

  trees_.resize(classes_);
  std::vector<std::vector<JsonSection>> trees = top.object_lists("trees");
  if (trees.empty()) top.fail("trees", "an empty list", "at least one tree");
  if (top.has("n_trees") &&
      top.integer("n_trees", 0, static_cast<std::int64_t>(kMaxNodes)) != static_cast<std::int64_t>(trees.size())) {
    top.fail("n_trees", std::to_string(top.integer("n_trees", 0, kMaxNodes)),
             std::to_string(trees.size()) + ", the length of 'trees'");
  }
  for (std::vector<JsonSection>& row : trees) {
    if (row.size() != classes_)
      top.fail("trees", std::to_string(row.size()) + " trees for " + std::to_string(classes) + " classes",
               std::to_string(classes_));
    for (std::size_t c = 0; c < classes_; ++c) trees_[c].push_back(read_tree(row[c]));
  }
  if (oblique_) {
    if (!has_weight_type) config.fail("weight_precision", "missing, and the trees have weights");
    const FixedPoint product = product_type(input_, weight_);
    expect_width(config, "weight_precision", "product", product);
    const FixedPoint sum = sum_type(threshold_, product);
    expect_width(config, "weight_precision", "aligned sum", sum);
    value_factor_ = Wide{1} << (sum.fraction() - threshold_.fraction());
    product_factor_ = Wide{1} << (sum.fraction() - product.fraction());
    term_cast_ = Caster(sum, threshold_);
  }

  add_tensor({"x", {features_}, input_, features_});
  input_tensors_ = 1;
  outputs_.push_back(add_tensor({"score", {classes_}, score_, classes_}));
  scratch_words_ = trees.size();
  layers_.push_back(
      {"trees", "conifer", {"x"}, 1, tree_sum_ ? "leaves added as a tree" : "leaves added in tree order"});
}

Conifer::Tree Conifer::read_tree(JsonSection& section) {
  const std::vector<std::int64_t> feature = section.integers("feature");
  const std::vector<double> threshold = section.reals("threshold");
  const std::vector<double> value = section.reals("value");
  const std::vector<std::int64_t> left = section.integers("children_left");
  const std::vector<std::int64_t> right = section.integers("children_right");
  const std::vector<std::vector<double>> weight =
      section.has("weight") ? section.real_lists("weight") : std::vector<std::vector<double>>{};
  const std::size_t n = feature.size();
  if (n == 0) section.fail("feature", "an empty list", "at least one node");
  const auto expect_length = [&](const std::string& key, std::size_t length) {
    if (length != n) section.fail(key, std::to_string(length) + " entries", std::to_string(n) + " as in 'feature'");
  };
  expect_length("threshold", threshold.size());
  expect_length("value", value.size());
  expect_length("children_left", left.size());
  expect_length("children_right", right.size());
  if (section.has("weight")) expect_length("weight", weight.size());

  Tree tree(n);
  std::vector<std::size_t> always_left;  // every 64-bit value is <= the threshold
  for (std::size_t i = 0; i < n; ++i) {
    Node& node = tree[i];
    const std::string place = "node " + std::to_string(i) + " has ";
    node.leaf = feature[i] == -2;
    if (node.leaf) {
      node.value = cast_entry(section, "value", value[i], score_);
      continue;
    }
    if (feature[i] < 0 || feature[i] >= static_cast<std::int64_t>(features_)) {
      section.fail("feature", place + std::to_string(feature[i]), "-2 or one of 0.." + std::to_string(features_ - 1));
    }
    node.feature = static_cast<std::size_t>(feature[i]);
    const auto child = [&](const std::string& key, std::int64_t index) {
      if (index < 0 || index >= static_cast<std::int64_t>(n))
        section.fail(key, place + std::to_string(index), "one of 0.." + std::to_string(n - 1));
      return static_cast<std::size_t>(index);
    };
    node.left = child("children_left", left[i]);
    node.right = child("children_right", right[i]);
    node.limit = cast_entry(section, "threshold", threshold[i], threshold_);
    if (or_equal_ && node.limit == std::numeric_limits<std::int64_t>::max()) {
      always_left.push_back(i);
    } else if (or_equal_) {
      ++node.limit;
    }
    if (weight.empty()) continue;
    oblique_ = true;
    if (weight[i].size() != features_)
      section.fail("weight", place + std::to_string(weight[i].size()) + " weights", std::to_string(features_));
    node.first_term = terms_.size();
    for (std::size_t k = 0; k < features_; ++k) {
      // A weight of 0 adds 0 to a word that already is in the threshold type.
      const std::int64_t w = cast_entry(section, "weight", weight[i][k], weight_);
      if (w != 0) terms_.push_back({k, w});
    }
    node.terms = terms_.size() - node.first_term;
    node.feature = ~std::size_t{0};  // the value is a sum
  }
  check_reachable(section, tree);
  for (const std::size_t i : always_left) tree[i].right = tree[i].left;
  return tree;
}

void Conifer::check_reachable(const JsonSection& section, const Tree& tree) const {
  std::vector<bool> seen(tree.size(), false);
  std::vector<std::size_t> open = {0};
  while (!open.empty()) {
    const std::size_t i = open.back();
    open.pop_back();
    if (seen[i])
      section.fail("children_left", "node " + std::to_string(i) + " is reached twice (a cycle or a shared branch)",
                   "a tree");
    seen[i] = true;
    if (tree[i].leaf) continue;
    open.push_back(tree[i].left);
    open.push_back(tree[i].right);
  }
}

std::int64_t Conifer::node_value(const Node& node, const std::int64_t* x) const {
  if (node.feature != ~std::size_t{0}) return input_cast_(x[node.feature]);
  std::int64_t v = 0;
  for (std::size_t k = node.first_term; k < node.first_term + node.terms; ++k) {
    v = term_cast_(v * value_factor_ + Wide{x[terms_[k].feature]} * terms_[k].weight * product_factor_);
  }
  return v;
}

std::int64_t Conifer::leaf_of(const Tree& tree, const std::int64_t* x) const {
  std::size_t i = 0;
  while (!tree[i].leaf) i = node_value(tree[i], x) < tree[i].limit ? tree[i].left : tree[i].right;
  return tree[i].value;
}

Status Conifer::run(const Block& block) const {
  std::int64_t* score = tensor(block, 1);
  for (std::size_t r = 0; r < block.rows; ++r) {
    const std::int64_t* x = tensor(block, 0) + r * features_;
    for (std::size_t c = 0; c < classes_; ++c) {
      const std::vector<Tree>& trees = trees_[c];
      std::int64_t s = initial_[c];
      if (tree_sum_) {
        std::transform(trees.begin(), trees.end(), block.scratch, [&](const Tree& tree) { return leaf_of(tree, x); });
        s = sum_.add(s, sum_(block.scratch, trees.size()));
      } else {
        for (const Tree& tree : trees) s = sum_.add(s, leaf_of(tree, x));
      }
      *score++ = normalised_ ? norm_cast_(Wide{s} * norm_) : s;
    }
  }
  return Status::ok;
}

std::unique_ptr<const Engine> load_conifer(const PackageFiles& files, const PackageDescription& package) {
  return std::make_unique<const Conifer>(files.content(package.path), files.where(package.path), package.conifer_sum);
}

}  // namespace vigil::fpga_model
