// DAIS programs: the reader, and for small programs what they compute of two events, which must fit its type.
#include <cstring>
#include <fstream>
#include <iterator>

#include "../fpga_model/engine_runs.h"
#include "fpga_model/import/dais.h"
#include "fuzz_target.h"

namespace {

constexpr std::size_t kMostWords = 5000;
constexpr std::size_t kRows = 2;

void run(const vigil::fpga_model::Dais& engine) {
  using namespace vigil::fpga_model;
  std::mt19937_64 random(1);
  const std::vector<std::int64_t> inputs = random_inputs(engine, kRows, random);
  vigil::Status status{};
  const auto tensors = reference_tensors(engine, inputs, kRows, status);
  if (status != vigil::Status::ok) return;
  for (const std::size_t t : engine.outputs()) {
    const vigil::FixedPoint& type = engine.tensors()[t].type;
    for (const std::int64_t word : tensors[t]) {
      if (word < type.lowest() || word > type.highest())
        throw std::runtime_error("word " + std::to_string(word) + " of an output of " + to_string(type));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::unique_ptr<vigil::fpga_model::Dais> engine;
  const bool read = vigil::fuzz::expect_error_or_success(
      "model.dais", [&] { engine = std::make_unique<vigil::fpga_model::Dais>(bytes, "model.dais"); });
  if (read && engine->words() + engine->scratch_words() <= kMostWords)
    vigil::fuzz::expect_error_or_success("model.dais", [&] { run(*engine); });
  return 0;
}

namespace vigil::fuzz {
namespace {

std::string bytes_of(const std::vector<std::int32_t>& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(words[0])};
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> programs;
  for (const char* name : {"dais_mlp", "dais_operations"}) {
    std::ifstream file(std::string(VIGIL_DAIS_FOLDER) + "/" + name + "/model.dais", std::ios::binary);
    programs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  // Two inputs, then one operation of each code, then the output; a table at the end where the code looks one up.
  for (std::int32_t code = -9; code <= 10; ++code) {
    const bool looks_up = code == 8 || code == -8;
    std::vector<std::int32_t> words = {1,  0, 2,  1, 3,    looks_up ? 1 : 0,
                                       0,  0, 2,  0, 0,  // head, shifts, the output
                                       -1, 0, -1, 0, 0,    1,
                                       2,  4, -1, 1, -1,   0,
                                       0,  0, 2,  3, code, 0,
                                       1,  0, 0,  1, 5,    7};
    if (looks_up) words.insert(words.end(), {3, 10, 20, 30});
    programs.push_back(bytes_of(words));
  }
  return programs;
}

std::vector<std::string> words() {
  std::vector<std::string> all;
  for (const std::int32_t word : {0, 1, -1, 2, 3, 7, 8, -8, 63, 64, -64, 200, -200, 1 << 24, INT32_MAX, INT32_MIN})
    all.push_back(bytes_of({word}));
  return all;
}

}  // namespace vigil::fuzz
