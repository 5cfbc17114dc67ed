// One random layer of each operation. Used by random_network.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "random_source.h"

namespace vigil::fpga_model {

// What a layer may read.
struct RandomTensor {
  std::string name;
  Shape shape;
  FixedPoint type;
};

struct RandomLayer {
  nlohmann::json keys;  // all but name and the output's name
  Shape shape;
  FixedPoint type;
};

struct RandomContext {
  RandomSource& random;
  const std::vector<RandomTensor>& tensors;  // inputs and outputs so far, at least one
  nlohmann::json& constants;                 // of the network; a layer may add one and read it

  const RandomTensor& any() const { return random.one_in(3) ? random.pick(tensors) : tensors.back(); }
};

struct RandomOperation {
  const char* op;
  bool extended;
  int weight;  // how often it is drawn
  // None where no tensor suits.
  std::optional<RandomLayer> (*make)(RandomContext&);
};

const std::vector<RandomOperation>& random_operations();

}  // namespace vigil::fpga_model
