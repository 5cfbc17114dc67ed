// The package folder: model.yaml, hash, files, golden vectors. Each test damages one thing of a small valid package.
#include "fpga_model/package/package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "temporary_package.h"

namespace vigil::fpga_model {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kYaml = R"(name: toy
version: v1
format: network
path: network.json
inputs:
  - {name: jet, count: 2, columns: [pt, eta], type: "ap_fixed<8,6>", lsb: [0.5, 0.25], unit: [GeV, ""], wire: integer}
  - {name: met, columns: [pt], type: ["ap_fixed<8,6>"]}
  - {name: ht, type: "ap_fixed<8,6>"}
outputs:
  - {name: sum, count: 1, type: "ap_fixed<16,14>"}
  - {name: twice, count: 6, type: "ap_fixed<16,14>"}
seeds:
  - {name: L1_TOY, output: twice, word: 2, bit: 3, threshold: -7, target_rate_hz: 12.5}
)";

constexpr const char* kNetwork = R"({"format": "vigil-network/1", "name": "toy",
 "inputs": [{"name": "a", "shape": [4], "type": "ap_fixed<8,6>"}, {"name": "b", "shape": [2], "type": "ap_fixed<8,6>"}],
 "outputs": ["sum", "twice"],
 "layers": [
  {"name": "join", "op": "concatenate", "inputs": ["a", "b"], "output": {"name": "all", "shape": [6], "type": "ap_fixed<16,14>"}},
  {"name": "add", "op": "add", "inputs": ["all", "all"], "output": {"name": "twice", "shape": [6], "type": "ap_fixed<16,14>"}},
  {"name": "reduce", "op": "reduce_sum", "inputs": ["all"], "output": {"name": "sum", "shape": [1], "type": "ap_fixed<16,14>"}}]})";

class PackageFolder : public testing::Test {
 protected:
  void SetUp() override {
    package_.write("model.yaml", kYaml);
    package_.write("network.json", kNetwork);
    package_.write_words("golden_inputs.npy", {1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6}, 2);
    package_.write_words("golden_sum.npy", {21, -21}, 2);
    package_.write_words("golden_twice.npy", {2, 4, 6, 8, 10, 12, -2, -4, -6, -8, -10, -12}, 2);
    package_.write_words("golden_layers/all.npy", {1, 2, 3, 4, 5, 6}, 1);
  }
  // The refusal after replacing `from` in model.yaml.
  std::string yaml_refusal(const std::string& from, const std::string& to) const {
    std::string text = kYaml;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    package_.write("model.yaml", text);
    return package_.refusal();
  }
  TemporaryPackage package_;
};

TEST_F(PackageFolder, ReadsEveryField) {
  const auto model = load_package(package_.folder);
  const ModelInfo& info = model->info();
  EXPECT_EQ(info.name + info.version + info.format, "toyv1network");
  ASSERT_EQ(info.inputs.size(), 6u);
  EXPECT_EQ(info.inputs[0].name, "jet[0].pt");
  EXPECT_EQ(info.inputs[3].name, "jet[1].eta");
  EXPECT_EQ(info.inputs[4].name, "met.pt");
  EXPECT_EQ(info.inputs[5].name, "ht");
  EXPECT_TRUE(info.inputs[0].integer_on_wire);
  EXPECT_FALSE(info.inputs[4].integer_on_wire);
  EXPECT_EQ(info.inputs[1].lsb, 0.25);
  EXPECT_EQ(info.inputs[0].unit, "GeV");
  EXPECT_FALSE(info.inputs[5].lsb.has_value());
  ASSERT_EQ(info.seeds.size(), 1u);
  EXPECT_EQ(info.seeds[0].output, 1u);
  EXPECT_EQ(info.seeds[0].threshold, -7);
  EXPECT_EQ(info.seeds[0].target_rate_hz, 12.5);
  EXPECT_EQ(info.seed_column(info.seeds[0]), 3u);
  EXPECT_EQ(model->golden().events, 2u);
  EXPECT_EQ(model->golden().output_words, 14u);
  EXPECT_EQ(model->golden().tensors, 1u);
  EXPECT_EQ(model->layers()[0].op, "concatenate");
}

