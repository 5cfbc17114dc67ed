// Packages that hold a shared library: types and lengths found, words exact, and every way a library can go wrong.
#include <gmock/gmock.h>

#include <atomic>
#include <limits>
#include <thread>

#include "external_libraries.h"
#include "fpga_model/external/library_engine.h"
#include "fpga_model/import/import.h"
#include "temporary_package.h"

namespace vigil::fpga_model {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Words = std::vector<std::int64_t>;

class ExternalLibrary : public testing::Test {
 protected:
  void SetUp() override { use_host_of_this_build(); }
};

// What a fixture of the pair model computes.
Words expected(const Words& x) { return {x[0] >> 10, x[1] >> 10, x[2] >> 10, (3 * x[0] + x[4]) & 0x3ffff}; }

Words events(std::size_t rows) {
  Words x;
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < rows * 5; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    x.push_back(static_cast<std::int64_t>(state >> 46) - (1 << 17));
    if (x.back() >= 1000 && x.back() <= 1010) x.back() = 0;
  }
  return x;
}

// Runs rows events through an engine.
Status run(const Engine& engine, const Words& x, std::size_t rows, Words& out) {
  Words memory(engine.words() * rows);
  std::copy(x.begin(), x.end(), memory.begin());
  const Block block{memory.data(), nullptr, rows, rows};
  const Status status = engine.run(block);
  out.clear();
  for (std::size_t r = 0; r < rows; ++r) {
    for (const std::size_t t : engine.outputs()) {
      const std::size_t n = engine.tensors()[t].words;
      const std::int64_t* words = engine.tensor(block, t) + r * n;
      out.insert(out.end(), words, words + n);
    }
  }
  return status;
}

void expect_pair_model(const Engine& engine) {
  ASSERT_EQ(engine.tensors().size(), 3u);
  EXPECT_EQ(to_string(engine.tensors()[0].type), "ap_fixed<18,13>");
  EXPECT_EQ(engine.tensors()[0].words, 5u);
  EXPECT_EQ(to_string(engine.tensors()[1].type), "ap_fixed<10,7,AP_RND_CONV,AP_SAT>");
  EXPECT_EQ(engine.tensors()[1].words, 3u);
  EXPECT_EQ(to_string(engine.tensors()[2].type), "ap_ufixed<18,14>");
  EXPECT_EQ(engine.tensors()[2].words, 1u);
  const Words x = events(50);
  Words out;
  ASSERT_EQ(run(engine, x, 50, out), Status::ok);
  for (std::size_t r = 0; r < 50; ++r) {
    const Words row(x.begin() + r * 5, x.begin() + r * 5 + 5);
    EXPECT_EQ(Words(out.begin() + r * 4, out.begin() + r * 4 + 4), expected(row)) << r;
  }
}

TEST_F(ExternalLibrary, TypesAndLengthsAreFoundWithoutVendorHeaders) {
  expect_pair_model(LibraryEngine(pair_library(), "a.so", {}));
}

TEST_F(ExternalLibrary, HiddenSymbolsLeaveTheTypeNames) {
  expect_pair_model(LibraryEngine(pair_library("-fvisibility=hidden -s"), "a.so", {}));
}

TEST_F(ExternalLibrary, InThisProcess) {
  LibraryOptions options;
  options.in_process = true;
  expect_pair_model(LibraryEngine(pair_library(), "a.so", options));
  expect_pair_model(LibraryEngine(pair_library("-fvisibility=hidden -s"), "a.so", options));
}

// Two models with the same static table in a template, in one process: each computes with its own.
TEST_F(ExternalLibrary, LibrariesInThisProcessShareNothing) {
  const auto library = [](int factor) {
    return compile_library(std::string(kFixedTypes) + R"(
using in_t = ap_uint<10>;
constexpr int IN = 3;
using result_t = std::array<ap_uint<20>, 3>;
template <class T> void scaled(const T* x, result_t& out) {
  static bool filled = false;
  static int table[3];
  if (!filled) for (int i = 0; i < 3; ++i) table[i] = FACTOR + i;
  filled = true;
  for (int i = 0; i < 3; ++i) out[i].v = x[i].v * table[i];
}
static void compute(const in_t* x, result_t& out) { scaled(x, out); }
)" + kCmsModel,
                           "-DFACTOR=" + std::to_string(factor));
  };
  ASSERT_NE(library(2).find("scaled"), std::string::npos);
  LibraryOptions options;
  options.in_process = true;
  const LibraryEngine two(library(2), "two.so", options);
  const LibraryEngine seven(library(7), "seven.so", options);
  const Words x = {1, 10, 100};
  for (int i = 0; i < 2; ++i) {
    Words out;
    ASSERT_EQ(run(two, x, 1, out), Status::ok);
    EXPECT_EQ(out, (Words{2, 30, 400}));
    ASSERT_EQ(run(seven, x, 1, out), Status::ok);
    EXPECT_EQ(out, (Words{7, 80, 900}));
  }
}

