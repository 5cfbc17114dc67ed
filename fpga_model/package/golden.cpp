#include "fpga_model/package/golden.h"

#include <cstdio>
#include <map>
#include <numeric>

#include "core/error.h"
#include "fpga_model/package/npy.h"

namespace vigil::fpga_model {
namespace {

constexpr std::string_view kInputs = "golden_inputs.npy";
constexpr std::string_view kOutputs = "golden_outputs.npy";
constexpr std::string_view kLayers = "golden_layers/";

// Expected words of one tensor.
struct Expected {
  std::string what;  // "output 'score'" or "tensor 'q_dense'"
  std::string file;
  bool is_output = false;
  NpyArray array;
};

std::string bits_text(std::int64_t bits) {
  char text[24];
  std::snprintf(text, sizeof text, "%#llx", static_cast<unsigned long long>(bits));
  return text;
}

NpyArray read_words(const PackageFiles& files, const std::string& path, std::size_t columns) {
  NpyArray array = parse_npy(files.content(path), files.where(path));
  if (!array.is_integer) throw Error(files.where(path), "elements of type " + array.element, "raw words (integers)");
  if (array.shape.size() != 2 || array.shape[1] != columns) {
    throw Error(files.where(path), "shape " + to_string(array.shape), "[n," + std::to_string(columns) + "]");
  }
  return array;
}

std::string tensor_name(const std::string& path, std::string_view prefix) {
  return path.substr(prefix.size(), path.size() - prefix.size() - 4);  // without .npy
}

// The files of the package that hold expected words, by index of the tensor; outputs may also be recorded as
// intermediate tensors.
std::multimap<std::size_t, Expected> expectations(const PackageModel& model, const PackageFiles& files) {
  std::map<std::string, std::size_t> tensors;
  for (std::size_t t = 0; t < model.tensors().size(); ++t) tensors[model.tensors()[t].name] = t;
  const std::vector<Output>& outputs = model.info().outputs;
  std::map<std::string, std::string> output_of_file;  // file -> output
  for (const Output& output : outputs) output_of_file["golden_" + output.name + ".npy"] = output.name;
  if (outputs.size() == 1) output_of_file[std::string(kOutputs)] = outputs[0].name;

  std::multimap<std::size_t, Expected> found;
  std::map<std::string, std::string> compared;  // output -> file
  for (const auto& [path, content] : files.contents()) {
    Expected expected;
    expected.file = files.where(path);
    std::string name;
    if (path.starts_with(kLayers) && path.ends_with(".npy")) {
      name = tensor_name(path, kLayers);
      expected.what = "tensor '" + name + "'";
      for (const LayerInfo& layer : model.layers()) {
        if (model.tensors()[layer.output].name == name) expected.what = "layer '" + layer.name + "', " + expected.what;
      }
      if (!tensors.contains(name)) throw Error(expected.file, "no tensor '" + name + "' in the network");
    } else if (path.starts_with("golden_") && path.ends_with(".npy") && path.find('/') == std::string::npos &&
               path != kInputs) {
      if (!output_of_file.contains(path)) {
        throw Error(expected.file, "no output of that name",
                    outputs.size() == 1 ? std::string(kOutputs) : "golden_<output>.npy for each output");
      }
      name = output_of_file[path];
      expected.what = "output '" + name + "'";
      expected.is_output = true;
      compared[name] = path;
    } else {
      continue;
    }
    const std::size_t t = tensors[name];
    expected.array = read_words(files, path, model.tensors()[t].words);
    found.emplace(t, std::move(expected));
  }
  if (!found.empty() && !files.has(std::string(kInputs)))
    throw Error(files.where(std::string(kInputs)), "no such file", "the inputs of the other golden files");
  if (files.has(std::string(kInputs))) {
    for (const Output& output : outputs) {
      if (!compared.contains(output.name)) {
        throw Error(files.where(outputs.size() == 1 ? std::string(kOutputs) : "golden_" + output.name + ".npy"),
                    "no such file", "the outputs for " + std::string(kInputs));
      }
    }
  }
  return found;
}

void check_inputs(const PackageModel& model, const NpyArray& inputs, const std::string& where) {
  const std::size_t columns = model.info().inputs.size();
  for (std::size_t i = 0; i < inputs.integers.size(); ++i) {
    const InputColumn& column = model.info().inputs[i % columns];
    if (column.type.holds(inputs.integers[i])) continue;
    throw Error(where,
                "row " + std::to_string(i / columns) + ", column " + std::to_string(i % columns) + ": word " +
                    std::to_string(inputs.integers[i]),
                "one of " + to_string(column.type) + " (" + column.name + ")");
  }
}

// The chosen kernels against the reference path, on the golden inputs.
void check_kernels(const PackageModel& model, const WordsView& in, std::size_t rows, const std::string& where) {
  if (model.target() == SimdTarget::reference) return;
  const std::size_t columns = model.info().output_words();
  std::vector<std::int64_t> expected(rows * columns), found(rows * columns);
  if (model.predict_by_reference(in, mutable_words_of(expected.data(), columns), rows) != Status::ok ||
      model.predict(in, mutable_words_of(found.data(), columns), rows) != Status::ok)
    throw Error(where, "an input the model cannot take");
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] == expected[i]) continue;
    throw Error(where,
                "row " + std::to_string(i / columns) + ", output word " + std::to_string(i % columns) + ": " +
                    to_string(model.target()) + " kernels compute " + std::to_string(found[i]),
                std::to_string(expected[i]) + " as the reference path (a defect of vigil: use --kernel reference)");
  }
}

}  // namespace

