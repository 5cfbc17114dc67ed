#include "random_network.h"

#include <algorithm>

#include "core/error.h"
#include "fpga_model/network/network.h"
#include "random_operations.h"

namespace vigil::fpga_model {
namespace {

using nlohmann::json;

constexpr int kTries = 40;

Shape input_shape(RandomSource& random, const RandomNetworkOptions& options) {
  const std::size_t kind = options.images ? random.below(4) : 0;
  if (kind == 2)
    return {random.between(std::size_t{2}, std::size_t{9}), random.between(std::size_t{1}, std::size_t{6})};
  if (kind == 3)
    return {random.between(std::size_t{2}, std::size_t{6}), random.between(std::size_t{2}, std::size_t{6}),
            random.between(std::size_t{1}, std::size_t{4})};
  if (random.one_in(12)) return {random.between(std::size_t{60}, std::size_t{200})};
  return {random.one_in(4) ? random.between(std::size_t{20}, std::size_t{60})
                           : random.between(std::size_t{1}, std::size_t{19})};
}

// The widths beyond what version 1 allows; anything else must not be refused.
bool is_width_limit(const std::string& message) {
  for (const char* limit : {"expected at most 64", "expected at most 63", "beyond 64 bits"}) {
    if (message.find(limit) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

RandomNetwork make_random_network(std::uint64_t seed, const RandomNetworkOptions& options) {
  RandomSource random(seed);
  RandomNetwork out;
  out.seed = seed;
  json network = {{"format", "vigil-network/1"},
                  {"name", "random " + std::to_string(seed)},
                  {"inputs", json::array()},
                  {"constants", json::object()},
                  {"layers", json::array()}};
  std::vector<RandomTensor> tensors;
  const std::size_t inputs = random.one_in(4) ? 2 : 1;
  for (std::size_t i = 0; i < inputs; ++i) {
    RandomTensor tensor{"in" + std::to_string(i), input_shape(random, options), random.type()};
    if (random.one_in(6)) tensor.type = RandomSource::whole(random.between(1, 8));
    if (tensor.type.is_signed && random.one_in(30)) tensor.type.overflow = Overflow::wrap_sm;
    network["inputs"].push_back({{"name", tensor.name}, {"shape", tensor.shape}, {"type", to_string(tensor.type)}});
    tensors.push_back(std::move(tensor));
  }

  int total = 0;
  for (const RandomOperation& operation : random_operations())
    total += operation.extended && !options.extended ? 0 : operation.weight;
  const int layers = random.between(1, options.most_layers);
  for (int made = 0, tries = 0; made < layers && tries < kTries; ++tries) {
    int at = static_cast<int>(random.below(static_cast<std::size_t>(total)));
    const RandomOperation* operation = nullptr;
    for (const RandomOperation& candidate : random_operations()) {
      if (candidate.extended && !options.extended) continue;
      operation = &candidate;
      if ((at -= candidate.weight) < 0) break;
    }
    json constants = network["constants"];
    RandomContext context{random, tensors, constants};
    std::optional<RandomLayer> layer = operation->make(context);
    if (!layer || element_count(layer->shape) > 600) continue;
    const std::string name = "t" + std::to_string(made);
    layer->keys["name"] = std::string(operation->op) + "_" + std::to_string(made);
    layer->keys["op"] = operation->op;
    layer->keys["output"] = {{"name", name}, {"shape", layer->shape}, {"type", to_string(layer->type)}};
    json candidate = network;
    candidate["constants"] = constants;
    candidate["layers"].push_back(layer->keys);
    candidate["outputs"] = {name};
    try {
      const Network check(candidate.dump(), "random.json");
    } catch (const Error& error) {
      if (!is_width_limit(error.what()))
        throw Error("seed " + std::to_string(seed), error.what() + ("\n" + candidate.dump()));
      ++out.refused_layers;
      continue;
    }
    network = std::move(candidate);
    tensors.push_back({name, layer->shape, layer->type});
    ++made;
  }
  if (network["layers"].empty()) {  // nothing fitted: a copy
    network["layers"].push_back(
        {{"name", "copy"},
         {"op", "cast"},
         {"inputs", {"in0"}},
         {"output", {{"name", "t0"}, {"shape", tensors[0].shape}, {"type", "ap_fixed<16,6>"}}}});
    tensors.push_back({"t0", tensors[0].shape, {16, 6}});
  }
  // The last tensor, and now and then others; some stay unread.
  json outputs = json::array({tensors.back().name});
  for (std::size_t i = inputs; i + 1 < tensors.size(); ++i) {
    if (random.one_in(3)) outputs.push_back(tensors[i].name);
  }
  if (random.one_in(2)) std::reverse(outputs.begin(), outputs.end());
  network["outputs"] = outputs;
  if (network["constants"].empty()) network.erase("constants");
  out.json = network.dump();
  return out;
}

}  // namespace vigil::fpga_model
