// Random networks: every instruction set gives the words of the reference path, and the reference path gives the words
// of an evaluator written here straight from docs/network_json.md with vigil::cast alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "engine_runs.h"
#include "fpga_model/network/network.h"
#include "plain_evaluator.h"
#include "random_network.h"

namespace vigil::fpga_model {
namespace {

using nlohmann::json;

std::uint64_t seeds(std::uint64_t fallback) {
  const char* text = std::getenv("VIGIL_FUZZ_SEEDS");
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}
std::uint64_t first_seed() {
  const char* text = std::getenv("VIGIL_FUZZ_FIRST");
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

class Case {
 public:
  explicit Case(std::uint64_t seed, const RandomNetworkOptions& options = {})
      : network_(make_random_network(seed, options)), engine_(network_.json, "random.json"), random_(seed + 1) {}

  const Network& engine() const { return engine_; }
  const std::string& json_text() const { return network_.json; }
  std::vector<std::int64_t> inputs(std::size_t rows) { return random_inputs(engine_, rows, random_); }
  std::string describe() const { return "seed " + std::to_string(network_.seed) + "\n" + network_.json; }

  // Which output word differs first, and what its layer is.
  std::string first_difference(const EngineResult& found, const EngineResult& expected, const FastEngine& fast) const {
    for (std::size_t i = 0; i < found.words.size(); ++i) {
      if (found.words[i] == expected.words[i]) continue;
      std::size_t column = i % output_words(engine_);
      std::string text = "row " + std::to_string(i / output_words(engine_));
      for (const std::size_t t : engine_.outputs()) {
        const TensorInfo& tensor = engine_.tensors()[t];
        if (column >= tensor.words) {
          column -= tensor.words;
          continue;
        }
        text += ", tensor '" + tensor.name + "' word " + std::to_string(column) + ": " +
                std::to_string(found.words[i]) + ", expected " + std::to_string(expected.words[i]);
        for (std::size_t l = 0; l < engine_.layers().size(); ++l) {
          if (engine_.layers()[l].output == t) text += "; layer '" + engine_.layers()[l].name + "': " + fast.kernel(l);
        }
        return text;
      }
    }
    return {};
  }

 private:
  RandomNetwork network_;
  Network engine_;
  std::mt19937_64 random_;
};

// Every layer's output as an output of the network: the first that differs is where the fault is.
std::string first_faulty_layer(const std::string& text, SimdTarget target, const std::vector<std::int64_t>& inputs,
                               std::size_t rows) {
  json network = json::parse(text);
  for (const json& layer : network["layers"]) {
    json one = network;
    one["outputs"] = {layer["output"]["name"]};
    const Network engine(one.dump(), "random.json");
    const auto fast = engine.fast(target);
    if (fast == nullptr) continue;
    const EngineResult found = fast_outputs(engine, *fast, inputs, rows);
    const EngineResult expected = reference_outputs(engine, inputs, rows);
    if (found.status != expected.status || found.words != expected.words)
      return layer["output"]["name"].get<std::string>() + " of " + layer.dump().substr(0, 3000);
  }
  return "none when each tensor is the only output";
}

TEST(Differential, EveryTargetGivesTheReferenceWords) {
  std::size_t planned = 0;
  std::size_t faults = 0;  // a few show more than the first alone
  std::size_t tried = 0;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + seeds(300) && faults < 5; ++seed) {
    Case one(seed);
    const std::size_t most = 65 + seed % 80;
    const std::vector<std::int64_t> inputs = one.inputs(most);
    const EngineResult expected = reference_outputs(one.engine(), inputs, most);
    for (const SimdTarget target : simd_targets()) {
      const auto fast = one.engine().fast(target);
      if (target == SimdTarget::reference) {
        EXPECT_EQ(fast, nullptr);
        continue;
      }
      ++tried;
      if (fast == nullptr) continue;
      ++planned;
      for (const std::size_t rows : {most, std::size_t{1} + seed % 63, std::size_t{64}}) {
        const EngineResult found = fast_outputs(one.engine(), *fast, inputs, rows);
        if (expected.status != Status::ok) {  // an index beyond its table, in some row
          if (rows == most) {
            EXPECT_EQ(found.status, expected.status) << one.describe();
          }
          continue;
        }
        EXPECT_EQ(found.status, Status::ok) << to_string(target) << " " << one.describe();
        const std::string difference = one.first_difference(found, expected, *fast);
        EXPECT_TRUE(difference.empty()) << to_string(target) << ", " << rows << " rows, " << difference
                                        << "\nfirst faulty tensor: "
                                        << first_faulty_layer(one.json_text(), target, inputs, rows) << "\n"
                                        << one.describe();
        if (!difference.empty() || found.status != Status::ok) {
          ++faults;
          break;
        }
      }
    }
  }
  std::cout << planned << " of " << tried << " fast engines\n";
}

TEST(Differential, TheReferencePathGivesTheWordsOfThePlainRules) {
  std::map<std::string, std::size_t> layers;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + seeds(400); ++seed) {
    Case one(seed);
    const std::size_t rows = 24;
    const std::vector<std::int64_t> inputs = one.inputs(rows);
    Status status = Status::ok;
    const auto tensors = reference_tensors(one.engine(), inputs, rows, status);
    if (status != Status::ok) continue;
    const PlainEvaluator plain(json::parse(one.json_text()));
    for (std::size_t l = 0; l < one.engine().layers().size(); ++l) {
      if (!plain.knows(l)) continue;
      const LayerInfo& info = one.engine().layers()[l];
      ++layers[info.op];
      for (std::size_t r = 0; r < rows; ++r) {
        const auto row_of = [&](const std::string& name) -> std::vector<std::int64_t> {
          for (std::size_t t = 0; t < tensors.size(); ++t) {
            const TensorInfo& tensor = one.engine().tensors()[t];
            if (tensor.name != name) continue;
            const auto from = tensors[t].begin() + static_cast<std::ptrdiff_t>(r * tensor.words);
            return {from, from + static_cast<std::ptrdiff_t>(tensor.words)};
          }
          return plain.constant(name);
        };
        ASSERT_EQ(plain.evaluate(l, row_of), row_of(one.engine().tensors()[info.output].name))
            << "layer '" << info.name << "', row " << r << ", " << one.describe();
      }
    }
  }
  for (const char* op : {"dense", "conv", "cast", "relu", "pool", "add", "multiply", "maximum"})
    EXPECT_GT(layers[op], 0u) << op;
}

TEST(Differential, RandomNetworksAreDrawnFromAllOperations) {
  std::map<std::string, std::size_t> drawn;
  std::size_t layers = 0;
  std::size_t refused = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const RandomNetwork network = make_random_network(seed);
    EXPECT_EQ(network.json, make_random_network(seed).json);
    refused += static_cast<std::size_t>(network.refused_layers);
    const Network engine(network.json, "random.json");
    for (const LayerInfo& layer : engine.layers()) ++drawn[layer.op];
    layers += engine.layers().size();
    if (seed % 10 != 0) continue;
    const Network core(make_random_network(seed, {.most_layers = 4, .extended = false}).json, "random.json");
    for (const LayerInfo& layer : core.layers()) EXPECT_NE(layer.op, "lstm");
  }
  for (const std::string& op : operation_names()) EXPECT_GT(drawn[op], 0u) << op;
  EXPECT_GT(layers, 900u);
  EXPECT_LT(refused, layers);
}

}  // namespace
}  // namespace vigil::fpga_model
