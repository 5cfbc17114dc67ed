// vigil emulate: the emulator on arrays.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/arrays.h"
#include "app/commands.h"
#include "core/error.h"
#include "fpga_model/npy.h"
#include "fpga_model/package.h"

namespace vigil::app {
namespace {

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

struct OutputComparison {
  std::uint64_t mismatched_words = 0;
  std::uint64_t mismatched_events = 0;
  ordered_json first = ordered_json::array();
};

// Prints the comparison; whether anything differs.
bool compare(const EmulateOptions& options, const ModelInfo& info, std::size_t rows,
             const std::vector<std::int64_t>& words) {
  const auto hardware = fpga_model::read_npy(options.compare);
  const std::size_t columns = info.output_words();
  // A model of one word may come as a plain vector.
  const bool fits =
      hardware.is_integer && !hardware.shape.empty() && hardware.shape[0] == rows &&
      ((hardware.shape.size() == 2 && hardware.shape[1] == columns) || (hardware.shape.size() == 1 && columns == 1));
  if (!fits) {
    std::string shape;
    for (const std::size_t d : hardware.shape) shape += (shape.empty() ? "" : ",") + std::to_string(d);
    throw Error(options.compare,
                (hardware.is_integer ? "integers" : "real numbers") + std::string(" of shape [") + shape + "]",
                "raw words of shape [" + std::to_string(rows) + "," + std::to_string(columns) + "]");
  }
  std::vector<OutputComparison> outputs(info.outputs.size());
  std::uint64_t mismatched_events = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    bool event_differs = false;
    for (std::size_t o = 0; o < info.outputs.size(); ++o) {
      bool differs = false;
      for (std::size_t w = 0; w < info.outputs[o].words; ++w) {
        const std::size_t i = row * columns + info.outputs[o].first_word + w;
        if (hardware.integers[i] == words[i]) continue;
        differs = true;
        ++outputs[o].mismatched_words;
        if (outputs[o].first.size() < kFirstRows) {
          outputs[o].first.push_back(
              {{"row", row}, {"column", w}, {"hardware", hardware.integers[i]}, {"emulator", words[i]}});
        }
      }
      outputs[o].mismatched_events += differs;
      event_differs |= differs;
    }
    mismatched_events += event_differs;
  }
  ordered_json out = {{"events", rows}, {"mismatched_events", mismatched_events}, {"outputs", ordered_json::array()}};
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    out["outputs"].push_back({{"name", info.outputs[o].name},
                              {"words", info.outputs[o].words * rows},
                              {"mismatched_words", outputs[o].mismatched_words},
                              {"mismatched_events", outputs[o].mismatched_events},
                              {"first", outputs[o].first}});
  }
  if (options.json) {
    fmt::print("{}\n", out.dump());
  } else {
    fmt::print("{} events, {} with a mismatch\n", rows, mismatched_events);
    for (const auto& output : out["outputs"]) {
      fmt::print("  {}: {} of {} words differ, in {} events\n", output["name"].get<std::string>(),
                 output["mismatched_words"].dump(), output["words"].dump(), output["mismatched_events"].dump());
      for (const auto& f : output["first"]) {
        const auto h = f["hardware"].get<std::int64_t>(), e = f["emulator"].get<std::int64_t>();
        fmt::print("    row {} column {}: hardware {} emulator {} (bits that differ {:#x})\n", f["row"].dump(),
                   f["column"].dump(), h, e, static_cast<std::uint64_t>(h ^ e));
      }
    }
  }
  return mismatched_events > 0;
}

}  // namespace

int run_emulate(const EmulateOptions& options) {
  const auto model = fpga_model::load_package(options.model);
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
  if (!options.compare.empty()) return compare(options, info, events.rows, words) ? 1 : 0;
  if (options.json) {
    ordered_json out = {
        {"events", events.rows}, {"model", info.name}, {"model_hash", info.hash}, {"outputs", ordered_json::array()}};
    for (const Output& output : info.outputs)
      out["outputs"].push_back({{"name", output.name}, {"words", output.words}});
    fmt::print("{}\n", out.dump());
  } else {
    fmt::print("{} events through {} {}\n", events.rows, info.name, info.version);
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

}  // namespace vigil::app