TEST_F(PackageFolder, TakesNamesFromTheNetworkWhereThePackageGivesNone) {
  package_.write("model.yaml", "name: toy\nformat: network\npath: network.json\nsource: {repo: a/b, commit: c0ffee}\n");
  const ModelInfo info = load_package(package_.folder)->info();
  EXPECT_EQ(info.inputs[0].name, "a[0]");
  EXPECT_EQ(info.inputs[5].name, "b[1]");
  EXPECT_EQ(info.outputs[1].word_name(5), "twice[5]");
  EXPECT_EQ(info.source, "a/b@c0ffee");
  EXPECT_TRUE(info.seeds.empty());
}

TEST_F(PackageFolder, HashIsTheContractsSha256) {
  TemporaryPackage other;
  other.write("model.yaml", "name: toy\nformat: network\npath: network.json\n");
  other.write("network.json", kNetwork);
  other.write("Z", "");
  other.write("a/b.txt", "text\n");
  // Python: hashlib.sha256(b"".join(p + b"\0" + struct.pack("<Q", len(c)) + c for p, c in sorted(files))).hexdigest()
  EXPECT_EQ(load_package(other.folder)->info().hash,
            "39669cd370a8639e8cb5ee362fefcae2e1c8c2d55a5b3b166e5e9588604d1a90");
  EXPECT_EQ(load_package(other.folder / "")->info().hash, load_package(other.folder)->info().hash);
}

TEST_F(PackageFolder, ThePathIsNormalised) {
  EXPECT_EQ(yaml_refusal("path: network.json", "path: ./a/../network.json"), "");
}

TEST_F(PackageFolder, OneByteChangesTheHash) {
  const std::string before = load_package(package_.folder)->info().hash;
  package_.write("notes.txt", "x");
  EXPECT_NE(load_package(package_.folder)->info().hash, before);
}

TEST_F(PackageFolder, LeavingsChangeNothingAndAreNamed) {
  const std::string before = load_package(package_.folder)->info().hash;
  for (const char* name : {".git/HEAD", "a/.hidden", "model.yaml~", "journal.sqlite.lock", ".model.yaml.swp", "x.swp",
                           "x.tmp", "network.json.orig", "scripts/__pycache__/a.pyc"})
    package_.write(name, "anything");
  std::filesystem::create_symlink("model.yaml", package_.folder / ".#model.yaml");
  const auto model = load_package(package_.folder);
  EXPECT_EQ(model->info().hash, before);
  EXPECT_THAT(model->info().warnings,
              testing::Contains(AllOf(HasSubstr("leavings in the folder, no part of the model: "),
                                      HasSubstr("model.yaml~"), HasSubstr(".git"), HasSubstr("and 2 more"))));
  package_.write("tmp.txt", "a file like any other");
  EXPECT_NE(load_package(package_.folder)->info().hash, before);
}

TEST_F(PackageFolder, AMissingPathNamesModelYaml) {
  package_.write("model.yaml", "name: m\nformat: network\npath: net.json\n");
  EXPECT_THAT(package_.refusal(), AllOf(HasSubstr("model.yaml:3: key 'path': 'net.json', which is not in the package"),
                                        HasSubstr("expected one of its files: network.json")));
  package_.write("model.yaml", "name: m\nformat: network\n");
  EXPECT_THAT(package_.refusal(), HasSubstr("model.yaml:1: key 'path': missing"));
}

TEST_F(PackageFolder, ASeedHasNoNameOfAnOutput) {
  EXPECT_EQ(yaml_refusal("L1_TOY", "L1_twice"), "");
  EXPECT_EQ(yaml_refusal("L1_TOY", "\"twice[a]\""), "");
  EXPECT_THAT(yaml_refusal("L1_TOY", "sum"), HasSubstr("model.yaml:13: key 'name': seed 'sum', the name of an output"));
  EXPECT_THAT(yaml_refusal("L1_TOY", "twice"), HasSubstr("seed 'twice', the name of an output"));
  EXPECT_THAT(yaml_refusal("L1_TOY", "\"twice[2]\""),
              HasSubstr("seed 'twice[2]', the name of a word of output 'twice'"));
}