TEST_F(ExternalLibrary, PointersToPlainArrays) {
  const LibraryEngine engine(compile_library(std::string(kFixedTypes) + R"(
using in_t = ap_uint<10>;
constexpr int IN = 252;
using result_t = std::array<ap_fixed<64, 20>, 3>;
static void compute(const in_t* x, result_t& out) {
  long sum = 0;
  for (int i = 0; i < IN; ++i) sum += (i + 1) * (long)x[i].v;
  out[0].v = sum; out[1].v = -sum; out[2].v = (long)(0x8000000000000000ul + sum);
}
)" + kCmsModel),
                             "a.so", {});
  EXPECT_EQ(engine.tensors()[0].words, 252u);
  EXPECT_EQ(to_string(engine.tensors()[0].type), "ap_ufixed<10,10>");
  Words x(252, 1), out;
  x[251] = 1023;
  ASSERT_EQ(run(engine, x, 1, out), Status::ok);
  const std::int64_t sum = 251 * 252 / 2 + 252 * 1023;
  EXPECT_EQ(out, (Words{sum, -sum, std::numeric_limits<std::int64_t>::min() + sum}));
}

TEST_F(ExternalLibrary, ManyThreadsEachHaveAnInstance) {
  const LibraryEngine engine(pair_library(), "a.so", {});
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const Words x = events(7);
        Words out;
        right += run(engine, x, 7, out) == Status::ok && out[0] == x[0] >> 10;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST_F(ExternalLibrary, FailuresAreNamedAndTheProcessStartsAnew) {
  const LibraryEngine engine(pair_library(), "trigger.so", {});
  Words out;
  const Words good(5, 7);
  const std::pair<int, const char*> traps[] = {{1001, "crashed (Segmentation fault"},
                                               {1003, "what a library says"},
                                               {1004, "ended its process with exit code 7"}};
  for (const auto& [trap, reason] : traps) {
    EXPECT_EQ(run(engine, {trap, 0, 0, 0, 0}, 1, out), Status::failed);
    EXPECT_THAT(engine.failure(), AllOf(HasSubstr("trigger.so: "), HasSubstr(reason)));
    EXPECT_EQ(run(engine, good, 1, out), Status::failed) << "the call after a first failure";
    ASSERT_EQ(run(engine, good, 1, out), Status::ok);
    EXPECT_EQ(out, expected(good));
  }
}

TEST_F(ExternalLibrary, RestartsAreBounded) {
  const LibraryEngine engine(pair_library(), "trigger.so", {});
  Words out;
  const Words bad = {1004, 0, 0, 0, 0};
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(run(engine, bad, 1, out), Status::failed);
  EXPECT_EQ(run(engine, Words(5, 7), 1, out), Status::failed);
}

TEST_F(ExternalLibrary, AHangEndsAfterTheTimeLimit) {
  use_host_of_this_build(2000);
  const LibraryEngine engine(pair_library(), "trigger.so", {});
  Words out;
  EXPECT_EQ(run(engine, {1002, 0, 0, 0, 0}, 1, out), Status::failed);
  EXPECT_THAT(engine.failure(), HasSubstr("trigger.so: the library did not answer within 2000 ms"));
}

// The message a library is refused with.
std::string refusal(const std::string& bytes, const LibraryOptions& options = {}) {
  try {
    const LibraryEngine engine(bytes, "odd.so", options);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

std::string odd_library(const std::string& in_type, const std::string& result_type, const std::string& compute) {
  return compile_library(std::string(kFixedTypes) + "using in_t = " + in_type +
                         ";\nconstexpr int IN = 4;\nusing result_t = " + result_type +
                         ";\nstatic void compute(const in_t* x, result_t& out) {" + compute + "}\n" + kCmsModel);
}

// A library that names another one: it may be missing where nothing of it is used.
TEST_F(ExternalLibrary, ALibraryItNamesAndDoesNotUseMayBeMissing) {
  namespace fs = std::filesystem;
  const fs::path other = fs::path(testing::TempDir()) / "libvigil_test_other.so";
  const std::string body = std::string(kFixedTypes) + R"(
using in_t = ap_uint<10>;
constexpr int IN = 3;
using result_t = std::array<ap_uint<20>, 1>;
extern "C" int used_by_the_model();
static void compute(const in_t* x, result_t& out) { out[0].v = x[0].v + CALL; }
)" + kCmsModel;
  const std::string source = other.string() + ".cpp";
  std::ofstream(source) << "extern \"C\" int used_by_the_model() { return 1; }\n";
  ASSERT_EQ(std::system((std::string(VIGIL_CXX) + " -shared -fPIC -Wl,-soname,libvigil_test_other.so -o " +
                         other.string() + " " + source)
                            .c_str()),
            0);
  const std::string link = "-Wl,--no-as-needed " + other.string();
  const std::string unused = compile_library(body, "-DCALL=5 " + link);
  const std::string used = compile_library(body, "-DCALL='used_by_the_model()' " + link);
  fs::remove(other);
  fs::remove(source);
  for (const bool in_process : {false, true}) {
    LibraryOptions options;
    options.in_process = in_process;
    const LibraryEngine engine(unused, "a.so", options);
    Words out;
    ASSERT_EQ(run(engine, {7, 0, 0}, 1, out), Status::ok);
    EXPECT_EQ(out, (Words{12}));
    EXPECT_THAT(engine.warnings(),
                testing::ElementsAre(HasSubstr("libvigil_test_other.so, which the library names, is not found")));
  }
  EXPECT_THAT(refusal(used),
              AllOf(HasSubstr("cannot be loaded"), HasSubstr("undefined symbol: used_by_the_model"),
                    HasSubstr("it needs libvigil_test_other.so, which is not found"), HasSubstr("LD_LIBRARY_PATH")));
}

TEST_F(ExternalLibrary, NonsenseIsRefusedByName) {
  EXPECT_THAT(refusal("not a library"), HasSubstr("odd.so: not a shared library of this machine"));
  EXPECT_THAT(refusal(compile_library("int main_thing;")), HasSubstr("neither create_model and destroy_model nor"));
  EXPECT_THAT(refusal(odd_library("std::string", "ap_fixed<8, 4>", "")),
              HasSubstr("prepare_input takes none of the types"));
  EXPECT_THAT(refusal(odd_library("ap_fixed<8, 4>", "std::string", "")),
              HasSubstr("read_result takes none of the types"));
  EXPECT_THAT(refusal(odd_library("float", "float", "")), HasSubstr("names no type of fixed-point words"));
  EXPECT_THAT(refusal(odd_library("ap_fixed<8, 4>", "ap_fixed<9, 4>", "std::abort();")),
              HasSubstr("read_result crashes (Aborted"));
  EXPECT_THAT(refusal(odd_library("ap_fixed<8, 4>", "ap_fixed<9, 4>", "std::exit(3);")),
              HasSubstr("read_result ends the process with exit code 3"));
  EXPECT_THAT(refusal(compile_library(
                  std::string(kFixedTypes) +
                  "struct __attribute__((constructor)) Bad { Bad() { *(volatile int*)0 = 1; } } bad;"
                  "extern \"C\" void* create_model() { return 0; } extern \"C\" void destroy_model(void*) {}")),
              HasSubstr("odd.so: "));
}

TEST_F(ExternalLibrary, DamagedLibrariesEndInAnErrorOrWork) {
  const std::string library = pair_library();
  std::uint64_t state = 5;
  for (int i = 0; i < 40; ++i) {
    std::string damaged = library;
    for (int k = 0; k < 8; ++k) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      damaged[(state >> 20) % (i % 2 == 0 ? 4096 : damaged.size())] = static_cast<char>(state >> 56);
    }
    if (i % 5 == 0) damaged.resize((state >> 24) % damaged.size());
    const std::string said = refusal(damaged);
    EXPECT_TRUE(said.empty() || said.starts_with("odd.so: ")) << said;
  }
}

constexpr const char* kBridge = R"(
void project(ap_fixed<WIDTH, 6> a[3], ap_ufixed<8, 4> b[2], ap_fixed<20, 10> out[2]) {
  out[0].v = a[0].v + 2 * a[1].v + 3 * a[2].v;
  out[1].v = b[0].v - b[1].v;
}
template <class R> void bridge(R* a, R* b, R* out) {
  ap_fixed<WIDTH, 6> fa[3]; ap_ufixed<8, 4> fb[2]; ap_fixed<20, 10> fo[2];
  for (int i = 0; i < 3; ++i) fa[i].v = (long)(a[i] * (R)(1l << (WIDTH - 6)));
  for (int i = 0; i < 2; ++i) fb[i].v = (unsigned char)(b[i] * 16);
  project(fa, fb, fo);
  for (int i = 0; i < 2; ++i) out[i] = (R)fo[i].v / 1024;
}
extern "C" void project_float(float* a, float* b, float* out) { bridge(a, b, out); }
#ifdef WITH_DOUBLE
extern "C" void project_double(double* a, double* b, double* out) { bridge(a, b, out); }
#endif
)";

