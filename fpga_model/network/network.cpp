#include "fpga_model/network/network.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/error.h"
#include "fpga_model/network/fast_network.h"
#include "fpga_model/network/layer_reader.h"
#include "fpga_model/network/quirks.h"

namespace vigil::fpga_model {
namespace {

// All tensors of one event together: 1 GiB of words is far above any trigger network and below what a machine has.
constexpr std::size_t kMaxTensorWords = std::size_t{1} << 27;

struct CatalogueEntry {
  std::string_view name;
  std::unique_ptr<Operation> (*make)(LayerReader&);
};

constexpr CatalogueEntry kOperations[] = {
#define VIGIL_OPERATION(name, factory) {#name, factory},
#include "fpga_model/network/operations.def"
#undef VIGIL_OPERATION
};

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "one of " : ", ") + name;
  return text;
}

}  // namespace

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const CatalogueEntry& entry : kOperations) names.emplace_back(entry.name);
  return names;
}

Network::Network(std::string_view json, const std::string& file) {
  const auto document = parse_json(json, file);
  JsonSection top(*document, file + ": ");
  if (const std::string format = top.text("format"); format != "vigil-network/1") {
    top.fail("format", "'" + format.substr(0, 60) + "'", "vigil-network/1");
  }
  for (const char* key : {"name", "comment", "source"}) top.ignore(key);
  read_inputs(top);
  read_constants(top);
  std::vector<JsonSection> layers = top.objects("layers");
  for (std::size_t i = 0; i < layers.size(); ++i) read_layer(std::move(layers[i]), i, file);
  read_outputs(top);
  top.finish();
  warnings_ = vendor_quirks(*document);
}

void Network::name_tensor(const JsonSection& section, const std::string& key, const std::string& name,
                          const Source& source) {
  if (name.empty()) section.fail(key, "an empty name");
  if (!by_name_.emplace(name, source).second) section.fail(key, "tensor '" + name.substr(0, 60) + "' defined twice");
}

void Network::count_words(const JsonSection& section, const std::string& key) const {
  if (words() > kMaxTensorWords)
    section.fail(key, std::to_string(words()) + " words in all tensors of an event", "at most 2^27");
}

void Network::read_inputs(JsonSection& top) {
  std::vector<JsonSection> inputs = top.objects("inputs");
  if (inputs.empty()) top.fail("inputs", "an empty list", "at least one input");
  for (JsonSection& input : inputs) {
    TensorInfo tensor;
    tensor.name = input.text("name");
    tensor.shape = input.shape("shape");
    tensor.type = input.type_or_sign_magnitude("type");
    tensor.words = element_count(tensor.shape);
    input.finish();
    name_tensor(input, "name", tensor.name, {tensors_.size(), nullptr});
    add_tensor(std::move(tensor));
    count_words(input, "shape");
  }
  input_tensors_ = tensors_.size();
}

void Network::read_constants(JsonSection& top) {
  if (!top.has("constants")) return;
  JsonSection section = top.object("constants");
  for (const std::string& name : section.keys()) {
    const Constant& constant = constants_[name] = section.constant(name);
    name_tensor(section, name, name, {0, &constant});
  }
}

void Network::read_layer(JsonSection section, std::size_t position, const std::string& file) {
  const std::string name = section.text("name");
  const std::string lead =
      file + ": layer '" + (name.empty() ? "#" + std::to_string(position) : name.substr(0, 60)) + "', ";
  JsonSection keys = section.with_lead(lead);
  if (name.empty()) keys.fail("name", "an empty name");
  if (!layer_names_.insert(name).second) keys.fail("name", "a second layer of this name");
  const std::string op = keys.text("op");
  const CatalogueEntry* entry = nullptr;
  for (const CatalogueEntry& candidate : kOperations) {
    if (candidate.name == op) entry = &candidate;
  }
  if (entry == nullptr) keys.fail("op", "'" + op.substr(0, 60) + "'", listed(operation_names()));

  LayerInfo info{name, op, keys.texts("inputs"), tensors_.size(), {}};
  if (info.inputs.empty()) keys.fail("inputs", "an empty list", "at least one input");
  Step step;
  std::vector<TensorInfo> inputs;
  for (const std::string& input : info.inputs) {
    const auto found = by_name_.find(input);
    if (found == by_name_.end()) {
      keys.fail("inputs", "tensor '" + input.substr(0, 60) + "'",
                "a network input, a constant or the output of an earlier layer");
    }
    const Source& source = found->second;
    step.sources.push_back(source);
    if (source.constant != nullptr) {
      inputs.push_back({input, source.constant->shape, source.constant->type, source.constant->raw.size()});
    } else {
      inputs.push_back(tensors_[source.tensor]);
    }
  }

  JsonSection output = keys.object("output");
  TensorInfo tensor;
  tensor.name = output.text("name");
  tensor.shape = output.shape("shape");
  // Only a plain cast keeps the bit that AP_WRAP_SM looks at.
  tensor.type = op == "cast" ? output.type_or_sign_magnitude("type") : output.type("type");
  tensor.words = element_count(tensor.shape);
  output.finish();

  LayerReader reader(std::move(keys), op, std::move(inputs), tensor);
  step.operation = entry->make(reader);
  reader.keys.finish();
  name_tensor(output, "name", tensor.name, {tensors_.size(), nullptr});
  add_tensor(std::move(tensor));
  count_words(output, "shape");

  info.kernel = step.operation->kernel();
  scratch_words_ = std::max(scratch_words_, step.operation->scratch_words());
  steps_.push_back(std::move(step));
  layers_.push_back(std::move(info));
}

