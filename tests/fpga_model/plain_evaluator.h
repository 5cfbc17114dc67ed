// The rules of docs/network_json.md for the operations that deployed models use most, one word at a time with
// vigil::cast: nothing prepared, nothing shared with fpga_model but the types. A second opinion for tests, slow.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/fixed_point.h"

namespace vigil::fpga_model {

class PlainEvaluator {
 public:
  using Words = std::vector<std::int64_t>;
  using RowOf = std::function<Words(const std::string& tensor)>;

  explicit PlainEvaluator(nlohmann::json network);
  bool knows(std::size_t layer) const;
  // The output words of one event from its input words.
  Words evaluate(std::size_t layer, const RowOf& row_of) const;
  Words constant(const std::string& name) const;

 private:
  struct Shaped {
    std::vector<std::size_t> shape;
    FixedPoint type;
  };
  Words products(const nlohmann::json& layer, const Words& patch, const FixedPoint& x) const;
  Words conv(const nlohmann::json& layer, const Words& x, const Shaped& in) const;
  Words pool(const nlohmann::json& layer, const Words& x, const Shaped& in) const;
  Words elementwise(const nlohmann::json& layer, const Words& x, const Shaped& in) const;
  Words pairwise(const nlohmann::json& layer, const Words& a, const Words& b, const FixedPoint& ta,
                 const FixedPoint& tb) const;

  nlohmann::json network_;
  std::map<std::string, Shaped> tensors_;
};

}  // namespace vigil::fpga_model
