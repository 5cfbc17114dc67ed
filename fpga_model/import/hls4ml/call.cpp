#include "fpga_model/import/hls4ml/call.h"

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace vigil::fpga_model::hls4ml {

void Call::refuse(const std::string& what, const std::string& expected) const {
  throw Error(remark.empty() ? where : where + " '" + remark + "'", what, expected);
}

void Call::expect_channels(std::size_t argument, std::size_t channels) const {
  if (!is_stream(argument) || type(argument).pack == channels) return;
  refuse("the stream '" + name(argument) + "' of nnet::array<T, " + std::to_string(type(argument).pack) + ">",
         std::to_string(channels) + ", the channels: its kernel reads as many of each array");
}

void Call::expect_same_packs(const std::vector<std::size_t>& streams) const {
  for (const std::size_t argument : streams) {
    if (is_stream(argument)) expect_channels(argument, type(streams.front()).pack);
  }
}

void Call::expect_arguments(std::size_t least, std::size_t most) const {
  if (arguments.size() >= least && arguments.size() <= most) return;
  refuse(std::to_string(arguments.size()) + " arguments",
         least == most ? std::to_string(least) : std::to_string(least) + ".." + std::to_string(most));
}

std::string Call::name(std::size_t argument) const {
  if (argument >= arguments.size())
    refuse(std::to_string(arguments.size()) + " arguments", "at least " + std::to_string(argument + 1));
  const Range& text = arguments[argument];
  if (text.size() != 1 || text.begin->kind != TokenKind::identifier) refuse("argument '" + text.text() + "'", "a name");
  return std::string(text.begin->text);
}

double Call::number(std::size_t argument) const {
  if (argument >= arguments.size())
    refuse(std::to_string(arguments.size()) + " arguments", "at least " + std::to_string(argument + 1));
  return parse_number(arguments[argument]);
}

Config Call::config(std::size_t from_end) const {
  if (templates.size() <= from_end) refuse("no template argument", "a configuration");
  const Range& text = templates[templates.size() - 1 - from_end];
  if (text.empty() || text.end[-1].kind != TokenKind::identifier) refuse("'" + text.text() + "'", "a configuration");
  return Config(project->declarations, std::string(text.end[-1].text), where);
}

ElementType Call::template_type(std::size_t i) const {
  if (i >= templates.size()) refuse("too few template arguments", "a type");
  return project->declarations.type(templates[i]);
}

void Call::write(std::size_t argument, const nlohmann::ordered_json& layer, const std::vector<std::string>& inputs,
                 const Shape& shape) const {
  graph().write(name(argument), layer, inputs, shape, remark, where);
}

void Call::note(const std::string& text) const {
  const std::string layer = remark.empty() ? function : remark;
  std::string line = "layer '" + layer + "': " + text;
  for (const std::string& known : project->notes) {
    if (known == line) return;
  }
  project->notes.push_back(std::move(line));
}

LayerReaderFunction find_layer_reader(const std::string& function) {
  struct Entry {
    const char* name;
    LayerReaderFunction reader;
  };
  static constexpr Entry kEntries[] = {
#define HLS4ML_CALL(name, reader) {#name, reader},
#include "fpga_model/import/hls4ml/calls.def"
#undef HLS4ML_CALL
  };
  for (const Entry& entry : kEntries) {
    if (function == entry.name) return entry.reader;
  }
  return nullptr;
}

}  // namespace vigil::fpga_model::hls4ml
