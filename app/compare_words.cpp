#include "app/compare_words.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/shown.h"
#include "fpga_model/package/npy.h"

namespace vigil::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
constexpr std::size_t kFirstWords = 10;  // differing words listed of each tensor

// Recorded words of one tensor, and what was found to differ.
struct Recorded {
  std::string name;
  std::size_t tensor = 0;  // index into PackageModel::tensors()
  std::size_t columns = 0;
  std::vector<std::int64_t> words;  // [rows, columns]
  std::uint64_t mismatched_words = 0;
  std::set<std::size_t> rows;  // that differ
  std::uint64_t bits = 0;      // that differ anywhere
  ordered_json first = ordered_json::array();

  void compare(std::size_t first_row, std::span<const std::int64_t> emulated) {
    const std::size_t begin = first_row * columns, end = std::min(begin + emulated.size(), words.size());
    for (std::size_t i = begin; i < end; ++i) {
      const std::int64_t hardware = words[i], emulator = emulated[i - begin];
      if (hardware == emulator) continue;
      ++mismatched_words;
      rows.insert(i / columns);
      bits |= static_cast<std::uint64_t>(hardware ^ emulator);
      if (first.size() < kFirstWords)
        first.push_back(
            {{"row", i / columns}, {"column", i % columns}, {"hardware", hardware}, {"emulator", emulator}});
    }
  }
};

std::string shape_text(const std::vector<std::size_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

// [rows, columns]; a tensor of one word may come as a plain vector. `fewer`: also fewer rows.
std::vector<std::int64_t> read_words(const std::string& file, std::size_t rows, std::size_t columns, bool fewer) {
  auto array = fpga_model::read_npy(file);
  const bool plain = array.shape.size() == 1 && columns == 1;
  const bool fits = array.is_integer && (plain || (array.shape.size() == 2 && array.shape[1] == columns)) &&
                    (fewer ? array.shape[0] <= rows : array.shape[0] == rows);
  if (!fits) {
    throw Error(file,
                (array.is_integer ? "integers" : "real numbers") + std::string(" of shape ") + shape_text(array.shape),
                fmt::format("raw words of shape [{}{},{}]", fewer ? "up to " : "", rows, columns));
  }
  return std::move(array.integers);
}

std::vector<Recorded> read_outputs(const std::string& file, const fpga_model::PackageModel& model, std::size_t rows) {
  const ModelInfo& info = model.info();
  const std::size_t columns = info.output_words();
  const std::vector<std::int64_t> words = read_words(file, rows, columns, false);
  std::vector<Recorded> out;
  for (const Output& output : info.outputs) {
    Recorded recorded;
    recorded.name = output.name;
    recorded.columns = output.words;
    for (std::size_t t = 0; t < model.tensors().size(); ++t) {
      if (model.tensors()[t].name == output.name) recorded.tensor = t;
    }
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t w = 0; w < output.words; ++w)
        recorded.words.push_back(words[r * columns + output.first_word + w]);
    }
    out.push_back(std::move(recorded));
  }
  return out;
}

std::vector<Recorded> read_tensors(const std::string& folder, const fpga_model::PackageModel& model, std::size_t rows) {
  std::map<std::string, fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".npy") files[entry.path().stem().string()] = entry.path();
  }
  std::vector<Recorded> out;
  for (std::size_t t = 0; t < model.tensors().size(); ++t) {  // in order of execution
    const auto found = files.find(model.tensors()[t].name);
    if (found == files.end()) continue;
    Recorded recorded;
    recorded.name = found->first;
    recorded.tensor = t;
    recorded.columns = model.tensors()[t].words;
    recorded.words = read_words(found->second.string(), rows, recorded.columns, true);
    out.push_back(std::move(recorded));
    files.erase(found);
  }
  if (!files.empty())
    throw Error(files.begin()->second.string(), "no tensor '" + files.begin()->first + "' in the model",
                "files named after tensors (vigil model inspect lists them)");
  if (out.empty()) throw Error(folder, "no .npy file", "<tensor>.npy, raw words [rows, words]");
  return out;
}