GoldenCheck check_golden(const PackageModel& model, const PackageFiles& files) {
  const std::multimap<std::size_t, Expected> expected = expectations(model, files);
  GoldenCheck check;
  if (!files.has(std::string(kInputs))) return check;
  const std::string where = files.where(std::string(kInputs));
  const NpyArray inputs = read_words(files, std::string(kInputs), model.info().inputs.size());
  check_inputs(model, inputs, where);
  check.events = inputs.shape[0];
  for (const auto& [t, e] : expected) {
    const std::size_t rows = e.array.shape[0];
    if (e.is_output ? rows != check.events : rows > check.events) {
      throw Error(e.file, std::to_string(rows) + " rows",
                  (e.is_output ? "" : "at most ") + std::to_string(check.events) + " as in " + std::string(kInputs));
    }
    (e.is_output ? check.output_words : check.tensor_words) += e.array.integers.size();
    if (!e.is_output) ++check.tensors;
  }
  const auto compare = [&](std::size_t t, std::size_t first_row, std::size_t rows,
                           std::span<const std::int64_t> words) {
    const auto [begin, end] = expected.equal_range(t);
    for (auto entry = begin; entry != end; ++entry) {
      const Expected& e = entry->second;
      const std::size_t columns = e.array.shape[1];
      const std::size_t first = first_row * columns;
      const std::size_t last = std::min((first_row + rows) * columns, e.array.integers.size());
      for (std::size_t i = first; i < last; ++i) {
        if (words[i - first] == e.array.integers[i]) continue;
        throw Error(e.file, e.what + ", row " + std::to_string(i / columns) + ", column " + std::to_string(i % columns),
                    std::to_string(e.array.integers[i]) + ", found " + std::to_string(words[i - first]) +
                        " (bits that differ " + bits_text(e.array.integers[i] ^ words[i - first]) + ")");
      }
    }
  };
  const WordsView view = vigil::words_of(inputs.integers.data(), model.info().inputs.size());
  if (model.evaluate_all(view, check.events, compare) != Status::ok)
    throw Error(where, "an input the model cannot take");
  check_kernels(model, view, check.events, where);
  return check;
}

}  // namespace vigil::fpga_model
