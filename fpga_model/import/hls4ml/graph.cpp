#include "fpga_model/import/hls4ml/graph.h"

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace vigil::fpga_model::hls4ml {

using Json = nlohmann::ordered_json;

Graph::Graph() : layers_(std::make_unique<Json>(Json::array())) {}
Graph::~Graph() = default;

void Graph::declare(const std::string& name, const ElementType& type, std::size_t words, bool is_port, bool is_stream,
                    const std::string& where) {
  if (words > kMaxWords) throw Error(where, "'" + name + "' of " + std::to_string(words) + " words", "at most 2^24");
  Variable variable;
  variable.type = type;
  variable.words = words;
  variable.is_port = is_port;
  variable.is_stream = is_stream;
  if (aliases_.contains(name) || !variables_.emplace(name, std::move(variable)).second)
    throw Error(where, "a second variable '" + name.substr(0, 60) + "'", "one");
  if (is_port) ports_.push_back(name);
}

void Graph::alias(const std::string& name, const std::string& target, const std::string& where) {
  find(target, where);
  const auto at = aliases_.find(target);
  if (variables_.contains(name) || !aliases_.emplace(name, at == aliases_.end() ? target : at->second).second)
    throw Error(where, "a second variable '" + name.substr(0, 60) + "'", "one");
}

Graph::Variable& Graph::find(const std::string& name, const std::string& where) {
  return const_cast<Variable&>(std::as_const(*this).find(name, where));
}

const Graph::Variable& Graph::find(const std::string& name, const std::string& where) const {
  const auto alias = aliases_.find(name);
  const auto at = variables_.find(alias == aliases_.end() ? name : alias->second);
  if (at == variables_.end()) throw Error(where, "'" + name.substr(0, 60) + "'", "a variable of the top function");
  return at->second;
}

const ElementType& Graph::type(const std::string& variable, const std::string& where) const {
  return find(variable, where).type;
}

std::size_t Graph::words(const std::string& variable, const std::string& where) const {
  return find(variable, where).words;
}

bool Graph::is_stream(const std::string& variable, const std::string& where) const {
  return find(variable, where).is_stream;
}

Shape Graph::shape(const std::string& variable, std::size_t words, const std::string& where) const {
  const Variable& known = find(variable, where);
  return known.written && element_count(known.shape) == words ? known.shape : Shape{words};
}

std::string Graph::read(const std::string& name, const Shape& shape, const std::string& where) {
  Variable& variable = find(name, where);
  const std::size_t words = element_count(shape);
  if (!variable.written) {
    if (!variable.is_port) throw Error(where, "'" + name + "' is read before anything writes it", "a tensor");
    variable.written = variable.is_input = true;
    variable.tensor = fresh(name, tensor_names_);
    ++tensor_names_[variable.tensor];
    variable.shape = variable.words == 0 || variable.words == words ? shape : Shape{variable.words};
    variable.words = element_count(variable.shape);
  } else if (variable.is_port && !variable.is_input && variable.is_stream) {
    throw Error(where, "the output stream '" + name + "' is read", "a stream that one layer reads");
  }
  if (variable.words != words) {
    throw Error(where, "'" + name + "' of " + std::to_string(variable.words) + " words",
                std::to_string(words) + " " + to_string(shape) + " as the configuration says");
  }
  if (++variable.reads > 1 && variable.is_stream)
    throw Error(where, "the stream '" + name + "' is read by two layers",
                "a clone_stream before: hls4ml miswired this");
  if (variable.shape == shape) return variable.tensor;
  std::string& known = reshaped_[variable.tensor + " " + to_string(shape)];
  if (known.empty()) {
    const Json layer = {{"op", "reshape"}, {"shape", shape}};
    known = intermediate(variable.tensor, layer, {variable.tensor}, shape, variable.type.fixed, where);
  }
  return known;
}

std::string Graph::fresh(const std::string& name, std::map<std::string, int>& taken) const {
  std::string candidate = name;
  for (int i = 2; taken.contains(candidate); ++i) candidate = name + "_" + std::to_string(i);
  return candidate;
}

void Graph::add(const Json& layer, const std::string& name, const std::vector<std::string>& inputs,
                const std::string& tensor, const Shape& shape, const FixedPoint& type, const std::string& where) {
  std::size_t words = 1;
  for (const std::size_t size : shape) {
    if (size == 0 || size > kMaxWords || (words *= size) > kMaxWords)
      throw Error(where, "a tensor of shape " + to_string(shape), "1..2^24 words");
  }
  ++layer_names_[name];
  ++tensor_names_[tensor];
  Json complete = {{"name", name}, {"op", layer.at("op")}, {"inputs", inputs}};
  for (const auto& [key, value] : layer.items()) {
    if (key != "op") complete[key] = value;
  }
  complete["output"] = {{"name", tensor}, {"shape", shape}, {"type", vigil::to_string(type)}};
  layers_->push_back(std::move(complete));
}

std::string Graph::intermediate(const std::string& near, const Json& layer, const std::vector<std::string>& inputs,
                                const Shape& shape, const FixedPoint& type, const std::string& where) {
  const std::string op = layer.at("op").get<std::string>();
  const std::string tensor = fresh(near + "_" + op, tensor_names_);
  add(layer, fresh(near + "_" + op, layer_names_), inputs, tensor, shape, type, where);
  return tensor;
}

void Graph::write(const std::string& name, const Json& layer, const std::vector<std::string>& inputs,
                  const Shape& shape, const std::string& remark, const std::string& where) {
  Variable& variable = find(name, where);
  if (variable.is_input) throw Error(where, "'" + name + "' is read before and written here", "one or the other");
  if (variable.written) throw Error(where, "'" + name + "' is written twice", "once");
  const std::size_t words = element_count(shape);
  if (variable.words != 0 && variable.words != words) {
    throw Error(where, "'" + name + "' of " + std::to_string(variable.words) + " words",
                std::to_string(words) + " " + to_string(shape) + " as the configuration says");
  }
  if (words % variable.type.pack != 0 && variable.is_stream)
    throw Error(where, "packs of " + std::to_string(variable.type.pack), "a divisor of " + std::to_string(words));
  variable.tensor = fresh(name, tensor_names_);
  add(layer, fresh(remark.empty() ? name : remark, layer_names_), inputs, variable.tensor, shape, variable.type.fixed,
      where);
  variable.written = true;
  variable.words = words;
  variable.shape = shape;
}

void Graph::copy(const std::string& name, const std::string& source, const std::string& where) {
  const Variable& from = find(source, where);
  Variable& variable = find(name, where);
  if (variable.written) throw Error(where, "'" + name + "' is written twice", "once");
  if (variable.is_port || variable.type.fixed != from.type.fixed) {
    write(name, Json{{"op", "cast"}}, {from.tensor}, from.shape, "", where);
    return;
  }
  variable.written = true;
  variable.words = from.words;
  variable.shape = from.shape;
  variable.tensor = from.tensor;
}

std::string Graph::finish(const std::string& name, const std::string& where) {
  Json network = {{"format", "vigil-network/1"}, {"name", name}, {"inputs", Json::array()}, {"outputs", Json::array()}};
  for (const std::string& port : ports_) {
    const Variable& variable = variables_.at(port);
    if (!variable.written) throw Error(where, "nothing reads or writes '" + port + "'", "a use of every parameter");
    if (variable.is_input) {
      network["inputs"].push_back(
          {{"name", variable.tensor}, {"shape", variable.shape}, {"type", vigil::to_string(variable.type.fixed)}});
    } else {
      network["outputs"].push_back(variable.tensor);
    }
  }
  if (network["outputs"].empty()) throw Error(where, "the project computes nothing", "a layer that writes a parameter");
  if (network["inputs"].empty()) throw Error(where, "no layer reads a parameter", "at least one input");
  network["layers"] = std::move(*layers_);
  *layers_ = std::move(network);
  return layers_->dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace vigil::fpga_model::hls4ml