// The layer that makes a tensor; empty for a network input.
std::string layer_of(const fpga_model::PackageModel& model, std::size_t tensor) {
  for (const auto& layer : model.layers()) {
    if (layer.output == tensor) return layer.name;
  }
  return {};
}

void print(const ordered_json& out, const std::vector<Recorded>& recorded) {
  fmt::print("{} events, {} with a mismatch\n", out["events"].dump(), out["mismatched_events"].dump());
  for (const Recorded& r : recorded) {
    fmt::print("  {}: {} of {} words differ, in {} events\n", shown(r.name), r.mismatched_words, r.words.size(),
               r.rows.size());
    for (const auto& f : r.first) {
      const auto h = f["hardware"].get<std::int64_t>(), e = f["emulator"].get<std::int64_t>();
      fmt::print("    row {} column {}: hardware {} emulator {} (bits that differ {:#x})\n", f["row"].dump(),
                 f["column"].dump(), h, e, static_cast<std::uint64_t>(h ^ e));
    }
    if (r.mismatched_words > r.first.size())
      fmt::print("    … and {} more; bits that differ anywhere {:#x}\n", r.mismatched_words - r.first.size(), r.bits);
  }
  if (const auto& first = out["first_diverging_layer"]; !first.is_null())
    fmt::print("first diverging layer: {} (tensor '{}'), bits {}, from row {}\n",
               shown(first["layer"].get<std::string>()), shown(first["tensor"].get<std::string>()),
               first["bits"].get<std::string>(), first["row"].dump());
}

}  // namespace

bool compare_words(const std::string& path, bool json, const fpga_model::PackageModel& model, const EventArray& events,
                   const std::vector<std::int64_t>& words) {
  const bool is_folder = fs::is_directory(path);
  std::vector<Recorded> recorded =
      is_folder ? read_tensors(path, model, events.rows) : read_outputs(path, model, events.rows);
  if (is_folder) {
    const auto sink = [&](std::size_t t, std::size_t first_row, std::size_t, std::span<const std::int64_t> emulated) {
      for (Recorded& r : recorded) {
        if (r.tensor == t) r.compare(first_row, emulated);
      }
    };
    if (model.evaluate_all(words_of(events.words.data(), model.info().inputs.size()), events.rows, sink) != Status::ok)
      throw Error(path, "an input word is outside the model's range");
  } else {
    const std::size_t columns = model.info().output_words();
    for (std::size_t o = 0; o < recorded.size(); ++o) {
      const Output& output = model.info().outputs[o];
      for (std::size_t row = 0; row < events.rows; ++row)
        recorded[o].compare(row, std::span(words).subspan(row * columns + output.first_word, output.words));
    }
  }
  std::set<std::size_t> rows;
  const Recorded* earliest = nullptr;
  for (const Recorded& r : recorded) {
    rows.insert(r.rows.begin(), r.rows.end());
    if (r.mismatched_words > 0 && (earliest == nullptr || r.tensor < earliest->tensor)) earliest = &r;
  }
  ordered_json out = {{"events", events.rows}, {"mismatched_events", rows.size()}, {"outputs", ordered_json::array()}};
  for (const Recorded& r : recorded) {
    out["outputs"].push_back({{"name", r.name},
                              {"words", r.words.size()},
                              {"mismatched_words", r.mismatched_words},
                              {"mismatched_events", r.rows.size()},
                              {"first", r.first}});
  }
  out["first_diverging_layer"] = nullptr;
  if (earliest != nullptr) {
    const std::string layer = layer_of(model, earliest->tensor);
    out["first_diverging_layer"] = {{"layer", layer.empty() ? "network input" : layer},
                                    {"tensor", earliest->name},
                                    {"bits", fmt::format("{:#x}", earliest->bits)},
                                    {"row", *earliest->rows.begin()}};
  }
  if (json) {
    fmt::print("{}\n", out.dump());
  } else {
    print(out, recorded);
  }
  return !rows.empty();
}

}  // namespace vigil::app
