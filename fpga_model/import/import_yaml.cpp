// model.yaml as the importer writes it: complete, and with the hint that seeds are to be added.
#include <nlohmann/json.hpp>

#include "fpga_model/import/import_source.h"

namespace vigil::fpga_model {
namespace {

// A double-quoted YAML scalar: JSON's escapes are YAML's.
std::string in_quotes(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string group_line(const std::string& name, std::size_t count, const FixedPoint& type) {
  return "  - {name: " + in_quotes(name) + (count == 1 ? "" : ", count: " + std::to_string(count)) +
         ", type: " + in_quotes(to_string(type)) + "}\n";
}

}  // namespace

std::string model_yaml_text(const ImportDraft& draft, const ImportOptions& options, const Engine* engine) {
  std::string text = "name: " + in_quotes(draft.name) + "\nversion: " + in_quotes(options.version) + "\n";
  if (!draft.description.empty()) text += "description: " + in_quotes(draft.description) + "\n";
  if (!draft.source.empty()) text += "source: " + in_quotes(draft.source) + "\n";
  text += "format: " + draft.format + "\npath: " + in_quotes(draft.path) + "\n" + draft.extra;
  text += "inputs:  # in wire order; `columns`, `lsb`, `unit` and `wire: integer` may be added\n";
  std::string first_output;
  for (const InputGroup& group : draft.inputs) text += group_line(group.name, group.count, group.types.front());
  if (draft.inputs.empty() && engine != nullptr) {
    for (std::size_t t = 0; t < engine->input_tensors(); ++t) {
      const TensorInfo& tensor = engine->tensors()[t];
      text += group_line(tensor.name, tensor.words, tensor.type);
    }
  }
  text += "outputs:\n";
  for (const OutputGroup& group : draft.outputs) {
    if (first_output.empty()) first_output = group.name;
    text += group_line(group.name, group.count, group.type);
  }
  if (draft.outputs.empty() && engine != nullptr) {
    for (const std::size_t t : engine->outputs()) {
      const TensorInfo& tensor = engine->tensors()[t];
      if (first_output.empty()) first_output = tensor.name;
      text += group_line(tensor.name, tensor.words, tensor.type);
    }
  }
  text +=
      "# Decision bits on a score: threshold in hardware words, bit = position in hw_bits. Uncomment and set:\n"
      "# seeds:\n"
      "#   - {name: L1_NAME, output: " +
      in_quotes(first_output) + ", bit: 0, threshold: 0, target_rate_hz: 1000}\n";
  return text;
}

}  // namespace vigil::fpga_model
