// vigil emulate: the emulator on arrays.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/arrays.h"
#include "app/command.h"
#include "app/compare_words.h"
#include "app/shared_options.h"
#include "core/error.h"
#include "core/shown.h"
#include "fpga_model/package/npy.h"
#include "fpga_model/package/package.h"

namespace vigil::app {
namespace {

struct EmulateOptions {
  std::string model, input, output, layers, compare, kernel = "auto";
  std::uint32_t jobs = 1;
  bool json = false;
};

namespace fs = std::filesystem;
using nlohmann::ordered_json;
constexpr std::size_t kPiece = 4096;
constexpr std::size_t kFirstRows = 10;  // mismatches listed per output

void write_outputs(const std::string& file, const ModelInfo& info, std::size_t rows,
                   const std::vector<std::int64_t>& words) {
  const bool wide = std::any_of(info.outputs.begin(), info.outputs.end(), [](const Output& o) {
    return o.type.lowest() < INT32_MIN || o.type.highest() > INT32_MAX;
  });
  fpga_model::write_npy(file, words, {rows, info.output_words()},
                        wide ? fpga_model::NpyType::i8 : fpga_model::NpyType::i4);
}

std::string file_name_of(const std::string& tensor) {
  if (tensor.find('/') != std::string::npos || tensor.find('\0') != std::string::npos) {
    throw Error("--layers", "tensor '" + tensor + "' cannot name a file", "names without '/'");
  }
  return tensor + ".npy";
}

void write_layers(const std::string& folder, const fpga_model::PackageModel& model, const EventArray& events) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(folder, "cannot be created (" + error.message() + ")", "a folder that can be written");
  std::vector<std::unique_ptr<fpga_model::NpyWriter>> writers;
  for (const auto& tensor : model.tensors()) {
    writers.push_back(std::make_unique<fpga_model::NpyWriter>(fs::path(folder) / file_name_of(tensor.name),
                                                              fpga_model::smallest_npy_type(tensor.type),
                                                              std::vector<std::size_t>{events.rows, tensor.words}));
  }
  const Status status =
      model.evaluate_all(words_of(events.words.data(), model.info().inputs.size()), events.rows,
                         [&](std::size_t tensor, std::size_t, std::size_t, std::span<const std::int64_t> words) {
                           writers[tensor]->append(words);
                         });
  if (status != Status::ok) throw Error(folder, "an input word is outside the model's range");
  for (auto& writer : writers) writer->finish();
}

int run_emulate(const EmulateOptions& options) {
  fpga_model::LoadOptions load;
  load.target = fpga_model::parse_simd_target(options.kernel, "--kernel");
  const auto model = fpga_model::load_package(options.model, load);
  const ModelInfo& info = model->info();
  const EventArray events = read_events(options.input, info);
  const std::size_t columns = info.output_words();
  std::vector<std::int64_t> words(events.rows * columns);
  for_each_piece(events.rows, options.jobs, kPiece, [&](std::size_t first, std::size_t last) {
    const Status status = model->predict(words_of(events.words.data() + first * info.inputs.size(), info.inputs.size()),
                                         mutable_words_of(words.data() + first * columns, columns), last - first);
    if (status != Status::ok) {
      throw Error(options.input,
                  "rows " + std::to_string(first) + " to " + std::to_string(last - 1) +
                      (status == Status::failed ? std::string(": the emulator failed: ") + model->failure()
                                                : ": a word indexes beyond its table"));
    }
  });
  if (!options.output.empty()) write_outputs(options.output, info, events.rows, words);
  if (!options.layers.empty()) write_layers(options.layers, *model, events);
  if (!options.compare.empty()) return compare_words(options.compare, options.json, *model, events, words) ? 1 : 0;
  if (options.json) {
    ordered_json out = {
        {"events", events.rows}, {"model", info.name}, {"model_hash", info.hash}, {"outputs", ordered_json::array()}};
    for (const Output& output : info.outputs)
      out["outputs"].push_back({{"name", output.name}, {"words", output.words}});
    fmt::print("{}\n", out.dump());
  } else {
    fmt::print("{} events through {} {}\n", events.rows, shown(info.name), shown(info.version));
    if (options.output.empty() && options.layers.empty()) {
      for (std::size_t row = 0; row < std::min<std::size_t>(events.rows, kFirstRows); ++row) {
        fmt::print("  row {}: {}\n", row,
                   fmt::join(words.begin() + static_cast<std::ptrdiff_t>(row * columns),
                             words.begin() + static_cast<std::ptrdiff_t>((row + 1) * columns), " "));
      }
      if (events.rows > kFirstRows) fmt::print("  … use --output Y.npy for all\n");
    }
  }
  return 0;
}

}  // namespace

Command emulate_command() {
  const auto o = std::make_shared<EmulateOptions>();
  return {"emulate",
          "the emulator on arrays",
          "vigil emulate --model demo/model --input x.npy --output y.npy",
          {{"--model", &o->model, "model package", Presence::required},
           {"--input", &o->input, "[n, features]: integers are raw words, floats are quantised", Presence::required},
           {"--output", &o->output, "raw output words [n, output words]"},
           {"--layers", &o->layers, "folder for one file a tensor"},
           {"--compare", &o->compare,
            "hardware words to compare with (.npy, or a folder of <tensor>.npy); exit 1 on a mismatch"},
           jobs_option(o->jobs),
           kernel_option(o->kernel),
           {"--json", &o->json, "one JSON document"}},
          [o] { return run_emulate(*o); }};
}

}  // namespace vigil::app
