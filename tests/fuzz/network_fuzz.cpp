// network.json: the reader, and for small networks both paths on two events, the fast one for one instruction set an
// input.
#include "../fpga_model/random_network.h"
#include "both_paths.h"
#include "fpga_model/network/network.h"
#include "fuzz_target.h"

namespace {

constexpr std::size_t kMostWords = 2000;  // of a network that is also run

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::unique_ptr<vigil::fpga_model::Network> engine;
  const bool read = vigil::fuzz::expect_error_or_success(
      "network.json", [&] { engine = std::make_unique<vigil::fpga_model::Network>(text, "network.json"); });
  if (read && engine->words() <= kMostWords)
    vigil::fuzz::expect_error_or_success("network.json", [&] { vigil::fuzz::expect_equal_paths(*engine, size); });
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
