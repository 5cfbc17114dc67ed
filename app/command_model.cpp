// vigil model inspect, vigil model bench.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/arrays.h"
#include "app/commands.h"
#include "app/text.h"
#include "core/error.h"
#include "fpga_model/package.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

std::string shape_text(const std::vector<std::size_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

ordered_json describe(const fpga_model::PackageModel& model) {
  const ModelInfo& info = model.info();
  ordered_json out = {{"name", info.name},
                      {"version", info.version},
                      {"description", info.description},
                      {"source", info.source},
                      {"firmware", info.firmware},
                      {"format", info.format},
                      {"model_hash", info.hash},
                      {"inputs", info.inputs.size()},
                      {"outputs", ordered_json::array()},
                      {"seeds", ordered_json::array()},
                      {"layers", ordered_json::array()}};
  for (const Output& o : info.outputs)
    out["outputs"].push_back({{"name", o.name}, {"words", o.words}, {"type", to_string(o.type)}});
  for (const Seed& s : info.seeds) {
    out["seeds"].push_back({{"name", s.name},
                            {"output", info.outputs[s.output].word_name(s.word)},
                            {"bit", s.bit},
                            {"threshold", s.threshold}});
    if (s.target_rate_hz) out["seeds"].back()["target_rate_hz"] = *s.target_rate_hz;
  }
  for (const auto& layer : model.layers()) {
    const auto& tensor = model.tensors()[layer.output];
    out["layers"].push_back({{"name", layer.name},
                             {"op", layer.op},
                             {"inputs", layer.inputs},
                             {"output", tensor.name},
                             {"shape", tensor.shape},
                             {"type", to_string(tensor.type)},
                             {"kernel", layer.kernel}});
  }
  const auto& golden = model.golden();
  out["golden"] = {{"events", golden.events},
                   {"output_words", golden.output_words},
                   {"tensors", golden.tensors},
                   {"tensor_words", golden.tensor_words}};
  return out;
}

}  // namespace

int run_model_inspect(const ModelOptions& options) {
  const auto model = fpga_model::load_package(options.package);
  const auto out = describe(*model);
  if (options.json) {
    fmt::print("{}\n", out.dump());
    return 0;
  }
  const ModelInfo& info = model->info();
  fmt::print("{} {}  {}\n", info.name, info.version, info.description);
  fmt::print("source   {}\nformat   {}\nfirmware {}\nhash     {}\n", info.source, info.format,
             info.firmware.empty() ? "not given" : info.firmware, info.hash);
  fmt::print("inputs   {} words, {} to {}\n", info.inputs.size(), info.inputs.empty() ? "" : info.inputs.front().name,
             info.inputs.empty() ? "" : info.inputs.back().name);
  for (const Output& o : info.outputs) fmt::print("output   {} {} words {}\n", o.name, o.words, to_string(o.type));
  for (const Seed& s : info.seeds) {
    fmt::print("seed     {} bit {} when {} >= {} (real {:.6g}){}\n", s.name, s.bit,
               info.outputs[s.output].word_name(s.word), s.threshold, info.outputs[s.output].type.to_real(s.threshold),
               s.target_rate_hz ? fmt::format(", target {} Hz", short_number(*s.target_rate_hz)) : "");
  }
  fmt::print("\n{:<22} {:<12} {:<14} {:<34} {}\n", "layer", "op", "shape", "type", "kernel");
  for (const auto& layer : model->layers()) {
    const auto& tensor = model->tensors()[layer.output];
    fmt::print("{:<22} {:<12} {:<14} {:<34} {}\n", layer.name, layer.op, shape_text(tensor.shape),
               to_string(tensor.type), layer.kernel);
  }
  const auto& golden = model->golden();
  if (golden.events == 0) {
    fmt::print("\ngolden vectors: none in the package\n");
  } else {
    fmt::print("\ngolden vectors: {} events, {} output words and {} words of {} tensors reproduce bit for bit\n",
               golden.events, golden.output_words, golden.tensor_words, golden.tensors);
  }
  return 0;
}

int run_model_bench(const ModelOptions& options) {
  const auto model = fpga_model::load_package(options.package);
  const ModelInfo& info = model->info();
  const std::string file =
      options.input.empty() ? (std::filesystem::path(options.package) / "golden_inputs.npy").string() : options.input;
  const EventArray given = read_events(file, info);
  if (given.rows == 0) throw Error(file, "no events", "at least one");
  // Repeated to a working set a lumisection's batch would have.
  constexpr std::size_t kRows = 1 << 15;
  const std::size_t inputs = info.inputs.size(), columns = info.output_words();
  std::vector<std::int32_t> narrow(kRows * inputs);
  std::vector<std::int64_t> wide;
  const bool fits = std::all_of(info.inputs.begin(), info.inputs.end(), [](const InputColumn& c) {
    return c.type.lowest() >= INT32_MIN && c.type.highest() <= INT32_MAX;
  });
  if (!fits) wide.resize(kRows * inputs);
  for (std::size_t i = 0; i < kRows * inputs; ++i) {
    const std::int64_t word = given.words[i % given.words.size()];
    if (fits) {
      narrow[i] = static_cast<std::int32_t>(word);
    } else {
      wide[i] = word;
    }
  }
  const auto in = [&](std::size_t first) {
    return fits ? words_of(narrow.data() + first * inputs, inputs) : words_of(wide.data() + first * inputs, inputs);
  };
  std::vector<std::int64_t> out(kRows * columns);
  const auto pass = [&] {
    for_each_piece(kRows, options.jobs, 1024, [&](std::size_t first, std::size_t last) {
      if (model->predict(in(first), mutable_words_of(out.data() + first * columns, columns), last - first) !=
          Status::ok) {
        throw FailedRunning(info.name + ": the emulator failed");
      }
    });
  };
  using clock = std::chrono::steady_clock;
  pass();  // warm
  std::vector<double> rates;
  const auto end = clock::now() + std::chrono::duration<double>(options.seconds);
  do {
    const auto start = clock::now();
    pass();
    rates.push_back(static_cast<double>(kRows) / std::chrono::duration<double>(clock::now() - start).count());
  } while (clock::now() < end || rates.size() < 3);
  std::sort(rates.begin(), rates.end());
  // The reference path is the only kernel there is, and it reproduced the golden vectors when the package was loaded.
  const ordered_json result = {
      {"events_per_s", {{"min", rates.front()}, {"median", rates[rates.size() / 2]}, {"max", rates.back()}}},
      {"kernel", "reference"},
      {"jobs", options.jobs}};
  if (options.json) {
    fmt::print("{}\n", result.dump());
  } else {
    fmt::print("{} {}: {} events/s median (min {}, max {}), kernel reference, {} jobs\n", info.name, info.version,
               short_number(rates[rates.size() / 2]), short_number(rates.front()), short_number(rates.back()),
               options.jobs);
  }
  return 0;
}

}  // namespace vigil::app
