// The integer graph of network.json (docs/network_json.md): the plain scalar path, exact by construction.
// Immutable after construction; run is safe from many threads, each with its own block.
// Tests: tests/fpga_model/operations_test.cpp.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "fpga_model/engine.h"
#include "fpga_model/json_section.h"
#include "fpga_model/network/operation.h"

namespace vigil::fpga_model {

class Network : public Engine {
 public:
  // Reads and checks the whole text. Throws Error naming `file`, layer and key.
  Network(std::string_view json, const std::string& file);
  [[nodiscard]] Status run(const Block& block) const override;
  std::unique_ptr<const FastEngine> fast(SimdTarget target) const override;

 private:
  // Where a layer's input comes from: a tensor of the block, or a constant.
  struct Source {
    std::size_t tensor = 0;
    const Constant* constant = nullptr;
  };
  struct Step {
    std::shared_ptr<const Operation> operation;
    std::vector<Source> sources;
  };

  void read_inputs(JsonSection& top);
  void read_constants(JsonSection& top);
  void read_layer(JsonSection section, std::size_t position, const std::string& file);
  void read_outputs(JsonSection& top);
  void name_tensor(const JsonSection& section, const std::string& key, const std::string& name, const Source& source);
  void count_words(const JsonSection& section, const std::string& key) const;

  std::map<std::string, Source> by_name_;
  std::map<std::string, Constant> constants_;
  std::set<std::string> layer_names_;
  std::vector<Step> steps_;
};

// Names of the operations version 1 can run, in catalogue order.
std::vector<std::string> operation_names();

}  // namespace vigil::fpga_model