TEST_F(PackageFolder, RefusesLinksAndSpecialFiles) {
  std::filesystem::create_symlink("network.json", package_.folder / "link.json");
  EXPECT_THAT(package_.refusal(), AllOf(HasSubstr("link.json"), HasSubstr("a symbolic link")));
  std::filesystem::remove(package_.folder / "link.json");
  ASSERT_EQ(mkfifo((package_.folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(package_.refusal(), AllOf(HasSubstr("pipe"), HasSubstr("a special file")));
}

TEST_F(PackageFolder, RefusesMoreThanItsLimit) {
  std::ofstream(package_.folder / "large.bin").close();
  std::filesystem::resize_file(package_.folder / "large.bin", (std::uintmax_t{256} << 20) + 1);  // sparse
  EXPECT_THAT(package_.refusal(), HasSubstr("more than 256 MiB"));
}

TEST_F(PackageFolder, RefusesAMissingFolderOrFile) {
  EXPECT_THROW(load_package(package_.folder / "absent"), Error);
  std::filesystem::remove(package_.folder / "network.json");
  EXPECT_THAT(package_.refusal(), HasSubstr("model.yaml:4: key 'path': 'network.json', which is not in the package"));
  std::filesystem::remove(package_.folder / "model.yaml");
  EXPECT_THAT(package_.refusal(), HasSubstr("model.yaml: no such file"));
}

TEST_F(PackageFolder, RefusesWhatModelYamlMayNotSay) {
  const struct {
    const char* from;
    const char* to;
    const char* expected;
  } cases[] = {
      {"version: v1", "versoin: v1", "model.yaml:2: key 'versoin': unknown key"},
      {"version: v1", "name: again", "model.yaml:2: key 'name' appears twice"},
      {"version: v1", "version: [1]", "model.yaml:2: key 'version': a list, expected text"},
      {"name: toy\n", "", "key 'name': missing"},
      {"format: network\n", "", "key 'format': missing"},
      {"path: network.json\n", "", "key 'path': missing"},
      {"format: network", "format: onnx", "model.yaml:3: key 'format': 'onnx', expected one of network, conifer"},
      {"format: network", "format: qonnx", "expected one of network"},
      {"path: network.json", "path: a/../../network.json",
       "key 'path': '../network.json', expected a path inside the folder"},
      {"path: network.json", "path: /etc/passwd", "expected a path inside the folder"},
      {"version: v1", "conifer: {sum: tree}", "model.yaml:2: key 'conifer'"},
      {"count: 2, columns", "count: 0, columns", "model.yaml:6: key 'count': '0', expected an integer in 1.."},
      {"count: 2, columns", "count: 2.0, columns", "key 'count': '2.0', expected an integer"},
      {"count: 2, columns", "count: \"2\", columns", "key 'count': '2', expected an integer"},
      {"count: 2, columns", "count: 3, columns", "key 'inputs': 8 words, expected 6"},
      {"columns: [pt, eta]", "columns: [pt, pt]", "model.yaml:6: key 'name': input 'jet[0].pt' named twice"},
      {"columns: [pt, eta]", "columns: []", "key 'columns': an empty list"},
      {"ap_fixed<8,6>\", lsb", "ap_fixed<8,5>\", lsb",
       "model.yaml:6: key 'name': input 'jet[0].pt' of type ap_fixed<8,5>, expected ap_fixed<8,6>"},
      {"ap_fixed<8,6>\", lsb", "ap_fixed<8>\", lsb", "model.yaml:6: key 'type': type 'ap_fixed<8>'"},
      {"[\"ap_fixed<8,6>\"]", "[\"ap_fixed<8,6>\", \"ap_fixed<8,6>\"]", "model.yaml:7: key 'type': 2 entries"},
      {"lsb: [0.5, 0.25]", "lsb: [0.5, 0.25, 1]", "key 'lsb': 3 entries"},
      {"lsb: [0.5, 0.25]", "lsb: [0.5, .nan]", "key 'lsb': '.nan', expected a finite number"},
      {"wire: integer", "wire: code", "key 'wire': 'code', expected raw or integer"},
      {"{name: sum, count: 1", "{name: total, count: 1", "model.yaml:10: key 'name': output 'total'"},
      {"{name: sum, count: 1", "{name: sum, count: 2", "expected output 'sum' of 1 word"},
      {"type: \"ap_fixed<16,14>\"}\n  - {name: twice", "type: \"ap_fixed<16,13>\"}\n  - {name: twice",
       "output 'sum' of 1 word ap_fixed<16,13>"},
      {"output: twice", "output: thrice", "model.yaml:13: key 'output': seed 'L1_TOY' on output 'thrice'"},
      {"word: 2", "word: 6", "expected a word in 0..5"},
      {"bit: 3", "bit: -1", "key 'bit': '-1', expected an integer in 0..63"},
      {"bit: 3", "bit: 64", "key 'bit': '64'"},
      {"threshold: -7", "threshold: -7.5", "key 'threshold': '-7.5', expected an integer"},
      {"threshold: -7", "threshold: 99999999999999999999", "key 'threshold'"},
      {"threshold: -7, ", "", "key 'threshold': missing"},
      {"target_rate_hz: 12.5", "target_rate_hz: fast", "key 'target_rate_hz': 'fast'"},
      {"target_rate_hz: 12.5}", "target_rate_hz: 12.5}\n  - {name: L1_TOY, output: sum, bit: 4, threshold: 0}",
       "a second seed 'L1_TOY'"},
      {"target_rate_hz: 12.5}", "target_rate_hz: 12.5}\n  - {name: B, output: sum, bit: 3, threshold: 0}",
       "a second seed on bit 3"},
      {"name: toy", "name: [toy", "not valid YAML"},
      {"name: toy", "---\n---\nname: toy", "2 YAML documents"},
  };
  for (const auto& c : cases) EXPECT_THAT(yaml_refusal(c.from, c.to), HasSubstr(c.expected)) << c.to;
  package_.write("model.yaml", "just text");
  EXPECT_THAT(package_.refusal(), HasSubstr("expected a mapping"));
  package_.write("model.yaml", std::string(100000, '['));
  EXPECT_THAT(package_.refusal(), HasSubstr("not valid YAML"));
}

TEST_F(PackageFolder, AGoldenWordThatDoesNotReproduceIsNamed) {
  package_.write_words("golden_twice.npy", {2, 4, 6, 8, 10, 12, -2, -4, -6, -7, -10, -12}, 2);
  EXPECT_THAT(package_.refusal(),
              HasSubstr("golden_twice.npy: output 'twice', row 1, column 3, expected -7, found -8"));
  EXPECT_EQ(package_.refusal({.check_golden = false}), "");
  package_.write_words("golden_twice.npy", {2, 4, 6, 8, 10, 12, -2, -4, -6, -8, -10, -12}, 2);
  package_.write_words("golden_layers/all.npy", {1, 2, 0, 4, 5, 6}, 1);
  EXPECT_THAT(package_.refusal(), HasSubstr("tensor 'all', row 0, column 2, expected 0, found 3"));
}

TEST_F(PackageFolder, RefusesGoldenFilesItCannotCompare) {
  const std::vector<std::int64_t> two = {21, -21};
  package_.write_words("golden_sum.npy", {21, -21, 0}, 3);
  EXPECT_THAT(package_.refusal(), HasSubstr("golden_sum.npy: 3 rows, expected 2"));
  package_.write_words("golden_sum.npy", {21, -21}, 1);
  EXPECT_THAT(package_.refusal(), HasSubstr("golden_sum.npy: shape [1,2], expected [n,1]"));
  std::filesystem::remove(package_.folder / "golden_sum.npy");
  EXPECT_THAT(package_.refusal(), HasSubstr("golden_sum.npy: no such file"));
  package_.write_words("golden_sum.npy", two, 2);
  package_.write_words("golden_outputs.npy", two, 2);
  EXPECT_THAT(package_.refusal(), HasSubstr("golden_outputs.npy: no output of that name"));
  std::filesystem::remove(package_.folder / "golden_outputs.npy");
  package_.write_words("golden_layers/none.npy", two, 2);
  EXPECT_THAT(package_.refusal(), HasSubstr("no tensor 'none'"));
  std::filesystem::remove(package_.folder / "golden_layers/none.npy");
  package_.write_words("golden_inputs.npy", {1, 2, 3, 4, 5, 6, -1, -2, -3, -129, -5, -6}, 2);
  EXPECT_THAT(package_.refusal(),
              HasSubstr("golden_inputs.npy: row 1, column 3: word -129, expected one of ap_fixed<8,6> (jet[1].eta)"));
  package_.write("golden_inputs.npy", "not numpy");
  EXPECT_THAT(package_.refusal(), HasSubstr("golden_inputs.npy: not a numpy file"));
  std::filesystem::remove(package_.folder / "golden_inputs.npy");
  EXPECT_THAT(package_.refusal(), HasSubstr("golden_inputs.npy: no such file"));
}

}  // namespace
}  // namespace vigil::fpga_model
