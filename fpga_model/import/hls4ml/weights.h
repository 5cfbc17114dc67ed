// The arrays of a project as raw words: compiled initialisers, or the text files load_weights_from_txt names.
// Used by the readers of layers. A compiled array wins over a text file.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "fpga_model/import/hls4ml/declarations.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model::hls4ml {

struct WeightArray {
  ElementType type;
  std::vector<std::int64_t> raw;
};

class Weights {
 public:
  explicit Weights(const Declarations& declarations) : declarations_(declarations) {}

  // `array` may be read from this text. Both must outlive this object.
  void add_text(const std::string& array, std::string_view bytes, const std::string& path);
  // Throws Error naming `where` when there is no such array, it has no values, or not `count` of them.
  WeightArray read(const std::string& array, std::size_t count, const std::string& where) const;
  // Whether the array holds structures of row_index, col_index and weight: the weights that are not zero.
  bool is_compressed(const std::string& array) const;
  // Such an array as all rows * columns weights, row-major. Throws Error likewise, and for a place named twice.
  WeightArray read_compressed(const std::string& array, std::size_t rows, std::size_t columns,
                              const std::string& where) const;

 private:
  struct Text {
    std::string_view bytes;
    std::string path;
  };
  const Array& find(const std::string& array, const std::string& where) const;

  const Declarations& declarations_;
  std::map<std::string, Text> texts_;
};

// A real number as the vendor's types take it from a double: ap_int and ap_uint cut toward zero first.
std::int64_t word_of(double value, const ElementType& type);

// {"type": .., "shape": .., "raw": ..}
nlohmann::ordered_json constant(const FixedPoint& type, const Shape& shape, const std::vector<std::int64_t>& raw);

}  // namespace vigil::fpga_model::hls4ml
