// conifer's JSON -> a package: what the score needs is kept, what names a machine or a person is not.
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "fpga_model/import/conifer.h"
#include "fpga_model/import/import_source.h"
#include "fpga_model/json_section.h"

namespace vigil::fpga_model {
namespace {

using nlohmann::json;

json kept(const json& object, const std::vector<std::string>& keys) {
  json out = json::object();
  if (!object.is_object()) return out;
  for (const std::string& key : keys) {
    if (const auto found = object.find(key); found != object.end()) out[key] = *found;
  }
  return out;
}

// The input groups by conifer's feature map; none where it only numbers the features or does not name every one.
std::vector<InputGroup> named_features(const json& document, const FixedPoint& type, std::size_t features) {
  const auto map = document.find("feature_map");
  if (map == document.end() || !map->is_object() || map->size() != features) return {};
  std::vector<InputGroup> groups(features);
  bool numbers_only = true;
  for (const auto& [name, index] : map->items()) {
    if (!index.is_number_integer()) return {};
    const auto i = index.get<std::int64_t>();
    if (i < 0 || i >= static_cast<std::int64_t>(features) || name.empty()) return {};
    InputGroup& group = groups[static_cast<std::size_t>(i)];
    if (!group.name.empty()) return {};
    group.name = name;
    group.types = {type};
    numbers_only = numbers_only && name == "feat_" + std::to_string(i);
  }
  return numbers_only ? std::vector<InputGroup>{} : groups;
}

std::optional<ConiferSum> order_of_backend(const json& config, const std::string& where) {
  JsonSection section(config, where + ": ", "config.");
  return conifer_sum_of(section);
}

}  // namespace

ImportedPackage import_conifer(const std::string& text, const std::string& where, const ImportOptions& options) {
  std::optional<ConiferSum> sum;
  if (options.conifer_sum) {
    if (options.conifer_sum != "sequential" && options.conifer_sum != "tree")
      throw Error(where, "conifer sum '" + options.conifer_sum->substr(0, 40) + "'", "sequential or tree");
    sum = options.conifer_sum == "tree" ? ConiferSum::tree : ConiferSum::sequential;
  }
  const auto document = parse_json(text, where);
  json slim = kept(*document, {"n_classes", "n_features", "n_trees", "max_depth", "init_predict", "norm", "library",
                               "splitting_convention", "feature_map", "trees"});
  const json config = document->value("config", json::object());
  slim["config"] = kept(config, {"project_name", "backend", "precision", "input_precision", "threshold_precision",
                                 "weight_precision", "score_precision", "unroll"});
  slim["metadata"] = json::array();
  if (const auto metadata = document->find("metadata"); metadata != document->end() && metadata->is_array()) {
    for (const json& entry : *metadata) slim["metadata"].push_back(kept(entry, {"version"}));
  }
  if (const auto trees = slim.find("trees"); trees != slim.end() && trees->is_array()) {
    for (json& row : *trees) {
      if (!row.is_array()) continue;
      for (json& tree : row) {
        if (!tree.is_object()) continue;
        tree = kept(tree, {"feature", "weight", "threshold", "value", "children_left", "children_right"});
      }
    }
  }
  ImportedPackage package;
  std::string& bytes = package.files["model.json"];
  bytes = slim.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  if (!sum) sum = order_of_backend(slim["config"], where);
  const Conifer engine(bytes, where, sum);
  const FixedPoint& score = engine.tensors()[engine.outputs().front()].type;
  if (!sum && engine.order_matters())
    throw Error(where,
                "no backend that tells the order in which leaves are added, which matters for " + to_string(score),
                "--conifer-sum sequential|tree, or keys 'config.backend' and 'config.unroll'");

  ImportDraft draft;
  const auto text_of = [](const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  const std::string stem = std::filesystem::path(where).stem().string();
  draft.name = clean_name(options.name.empty() ? text_of(slim["config"], "project_name") : options.name,
                          clean_name(stem, "bdt"));
  const std::string version = slim["metadata"].empty() || !slim["metadata"].back().is_object()
                                  ? ""
                                  : text_of(slim["metadata"].back(), "version");
  const std::string backend = text_of(slim["config"], "backend");
  draft.source = "conifer" + (version.empty() ? "" : " " + clean_name(version, "")) +
                 (backend.empty() ? "" : ", " + clean_name(backend, "") + " backend");
  draft.format = "conifer";
  draft.path = "model.json";
  draft.extra = std::string("conifer: {sum: ") + (sum == ConiferSum::tree ? "tree" : "sequential") + "}\n";
  const TensorInfo& x = engine.tensors()[0];
  draft.inputs = named_features(slim, x.type, x.words);
  package.files["model.yaml"] = model_yaml_text(draft, options, &engine);

  if (slim.contains("norm") && backend == "cpp" && !version.empty() && engine.warnings().empty()) {
    // The reader decides by the version; a person should know which way.
    package.notes.push_back("norm is " + slim["norm"].dump() +
                            "; the cpp backend applies it from conifer 1.6 (this file: " + clean_name(version, "") +
                            ")");
  }
  return package;
}

}  // namespace vigil::fpga_model