void Network::read_outputs(JsonSection& top) {
  const std::vector<std::string> names = top.texts("outputs");
  if (names.empty()) top.fail("outputs", "an empty list", "at least one output");
  std::set<std::size_t> seen;
  for (const std::string& name : names) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end() || found->second.constant != nullptr || found->second.tensor < input_tensors_) {
      top.fail("outputs", "'" + name.substr(0, 60) + "'", "the output of a layer");
    }
    if (!seen.insert(found->second.tensor).second) top.fail("outputs", "'" + name.substr(0, 60) + "' twice");
    outputs_.push_back(found->second.tensor);
  }
}

std::unique_ptr<const FastEngine> Network::fast(SimdTarget target) const {
  if (kernels_of(target) == nullptr) return nullptr;
  Planner planner(target);
  std::vector<Value> values(tensors_.size());
  std::vector<FastNetwork::Input> inputs;
  for (std::size_t t = 0; t < input_tensors_; ++t) {
    values[t] = planner.input(tensors_[t].type, tensors_[t].words);
    inputs.push_back({tensors_[t].type, values[t]});
  }
  std::vector<std::string> kernels;
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const Operation& operation = *steps_[s].operation;
    std::vector<PlanArgument> arguments;
    for (const Source& source : steps_[s].sources) {
      if (source.constant != nullptr) {
        const Constant& c = *source.constant;
        arguments.push_back({nullptr, &c, {{}, c.shape, c.type, c.raw.size()}});
      } else {
        arguments.push_back({&values[source.tensor], nullptr, tensors_[source.tensor]});
      }
    }
    const std::size_t t = layers_[s].output;
    const Planner::Mark mark = planner.mark();
    planner.set_note("lane arithmetic");
    auto planned = operation.plan(planner, arguments, tensors_[t]);
    if (!planned) planner.rewind(mark);
    if (!planned && operation.is_elementwise() && arguments[0].value != nullptr) {
      planned = planner.tabulated(operation, arguments[0]);
      if (!planned) planner.rewind(mark);
    }
    values[t] = planned ? *planned : planner.reference(steps_[s].operation, arguments, tensors_[t]);
    if (planned && planner.mark().steps == mark.steps)
      planner.set_note("nothing to compute: the words stay where they are");
    kernels.push_back(planner.take_note());
  }
  std::vector<Value> outputs;
  for (const std::size_t t : outputs_) outputs.push_back(values[t]);
  return std::make_unique<FastNetwork>(std::move(planner), std::move(inputs), std::move(outputs), std::move(kernels));
}

Status Network::run(const Block& block) const {
  std::array<Operand, 8> few;
  std::vector<Operand> many;
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const Step& step = steps_[s];
    Operand* operands = few.data();
    if (step.sources.size() > few.size()) {
      many.resize(step.sources.size());
      operands = many.data();
    }
    for (std::size_t i = 0; i < step.sources.size(); ++i) {
      const Source& source = step.sources[i];
      operands[i] = source.constant != nullptr ? Operand{source.constant->raw.data(), 0}
                                               : Operand{tensor(block, source.tensor), tensors_[source.tensor].words};
    }
    std::int64_t* out = tensor(block, layers_[s].output);
    if (!step.operation->run({operands, step.sources.size()}, out, block.rows, block.scratch))
      return Status::word_out_of_range;
  }
  return Status::ok;
}

}  // namespace vigil::fpga_model
