// DAIS programs: golden words recorded from da4ml's interpreter, single operations by hand, and hostile bytes.
#include "fpga_model/import/dais.h"

#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "fpga_model/import/import.h"
#include "temporary_package.h"

namespace vigil::fpga_model {
namespace {

using testing::HasSubstr;
using Ints = std::vector<std::int32_t>;
using Words = std::vector<std::int64_t>;

std::string data_folder(const std::string& name) {
  return std::string(VIGIL_SOURCE_DIR) + "/tests/fpga_model/data/" + name;
}

std::string file_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string bytes_of(const Ints& ints) { return {reinterpret_cast<const char*>(ints.data()), ints.size() * 4}; }

// Inputs of 4 and 3 fractional bits (7 wide signed, 5 wide unsigned), then one operation, then the output.
struct Program {
  Ints operation;    // opcode, id0, id1, low, high, signed, integer, fraction
  Ints tables = {};  // sizes, then words
  std::int32_t table_count = 0;
  std::int32_t version = 1;
  std::string bytes() const {
    Ints all = {version, 99, 2, 1, 3, table_count, 0, 0, /*output*/ 2, 0, 0};
    all.insert(all.end(), {-1, 0, -1, 0, 0, 1, 2, 4, -1, 1, -1, 0, 0, 0, 2, 3});
    all.insert(all.end(), operation.begin(), operation.end());
    all.insert(all.end(), tables.begin(), tables.end());
    return bytes_of(all);
  }
};

Words outputs(const std::string& bytes, const Words& x, Status expected = Status::ok) {
  InputGroup a, b;
  a.types = {parse_fixed_point("ap_fixed<7,3>", "")};
  b.types = {parse_fixed_point("ap_ufixed<5,2>", "")};
  const Dais engine(bytes, "m.dais", {a, b});
  Words memory(x);
  memory.resize(engine.words());
  Words scratch(engine.scratch_words());
  EXPECT_EQ(engine.run({memory.data(), scratch.data(), 1, 1}), expected);
  return {memory.begin() + 2, memory.end()};
}

TEST(Dais, GoldenWordsOfItsOwnInterpreter) {
  for (const char* name : {"dais_mlp", "dais_operations"}) {
    const auto model = load_package(data_folder(name));
    EXPECT_EQ(model->golden().events, 64u) << name;
    EXPECT_EQ(model->info().format, "dais");
  }
}

TEST(Dais, OperationsByHand) {
  // a = -40/16 = -2.5, b = 13/8 = 1.625.
  const Words x = {-40, 13};
  EXPECT_EQ(outputs(Program{{0, 0, 1, 0, 0, 1, 4, 4}}.bytes(), x), Words{-40 + 26});
  EXPECT_EQ(outputs(Program{{1, 0, 1, 1, 0, 1, 4, 4}}.bytes(), x), Words{-40 - 52});    // a - 2 b
  EXPECT_EQ(outputs(Program{{0, 0, 1, -3, 0, 1, 4, 6}}.bytes(), x), Words{-160 + 13});  // a + b/8
  EXPECT_EQ(outputs(Program{{2, 0, -1, 0, 0, 0, 2, 4}}.bytes(), x), Words{0});
  EXPECT_EQ(outputs(Program{{-2, 0, -1, 0, 0, 0, 2, 3}}.bytes(), x), Words{20});
  EXPECT_EQ(outputs(Program{{3, 0, -1, 0, 0, 1, 1, 1}}.bytes(), x), Words{3});  // -2.5 = -5/2 wraps to 3/2
  EXPECT_EQ(outputs(Program{{4, 0, -1, 7, 0, 1, 4, 5}}.bytes(), x), Words{-80 + 7});
  EXPECT_EQ(outputs(Program{{4, 0, -1, -7, -1, 1, 4, 5}}.bytes(), x), Words{-80 - 7});
  EXPECT_EQ(outputs(Program{{5, -1, -1, 5, 0, 0, 3, 0}}.bytes(), x), Words{5});
  EXPECT_EQ(outputs(Program{{6, 0, 1, 0, 0, 1, 4, 4}}.bytes(), x), Words{-40});        // a < 0: a
  EXPECT_EQ(outputs(Program{{6, 0, 1, 0, 0, 1, 4, 4}}.bytes(), {40, 13}), Words{26});  // else b
  EXPECT_EQ(outputs(Program{{-6, 0, 1, 0, 1, 1, 4, 4}}.bytes(), {40, 13}), Words{-52});
  EXPECT_EQ(outputs(Program{{6, 0, 1, 1, 0, 1, 4, 4}}.bytes(), {40, 15}), Words{30});  // MSB of b, 5 bits: 15 no
  EXPECT_EQ(outputs(Program{{6, 0, 1, 1, 0, 1, 4, 4}}.bytes(), {40, 16}), Words{40});  // 16 yes
  EXPECT_EQ(outputs(Program{{7, 0, 1, 0, 0, 1, 5, 7}}.bytes(), x), Words{-40 * 13});
  EXPECT_EQ(outputs(Program{{9, 0, -1, 0, 0, 1, 2, 4}}.bytes(), x), Words{39});
  EXPECT_EQ(outputs(Program{{9, 1, -1, 0, 0, 0, 2, 3}}.bytes(), x), Words{18});
  EXPECT_EQ(outputs(Program{{9, 1, -1, 1, 0, 0, 1, 0}}.bytes(), x), Words{1});
  EXPECT_EQ(outputs(Program{{9, 1, -1, 2, 0, 0, 1, 0}}.bytes(), {0, 31}), Words{1});
  EXPECT_EQ(outputs(Program{{10, 0, 1, 0, 2 << 24, 1, 2, 4}}.bytes(), x), Words{-40 ^ 26});
  EXPECT_EQ(outputs(Program{{10, 0, 1, 0, (1 << 24) | 2, 1, 2, 4}}.bytes(), x), Words{-40 | -26});
  const Ints table = {3, 10, 20, 30};
  EXPECT_EQ(outputs(Program{{8, 0, -1, 0, 23, 0, 5, 0}, table, 1}.bytes(), x), Words{20});  // -40 + 64 - 23 = 1
  outputs(Program{{8, 0, -1, 0, 21, 0, 5, 0}, table, 1}.bytes(), x, Status::word_out_of_range);
  EXPECT_EQ(outputs(Program{{3, 0, -1, 0, 0, 1, 2, 4}, {}, 0, 0}.bytes(), x), Words{-40});  // version 0
}

std::string refusal(const std::string& bytes) {
  try {
    const Dais engine(bytes, "m.dais");
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Dais, RefusesWhatItCannotFollow) {
  EXPECT_THAT(refusal(""), HasSubstr("m.dais: ends at byte 0"));
  EXPECT_THAT(refusal(Program{{3, 0, -1, 0, 0, 1, 2, 4}, {}, 0, 2}.bytes()), HasSubstr("version 2, expected 0 or 1"));
  EXPECT_THAT(refusal(Program{{3, 2, -1, 0, 0, 1, 2, 4}}.bytes()),
              HasSubstr("operation 2: id0 2, expected an earlier"));
  EXPECT_THAT(refusal(Program{{3, -1, -1, 0, 0, 1, 2, 4}}.bytes()), HasSubstr("id0 -1"));
  EXPECT_THAT(refusal(Program{{0, 0, 7, 0, 0, 1, 2, 4}}.bytes()), HasSubstr("id1 7"));
  EXPECT_THAT(refusal(Program{{6, 0, 1, 2, 0, 1, 2, 4}}.bytes()), HasSubstr("condition 2"));
  EXPECT_THAT(refusal(Program{{11, 0, 1, 2, 0, 1, 2, 4}}.bytes()), HasSubstr("opcode 11"));
  EXPECT_THAT(refusal(Program{{8, 0, -1, 0, 0, 1, 2, 4}}.bytes()), HasSubstr("table 0, expected below 0"));
  EXPECT_THAT(refusal(Program{{3, 0, -1, 0, 0, 1, 60, 4}}.bytes()), HasSubstr("a word of 65 bits"));
  EXPECT_THAT(refusal(Program{{0, 0, 1, 190, 0, 1, 2, 4}}.bytes()), HasSubstr("a shift by"));
  EXPECT_THAT(refusal(Program{{-1, 2, -1, 0, 0, 1, 2, 4}}.bytes()), HasSubstr("input 2, expected one of 0..1"));
  EXPECT_THAT(refusal(Program{{3, 0, -1, 0, 0, 1, 2, 4}}.bytes() + "abcd"), HasSubstr("4 bytes after the program"));
}

TEST(Dais, ModelYamlTypesAreChecked) {
  const TemporaryPackage package;
  package.write("model.dais", Program{{0, 0, 1, 0, 0, 1, 4, 4}}.bytes());
  const std::string head = "name: m\nformat: dais\npath: model.dais\n";
  package.write("model.yaml",
                head +
                    "inputs:\n  - {name: a, type: \"ap_fixed<7,3>\"}\n  - {name: b, type: \"ap_ufixed<5,2>\"}\n"
                    "outputs:\n  - {name: sum, type: \"ap_fixed<12,6>\"}\n");
  EXPECT_EQ(package.refusal(), "");
  package.write("model.yaml", head + "outputs:\n  - {name: sum, type: \"ap_fixed<8,5>\"}\n");
  EXPECT_THAT(package.refusal(), HasSubstr("a type that holds 9-bit words with 4 fractional bits"));
  package.write("model.yaml", head + "inputs:\n  - {name: a, count: 3, type: \"ap_fixed<7,3>\"}\n");
  EXPECT_THAT(package.refusal(), HasSubstr("3 input words, expected 2 as in the program"));
}

TEST(Dais, DamagedProgramsEndInAnErrorOrRun) {
  const std::string good = file_bytes(data_folder("dais_operations/model.dais"));
  ASSERT_FALSE(good.empty());
  std::uint64_t state = 3;
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = good;
    for (int k = 0; k < 1 + i % 3; ++k) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const std::size_t at = (state >> 20) % (i % 2 == 0 ? 400 : bytes.size());
      bytes[at] = static_cast<char>(state >> (i % 4 == 0 ? 56 : 61));
    }
    if (i % 7 == 0) bytes.resize((state >> 24) % bytes.size());
    try {
      const Dais engine(bytes, "m.dais");
      Words memory(engine.words(), 1), scratch(engine.scratch_words());
      const Status status = engine.run({memory.data(), scratch.data(), 1, 1});
      EXPECT_TRUE(status == Status::ok || status == Status::word_out_of_range);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("m.dais"));
    }
  }
}

TEST(Dais, Import) {
  const TemporaryPackage target;
  const ImportedPackage imported = import_model(data_folder("dais_mlp/model.dais"));  // model.dais
  EXPECT_EQ(imported.files.count("model.dais"), 1u);
  for (const auto& [path, bytes] : imported.files) target.write(path, bytes);
  EXPECT_EQ(load_package(target.folder)->info().inputs.size(), 8u);
}

}  // namespace
}  // namespace vigil::fpga_model
