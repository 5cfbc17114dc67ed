// vigil model inspect.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/shared_options.h"
#include "app/text.h"
#include "core/shown.h"
#include "fpga_model/package/package.h"

namespace vigil::app {
namespace {

struct InspectOptions {
  std::string package, kernel = "auto";
  bool json = false;
};

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
  for (std::size_t l = 0; l < model.layers().size(); ++l) {
    const auto& layer = model.layers()[l];
    const auto& tensor = model.tensors()[layer.output];
    out["layers"].push_back({{"name", layer.name},
                             {"op", layer.op},
                             {"inputs", layer.inputs},
                             {"output", tensor.name},
                             {"shape", tensor.shape},
                             {"type", to_string(tensor.type)},
                             {"kernel", model.kernel(l)}});
  }
  out["target"] = to_string(model.target());
  out["warnings"] = info.warnings;
  const auto& golden = model.golden();
  out["golden"] = {{"events", golden.events},
                   {"output_words", golden.output_words},
                   {"tensors", golden.tensors},
                   {"tensor_words", golden.tensor_words}};
  return out;
}

int run_model_inspect(const InspectOptions& options) {
  fpga_model::LoadOptions load;
  load.target = fpga_model::parse_simd_target(options.kernel, "--kernel");
  const auto model = fpga_model::load_package(options.package, load);
  const auto out = describe(*model);
  if (options.json) {
    fmt::print("{}\n", out.dump());
    return 0;
  }
  const ModelInfo& info = model->info();
  fmt::print("{} {}  {}\n", shown(info.name), shown(info.version), shown(info.description, kShownReason));
  fmt::print("source   {}\nformat   {}\nfirmware {}\nhash     {}\n", shown(info.source, kShownReason), info.format,
             info.firmware.empty() ? "not given" : shown(info.firmware, kShownReason), info.hash);
  fmt::print("inputs   {} words, {} to {}\n", info.inputs.size(),
             info.inputs.empty() ? "" : shown(info.inputs.front().name),
             info.inputs.empty() ? "" : shown(info.inputs.back().name));
  for (const Output& o : info.outputs)
    fmt::print("output   {} {} words {}\n", shown(o.name), o.words, to_string(o.type));
  for (const Seed& s : info.seeds) {
    fmt::print("seed     {} bit {} when {} >= {} (real {:.6g}){}\n", shown(s.name), s.bit,
               shown(info.outputs[s.output].word_name(s.word)), s.threshold,
               info.outputs[s.output].type.to_real(s.threshold),
               s.target_rate_hz ? fmt::format(", target {} Hz", short_number(*s.target_rate_hz)) : "");
  }
  fmt::print("kernels  {}\n", to_string(model->target()));
  fmt::print("\n{:<22} {:<12} {:<14} {:<34} {}\n", "layer", "op", "shape", "type", "kernel and proof");
  for (std::size_t l = 0; l < model->layers().size(); ++l) {
    const auto& layer = model->layers()[l];
    const auto& tensor = model->tensors()[layer.output];
    fmt::print("{:<22} {:<12} {:<14} {:<34} {}\n", shown(layer.name), shown(layer.op), shape_text(tensor.shape),
               to_string(tensor.type), model->kernel(l));
  }
  if (!info.warnings.empty()) fmt::print("\n");
  for (const std::string& warning : info.warnings) fmt::print("warning: {}\n", escaped(warning));
  const auto& golden = model->golden();
  if (golden.events == 0) {
    fmt::print("\ngolden vectors: none in the package\n");
  } else {
    fmt::print("\ngolden vectors: {} events, {} output words and {} words of {} tensors reproduce bit for bit\n",
               golden.events, golden.output_words, golden.tensor_words, golden.tensors);
  }
  return 0;
}

}  // namespace

Command model_inspect_command() {
  const auto o = std::make_shared<InspectOptions>();
  return {"model inspect",
          "layers, types, sizes, hash, golden vectors",
          "vigil model inspect demo/model",
          {{"PKG", &o->package, "model package", Presence::required},
           kernel_option(o->kernel),
           {"--json", &o->json, "one JSON document"}},
          [o] { return run_model_inspect(*o); }};
}

}  // namespace vigil::app
