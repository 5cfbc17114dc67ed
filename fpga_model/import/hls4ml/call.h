// One call in the top function of a project, nnet::dense<input_t, layer2_t, config2>(x, layer2_out, w2, b2), as the
// readers of layers see it. The readers are catalogued in calls.def.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fpga_model/import/hls4ml/config.h"
#include "fpga_model/import/hls4ml/graph.h"
#include "fpga_model/import/hls4ml/release.h"
#include "fpga_model/import/hls4ml/weights.h"

namespace vigil::fpga_model::hls4ml {

// What is known of the whole project.
struct ProjectContext {
  const Declarations& declarations;
  const Weights& weights;
  const std::map<std::string, SourceFile>& headers;  // nnet_utils: name -> tokens, as far as they lie in the project
  Graph& graph;
  ReleaseTeller& release;
  std::vector<std::string>& notes;
};

struct Call {
  std::string function;  // "dense"
  std::vector<Range> templates;
  std::vector<Range> arguments;
  std::string remark;  // the layer's name, from the comment behind the call; may be empty
  std::string where;   // "myproject.cpp: line 42, dense"
  ProjectContext* project = nullptr;

  Graph& graph() const { return project->graph; }
  // Throws Error unless the call has that many arguments.
  void expect_arguments(std::size_t least, std::size_t most) const;
  std::string name(std::size_t argument) const;  // an argument that is a name
  double number(std::size_t argument) const;     // an argument that is a literal
  Config config(
      std::size_t from_end = 0) const;  // the template argument that names a configuration, by default the last
  ElementType template_type(std::size_t i) const;
  const ElementType& type(std::size_t argument) const { return graph().type(name(argument), where); }
  bool is_stream(std::size_t argument = 0) const { return graph().is_stream(name(argument), where); }
  // Kernels on streams take an nnet::array<T, N> a step: refuses a stream whose N is not `channels`, and streams whose
  // N differ. Arrays pass.
  void expect_channels(std::size_t argument, std::size_t channels) const;
  void expect_same_packs(const std::vector<std::size_t>& streams) const;
  std::string read(std::size_t argument, const Shape& shape) const {
    return graph().read(name(argument), shape, where);
  }
  void write(std::size_t argument, const nlohmann::ordered_json& layer, const std::vector<std::string>& inputs,
             const Shape& shape) const;
  void note(const std::string& text) const;  // prefixed with the layer
  // Names the layer beside the place.
  [[noreturn]] void refuse(const std::string& what, const std::string& expected = {}) const;
};

// The reader of a call, or null: calls.def.
using LayerReaderFunction = void (*)(const Call&);
LayerReaderFunction find_layer_reader(const std::string& function);

#define HLS4ML_CALL(name, reader) void reader(const Call& call);
#include "fpga_model/import/hls4ml/calls.def"
#undef HLS4ML_CALL

}  // namespace vigil::fpga_model::hls4ml
