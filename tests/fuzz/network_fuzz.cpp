// network.json: the reader, and for small networks both paths on two events, the fast one for one instruction set an
// input.
#include "../fpga_model/engine_runs.h"
#include "../fpga_model/random_network.h"
#include "fpga_model/network.h"
#include "fuzz_target.h"

namespace {

constexpr std::size_t kMostWords = 2000;  // of a network that is also run
constexpr std::size_t kRows = 2;

void run_both(const vigil::fpga_model::Network& engine, std::size_t size) {
  using namespace vigil::fpga_model;
  std::mt19937_64 random(1);
  const std::vector<std::int64_t> inputs = random_inputs(engine, kRows, random);
  const EngineResult expected = reference_outputs(engine, inputs, kRows);
  const SimdTarget target = simd_targets()[size % simd_targets().size()];
  const auto fast = engine.fast(target);
  if (fast == nullptr) return;
  const EngineResult found = fast_outputs(engine, *fast, inputs, kRows);
  if (found.status != expected.status || (found.status == vigil::Status::ok && found.words != expected.words))
    throw std::runtime_error(to_string(target) + " differs from the reference path");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::unique_ptr<vigil::fpga_model::Network> engine;
  const bool read = vigil::fuzz::expect_error_or_success(
      "network.json", [&] { engine = std::make_unique<vigil::fpga_model::Network>(text, "network.json"); });
  if (read && engine->words() <= kMostWords)
    vigil::fuzz::expect_error_or_success("network.json", [&] { run_both(*engine, size); });
  return 0;
}

namespace vigil::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> texts;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    std::string text = fpga_model::make_random_network(seed, {.most_layers = 4}).json;
    if (text.size() < 6000) texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::string> words() {
  std::vector<std::string> all = json_words();
  for (const std::string& op : fpga_model::operation_names()) all.push_back("\"" + op + "\"");
  for (const char* key :
       {"weights", "bias", "accum",  "product",  "reuse_factor",  "stride",        "padding", "kernel", "table",
        "index",   "rule", "scaled", "top_bits", "range",         "offset",        "clamp",   "shape",  "raw",
        "type",    "axis", "units",  "xnor",     "weight_binary", "stream_window", "tree"})
    all.emplace_back(key);
  return all;
}

}  // namespace vigil::fuzz
