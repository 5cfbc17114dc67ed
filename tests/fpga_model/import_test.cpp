// import_model: which kind a source is, what the package holds, and what is refused.
#include "fpga_model/import/import.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "temporary_package.h"

namespace vigil::fpga_model {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kTrees =
    R"({"n_classes": 2, "n_features": 2, "n_trees": 1, "max_depth": 1, "init_predict": [0.25], "norm": 1.0, "library": "any",
 "splitting_convention": "<", "feature_map": {"pt": 1, "eta": 0},
 "config": {"output_dir": "/home/anna/prj", "project_name": "met_bdt", "backend": "cpp", "fpga_part": "x", "precision": "ap_fixed<8,4>",
            "score_precision": "ap_fixed<6,4,AP_TRN,AP_SAT>"},
 "metadata": [{"version": "1.11", "host": "lxplus", "user": "anna", "time": 1.5}],
 "trees": [[{"feature": [0, -2, -2], "threshold": [1.0, -2, -2], "value": [0, 1.0, -1.25], "children_left": [1, -1, -1], "children_right": [2, -1, -1],
             "parent": [-1, 0, 0]}]]})";

constexpr const char* kNetwork = R"({"format": "vigil-network/1", "name": "tiny net", "source": "made by hand",
 "inputs": [{"name": "in", "shape": [2], "type": "ap_fixed<8,4>"}], "outputs": ["out"],
 "layers": [{"name": "c", "op": "cast", "inputs": ["in"], "output": {"name": "out", "shape": [2], "type": "ap_fixed<6,3>"}}]})";

std::shared_ptr<const PackageModel> loaded(const ImportedPackage& imported) {
  const TemporaryPackage target;
  for (const auto& [path, bytes] : imported.files) target.write(path, bytes);
  return load_package(target.folder);
}