std::string bridge(int width, bool with_double) {
  return compile_library("#define WIDTH " + std::to_string(width) + (with_double ? "\n#define WITH_DOUBLE" : "") +
                         kFixedTypes + kBridge);
}

TEST_F(ExternalLibrary, BridgeOfHls4ml) {
  for (const bool with_double : {false, true}) {
    const LibraryEngine engine(bridge(16, with_double), "bridge.so", {});
    ASSERT_EQ(engine.input_tensors(), 2u);
    ASSERT_EQ(engine.tensors().size(), 3u);
    EXPECT_EQ(engine.tensors()[0].words, 3u);
    EXPECT_EQ(to_string(engine.tensors()[1].type), "ap_ufixed<8,4>");
    EXPECT_EQ(engine.tensors()[1].words, 2u);
    EXPECT_EQ(engine.tensors()[2].words, 2u);
    Words memory(engine.words() * 2);
    const Words x = {-32768, 32767, 5, 1, 2, 3}, b = {255, 1, 0, 255};
    std::copy(x.begin(), x.end(), memory.begin());
    std::copy(b.begin(), b.end(), memory.begin() + 6);
    const Block block{memory.data(), nullptr, 2, 2};
    ASSERT_EQ(engine.run(block), Status::ok);
    const std::int64_t* out = engine.tensor(block, 2);
    EXPECT_EQ(Words(out, out + 4), (Words{-32768 + 2 * 32767 + 15, 254, 14, -255}));
  }
}

