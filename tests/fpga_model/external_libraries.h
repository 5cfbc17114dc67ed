// Emulator libraries made for the tests: C++ source compiled by the compiler of this build. Their ap_fixed and ap_int
// have the names and the memory layout of the vendor's and nothing else of them.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace vigil::fpga_model {

inline constexpr const char* kFixedTypes = R"(
#include <any>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
enum ap_q_mode { AP_RND, AP_RND_ZERO, AP_RND_MIN_INF, AP_RND_INF, AP_RND_CONV, AP_TRN, AP_TRN_ZERO };
enum ap_o_mode { AP_SAT, AP_SAT_ZERO, AP_SAT_SYM, AP_WRAP, AP_WRAP_SM };
template <int N> struct sized { using s = long; using u = unsigned long; };
template <> struct sized<1> { using s = signed char; using u = unsigned char; };
template <> struct sized<2> { using s = short; using u = unsigned short; };
template <> struct sized<3> { using s = int; using u = unsigned; };
template <> struct sized<4> { using s = int; using u = unsigned; };
template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0> struct ap_fixed { typename sized<(W + 7) / 8>::s v = 0; };
template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0> struct ap_ufixed { typename sized<(W + 7) / 8>::u v = 0; };
template <int W> struct ap_uint { typename sized<(W + 7) / 8>::u v = 0; };
)";

// Needs `in_t`, `IN`, `result_t` and `void compute(const in_t*, result_t&)`; `result_t` alone behind the pointer.
inline constexpr const char* kCmsModel = R"(
namespace hls4mlEmulator {
class Model {
 public:
  virtual void prepare_input(std::any input) = 0;
  virtual void predict() = 0;
  virtual void read_result(std::any result) = 0;
  virtual ~Model() = default;
};
}
class TestModel : public hls4mlEmulator::Model {
  in_t input_[IN];
  result_t result_;
 public:
  void prepare_input(std::any input) override {
    in_t* p = std::any_cast<in_t*>(input);
    for (int i = 0; i < IN; ++i) input_[i] = std::any_cast<in_t>(p[i]);
  }
  void predict() override { compute(input_, result_); }
  void read_result(std::any result) override { *std::any_cast<result_t*>(result) = result_; }
};
extern "C" __attribute__((visibility("default"))) hls4mlEmulator::Model* create_model() { return new TestModel; }
extern "C" __attribute__((visibility("default"))) void destroy_model(hls4mlEmulator::Model* m) { delete m; }
)";

// Words x[0..4] in ap_fixed<18,13>: y[i] = x[i] >> 10, z = 3 x[0] + x[4] in 18 bits. Some x[0] are traps.
inline constexpr const char* kPairModel = R"(
using in_t = ap_fixed<18, 13>;
constexpr int IN = 5;
using result_t = std::pair<std::array<ap_fixed<10, 7, AP_RND_CONV, AP_SAT>, 3>, ap_ufixed<18, 14>>;
static void compute(const in_t* x, result_t& out) {
  if (x[0].v == 1001) *(volatile int*)0 = 1;
  if (x[0].v == 1002) for (volatile int i = 0;; i = i + 1) {}
  if (x[0].v == 1003) throw std::runtime_error("what a library says");
  if (x[0].v == 1004) std::_Exit(7);
  for (int i = 0; i < 3; ++i) out.first[i].v = x[i].v >> 10;
  out.second.v = (3 * x[0].v + x[4].v) & 0x3ffff;
}
)";

// Compiles once a process and text; the bytes of the library.
inline std::string compile_library(const std::string& source, const std::string& flags = "") {
  static std::map<std::string, std::string> made;
  const auto [at, is_new] = made.try_emplace(flags + "\n" + source);
  if (!is_new) return at->second;
  namespace fs = std::filesystem;
  const fs::path stem = fs::path(testing::TempDir()) /
                        ("vigil_library_" + std::to_string(::getpid()) + "_" + std::to_string(made.size()));
  const std::string cpp = stem.string() + ".cpp", so = stem.string() + ".so";
  std::ofstream(cpp) << source;
  const std::string command =
      std::string(VIGIL_CXX) + " -std=c++17 -O1 -fPIC -shared -w " + flags + " -o " + so + " " + cpp;
  if (std::system(command.c_str()) != 0) throw std::runtime_error("the compiler refused a library of the tests");
  std::ifstream stream(so, std::ios::binary);
  at->second.assign(std::istreambuf_iterator<char>(stream), {});
  fs::remove(cpp);
  fs::remove(so);
  return at->second;
}

inline std::string pair_library(const std::string& flags = "") {
  return compile_library(std::string(kFixedTypes) + kPairModel + kCmsModel, flags);
}

// The host beside the build's vigil, and a time limit for the tests that wait for it.
inline void use_host_of_this_build(int timeout_ms = 20'000) {
  ::setenv("VIGIL_EMULATOR_HOST", VIGIL_EMULATOR_HOST, 1);
  ::setenv("VIGIL_EMULATOR_TIMEOUT_MS", std::to_string(timeout_ms).c_str(), 1);
}

}  // namespace vigil::fpga_model