std::string refusal(const std::filesystem::path& source, const ImportOptions& options = {}) {
  try {
    import_model(source, options);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Import, ConiferKeepsTheTreesAndNamesNoMachine) {
  const TemporaryPackage source;
  source.write("met_bdt.json", kTrees);
  for (const auto& path : {source.folder / "met_bdt.json", source.folder}) {
    const ImportedPackage imported = import_model(path);
    const std::string& kept = imported.files.at("model.json");
    EXPECT_THAT(
        kept, AllOf(Not(HasSubstr("anna")), Not(HasSubstr("lxplus")), Not(HasSubstr("output_dir")), HasSubstr("1.11")));
    const json before = json::parse(kTrees), after = json::parse(kept);
    EXPECT_EQ(after["trees"][0][0]["threshold"], before["trees"][0][0]["threshold"]);
    const auto model = loaded(imported);
    EXPECT_EQ(model->info().name, "met_bdt");
    EXPECT_EQ(model->info().source, "conifer 1.11, cpp backend");
    EXPECT_EQ(model->info().inputs[0].name, "eta");
    EXPECT_EQ(model->info().inputs[1].name, "pt");
    EXPECT_EQ(imported.notes.size(), 1u);  // norm
  }
}

TEST(Import, ConiferSumIsWritten) {
  const TemporaryPackage source;
  source.write("a.json", kTrees);
  ImportOptions options;
  options.conifer_sum = "tree";
  options.name = "mine";
  options.version = "v7";
  const ImportedPackage imported = import_model(source.folder / "a.json", options);
  EXPECT_THAT(imported.files.at("model.yaml"), AllOf(HasSubstr("conifer: {sum: tree}"), HasSubstr("# seeds:")));
  const auto model = loaded(imported);
  EXPECT_EQ(model->info().name, "mine");
  EXPECT_EQ(model->info().version, "v7");
  options.conifer_sum = "random";
  EXPECT_THAT(refusal(source.folder / "a.json", options), HasSubstr("expected sequential or tree"));
}

TEST(Import, ConiferSumFollowsFromTheBackend) {
  const TemporaryPackage source;
  const auto sum = [&](const json& config, const std::string& score, const ImportOptions& options = {}) {
    json model = json::parse(kTrees);
    for (const char* key : {"backend", "unroll"}) model["config"].erase(key);
    model["config"].update(config);
    model["config"]["score_precision"] = score;
    source.write("a.json", model.dump());
    try {
      const ImportedPackage imported = import_model(source.folder / "a.json", options);
      const std::string& yaml = imported.files.at("model.yaml");
      const std::size_t at = yaml.find("conifer: {sum: ") + 15;
      return yaml.substr(at, yaml.find('}', at) - at);
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  const std::string saturates = "ap_fixed<8,4,AP_TRN,AP_SAT>", wraps = "ap_fixed<8,4>";
  EXPECT_EQ(sum({{"backend", "cpp"}, {"unroll", true}}, saturates), "sequential");
  EXPECT_EQ(sum({{"backend", "vhdl"}}, saturates), "tree");
  EXPECT_EQ(sum({{"backend", "xilinxhls"}, {"unroll", true}}, saturates), "tree");
  EXPECT_EQ(sum({{"backend", "xilinxhls"}, {"unroll", false}}, saturates), "sequential");
  for (const json& silent : {json::object(), json{{"backend", "xilinxhls"}}, json{{"unroll", true}}}) {
    EXPECT_THAT(sum(silent, saturates), AllOf(HasSubstr("a.json"), HasSubstr("--conifer-sum sequential|tree")));
    EXPECT_EQ(sum(silent, wraps), "sequential");  // any order gives the same score
  }
  ImportOptions options;
  options.conifer_sum = "tree";
  EXPECT_EQ(sum({{"backend", "cpp"}}, saturates, options), "tree");
  EXPECT_EQ(sum(json::object(), saturates, options), "tree");
  options.conifer_sum = "sequential";
  EXPECT_EQ(sum({{"backend", "vhdl"}}, saturates, options), "sequential");
  EXPECT_THAT(sum({{"backend", "fpu"}}, saturates), HasSubstr("key 'config.backend': 'fpu'"));
}

TEST(Import, ConiferFoldersAreNamedForWhatTheyAre) {
  const TemporaryPackage source;
  source.write("firmware/BDT.h", "namespace BDT {}");
  source.write("firmware/BDT.cpp", "#include \"parameters.h\"\n");
  source.write("firmware/proj.cpp", "#include \"parameters.h\"\n");
  source.write("firmware/parameters.h", "static const BDT::BDT<1> bdt;");
  EXPECT_THAT(refusal(source.folder),
              AllOf(HasSubstr("firmware/BDT.h"), HasSubstr("conifer project without its JSON")));
  std::string text = kTrees;
  text.replace(text.find("\"init_predict\": [") + 17, 0, "NaN, ");
  source.write("bdt.json", text);
  EXPECT_THAT(refusal(source.folder), AllOf(HasSubstr("bdt.json: not valid JSON: NaN in line 1, column ")));
  source.write("bdt.json", kTrees);
  EXPECT_EQ(refusal(source.folder), "");
}

TEST(Import, ConiferBeforeWeightsWroteNoPrecisionForThem) {
  const TemporaryPackage source;
  json model = json::parse(kTrees);
  model["config"] = {{"backend", "cpp"},
                     {"input_precision", "ap_fixed<8,4>"},
                     {"threshold_precision", "ap_fixed<8,4>"},
                     {"score_precision", "ap_fixed<6,4>"}};
  model["metadata"][0]["version"] = "1.5";
  source.write("m.json", model.dump());
  EXPECT_EQ(loaded(import_model(source.folder / "m.json"))->info().source, "conifer 1.5, cpp backend");
  model["trees"][0][0]["weight"] = {{1, 0}, {0, 0}, {0, 0}};
  source.write("m.json", model.dump());
  EXPECT_THAT(refusal(source.folder / "m.json"), HasSubstr("key 'config.weight_precision': missing"));
}

TEST(Import, Network) {
  const TemporaryPackage source;
  source.write("network.json", kNetwork);
  const ImportedPackage imported = import_model(source.folder);
  EXPECT_EQ(imported.files.at("network.json"), kNetwork);
  const auto model = loaded(imported);
  EXPECT_EQ(model->info().name, "tiny_net");
  EXPECT_EQ(model->info().source, "made by hand");
  EXPECT_EQ(model->info().inputs.size(), 2u);
}

TEST(Import, NamesOfTheSourceCannotBreakModelYaml) {
  const TemporaryPackage source;
  json network = json::parse(kNetwork);
  for (const char* name : {"a: b", "\"", "'x'", "- [", "#", "ü", "\t\x01", "{name: x}", "null", "~"}) {
    network["inputs"][0]["name"] = name;
    network["layers"][0]["inputs"][0] = name;
    network["outputs"][0] = std::string(name) + "2";
    network["layers"][0]["output"]["name"] = std::string(name) + "2";
    network["name"] = name;
    source.write("network.json", network.dump());
    const auto model = loaded(import_model(source.folder / "network.json"));
    EXPECT_EQ(model->info().outputs[0].name, std::string(name) + "2");
  }
}

TEST(Import, WhatIsNoModelIsNamed) {
  const TemporaryPackage source;
  source.write("x.onnx", "anything");
  source.write("x.txt", "anything");
  source.write("x.json", "{\"a\": 1}");
  source.write("broken.json", "{\"trees\": ");
  source.write("short.so",
               "\x7f"
               "ELF");
  source.write("two/a.json", kTrees);
  source.write("two/b.json", kTrees);
  source.write("package/model.yaml", "name: x");
  source.write("empty/readme.txt", "");
  const auto& folder = source.folder;
  EXPECT_THAT(refusal(folder / "x.onnx"),
              AllOf(HasSubstr("float semantics are not the firmware's"), HasSubstr("hls4ml project")));
  EXPECT_THAT(refusal(folder / "x.txt"), HasSubstr("not a model this program reads"));
  EXPECT_THAT(refusal(folder / "x.json"), HasSubstr("neither a network nor a decision tree"));
  EXPECT_THAT(refusal(folder / "broken.json"), HasSubstr("broken.json"));
  EXPECT_THAT(refusal(folder / "short.so"), HasSubstr("not a shared library of this machine"));
  EXPECT_THAT(refusal(folder / "two"), HasSubstr("a.json and b.json, expected one model"));
  EXPECT_THAT(refusal(folder / "package"), HasSubstr("a model package already"));
  EXPECT_THAT(refusal(folder / "empty"), HasSubstr("a folder without a model"));
  EXPECT_THAT(refusal(folder / "none"), HasSubstr("no such file or folder"));
  EXPECT_THAT(refusal("/dev/null"), HasSubstr("not a regular file"));
}

TEST(Import, DamagedConiferJsonIsRefusedOrLoads) {
  const TemporaryPackage source;
  const std::string good = kTrees;
  std::uint64_t state = 11;
  for (int i = 0; i < 600; ++i) {
    std::string bytes = good;
    state = state * 6364136223846793005u + 1442695040888963407u;
    bytes[(state >> 20) % bytes.size()] =
        static_cast<char>(i % 2 == 0 ? "0123456789{}[],:\"-e."[(state >> 50) % 20] : state >> 56);
    source.write("m.json", bytes);
    try {
      loaded(import_model(source.folder / "m.json"));
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("m"));
    }
  }
}

}  // namespace
}  // namespace vigil::fpga_model
