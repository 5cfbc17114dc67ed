// The integer graph under construction: C++ variables of the top function on one side, tensors and layers of
// network.json on the other. Used by the readers of layers. Checks who writes and reads what, and how many words.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fpga_model/import/hls4ml/declarations.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model::hls4ml {

class Graph {
 public:
  Graph();
  ~Graph();

  // A variable of the top function. `words` 0: not said (streams). `is_port`: a parameter.
  void declare(const std::string& name, const ElementType& type, std::size_t words, bool is_port, bool is_stream,
               const std::string& where);
  void alias(const std::string& name, const std::string& target, const std::string& where);
  bool knows(const std::string& name) const { return variables_.contains(name); }

  const ElementType& type(const std::string& variable, const std::string& where) const;
  // Words of a variable; 0 where nothing tells yet.
  std::size_t words(const std::string& variable, const std::string& where) const;
  // Its present shape if it has `words` words and one is known, else [words].
  Shape shape(const std::string& variable, std::size_t words, const std::string& where) const;
  bool is_stream(const std::string& variable, const std::string& where) const;

  // A layer reads `variable` in `shape`: the name of the tensor, reshaped where needed. A port that nobody wrote
  // becomes an input of the network. Refuses a variable not yet written, of other size, and the second reading of a
  // stream.
  std::string read(const std::string& variable, const Shape& shape, const std::string& where);
  // `layer`: its keys without name, inputs and output.
  void write(const std::string& variable, const nlohmann::ordered_json& layer, const std::vector<std::string>& inputs,
             const Shape& shape, const std::string& remark, const std::string& where);
  // A tensor no variable stands for; returns its name, made from `near`.
  std::string intermediate(const std::string& near, const nlohmann::ordered_json& layer,
                           const std::vector<std::string>& inputs, const Shape& shape, const FixedPoint& type,
                           const std::string& where);
  // `variable` becomes another name of what `source` holds (a copy of a stream).
  void copy(const std::string& variable, const std::string& source, const std::string& where);

  // The text of network.json; nothing may be added afterwards. Throws Error when nothing is computed.
  std::string finish(const std::string& name, const std::string& where);
  const nlohmann::ordered_json& network() const { return *layers_; }  // the same, after finish

 private:
  struct Variable {
    ElementType type;
    std::size_t words = 0;
    bool is_port = false;
    bool is_stream = false;
    bool is_input = false;
    bool written = false;
    std::size_t reads = 0;
    std::string tensor;  // once written
    Shape shape;
  };
  Variable& find(const std::string& name, const std::string& where);
  const Variable& find(const std::string& name, const std::string& where) const;
  std::string fresh(const std::string& name, std::map<std::string, int>& taken) const;
  void add(const nlohmann::ordered_json& layer, const std::string& name, const std::vector<std::string>& inputs,
           const std::string& tensor, const Shape& shape, const FixedPoint& type, const std::string& where);

  std::map<std::string, Variable> variables_;
  std::map<std::string, std::string> aliases_;
  std::vector<std::string> ports_;
  std::map<std::string, int> layer_names_;
  std::map<std::string, int> tensor_names_;
  std::map<std::string, std::string> reshaped_;  // "tensor [4,4]" -> tensor
  std::unique_ptr<nlohmann::ordered_json> layers_;
};

}  // namespace vigil::fpga_model::hls4ml