// hls4ml's load_weights_from_txt ends the process when a file is not there.
TEST_F(ExternalLibrary, ABridgeWithoutItsWeightsSaysSo) {
  std::string source = "#define WIDTH 16\n#include <cstdio>\n" + std::string(kFixedTypes) + kBridge;
  source.replace(
      source.find("  out[0].v ="), 0,
      "  for (const char* name : {\"w2.txt\", \"b2.txt\"}) if (fopen(name, \"r\") == nullptr) std::exit(1);\n");
  EXPECT_THAT(
      refusal(compile_library(source)),
      AllOf(HasSubstr("project_float ends the process with exit code 1: it reads its weights from files (b2.txt, ...), "
                      "which are not found"),
            HasSubstr("vigil model import FOLDER")));
}

TEST_F(ExternalLibrary, WordsWiderThanTheRealAreRefused) {
  EXPECT_EQ(refusal(bridge(40, true)), "");
  EXPECT_THAT(refusal(bridge(40, false)),
              HasSubstr("words of ap_fixed<40,6> through project_float, expected at most 24 bits"));
  EXPECT_THAT(refusal(bridge(60, true)), HasSubstr("through project_double, expected at most 53 bits"));
}

TEST_F(ExternalLibrary, ModelYamlIsCheckedAgainstTheLibrary) {
  const TemporaryPackage package;
  package.write("libmodel.so", pair_library());
  const std::string head = "name: m\nformat: cms_emulator\npath: libmodel.so\n";
  const std::string inputs = "inputs:\n  - {name: x, count: 5, type: \"ap_fixed<18,13>\"}\n";
  package.write("model.yaml",
                head + inputs +
                    "outputs:\n  - {name: latent, count: 3, type: \"ap_fixed<10,7,AP_RND_CONV,AP_SAT>\"}\n"
                    "  - {name: loss, type: \"ap_ufixed<18,14>\"}\n");
  EXPECT_EQ(package.refusal(), "");
  package.write("model.yaml", head + "inputs:\n  - {name: x, count: 6, type: \"ap_fixed<18,13>\"}\n");
  EXPECT_THAT(package.refusal(), HasSubstr("6 words, expected 5 as in the network"));
  package.write("model.yaml", head + "inputs:\n  - {name: x, count: 5, type: \"ap_fixed<18,12>\"}\n");
  EXPECT_THAT(package.refusal(), HasSubstr("expected ap_fixed<18,13> as in the network"));
  package.write("model.yaml", "name: m\nformat: hls4ml_library\npath: libmodel.so\n");
  EXPECT_THAT(package.refusal(), HasSubstr("expected cms_emulator"));
  package.write("model.yaml", "name: m\nformat: network\nin_process: true\npath: libmodel.so\n");
  EXPECT_THAT(package.refusal(), HasSubstr("in_process"));
  package.write("model.yaml", head + inputs + "in_process: true\n");
  EXPECT_EQ(package.refusal(), "");
}

TEST_F(ExternalLibrary, ImportWritesAPackageThatLoads) {
  const TemporaryPackage source, target;
  source.write("libaxo.so", pair_library());
  const ImportedPackage imported = import_model(source.folder / "libaxo.so");
  for (const auto& [path, bytes] : imported.files) target.write(path, bytes);
  const auto model = load_package(target.folder);
  EXPECT_EQ(model->info().name, "axo");
  EXPECT_EQ(model->info().format, "cms_emulator");
  EXPECT_EQ(model->info().output_words(), 4u);
}

}  // namespace
}  // namespace vigil::fpga_model
