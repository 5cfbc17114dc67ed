// What the factory of an operation sees of its layer: inputs, output, and its keys, with the checks every operation
// shares. Used by the operation files only; everything it refuses names file, layer and key.
// Tests: tests/fpga_model/network_refusal_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fpga_model/json_section.h"
#include "fpga_model/network/operation.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model {

// Per-element words spread over all elements: flat element i uses raw[i].
struct PerElement {
  FixedPoint type;
  std::vector<std::int64_t> raw;
};

// Geometry of conv, depthwise_conv and pool. Images of rank 2 [w, c] are read as [1, w, c].
struct Window {
  std::size_t height = 1, width = 1, channels = 1;  // input
  std::size_t kernel_height = 1, kernel_width = 1;
  std::size_t out_height = 1, out_width = 1;
  std::size_t stride_y = 1, stride_x = 1;
  std::size_t pad_top = 0, pad_left = 0;
  std::size_t cells() const { return kernel_height * kernel_width; }

  // Calls inside(cell, input word index) for cells within the image and outside(cell) for the others, in order
  // [ky][kx], for output (y, x).
  template <class Inside, class Outside>
  void each_cell(std::size_t y, std::size_t x, Inside inside, Outside outside) const {
    std::size_t cell = 0;
    for (std::size_t ky = 0; ky < kernel_height; ++ky) {
      const std::size_t iy = y * stride_y + ky - pad_top;  // wraps far above the height for cells before the image
      for (std::size_t kx = 0; kx < kernel_width; ++kx, ++cell) {
        const std::size_t ix = x * stride_x + kx - pad_left;
        if (iy < height && ix < width) {
          inside(cell, (iy * width + ix) * channels);
        } else {
          outside(cell);
        }
      }
    }
  }
};

class LayerReader {
 public:
  LayerReader(JsonSection section, std::string op, std::vector<TensorInfo> inputs, TensorInfo output)
      : keys(std::move(section)), op_(std::move(op)), inputs_(std::move(inputs)), output_(std::move(output)) {}

  JsonSection keys;

  const std::string& op() const { return op_; }
  const std::vector<TensorInfo>& inputs() const { return inputs_; }
  const TensorInfo& input(std::size_t i = 0) const { return inputs_[i]; }
  const TensorInfo& output() const { return output_; }
  std::size_t last_dimension() const { return inputs_[0].shape.back(); }

  void expect_inputs(std::size_t n) const;
  void expect_output(const Shape& shape) const;
  // Refuses a type beyond 64 bits; `what` names the intermediate ("product").
  void expect_width(const std::string& key, const std::string& what, const FixedPoint& type) const;
  FixedPoint product(const std::string& key, const FixedPoint& a, const FixedPoint& b) const;
  FixedPoint sum(const std::string& key, const FixedPoint& a, const FixedPoint& b) const;

  Constant constant(const std::string& key, const Shape& shape);  // the shape must be this one
  // 1, last-dimension or all-elements words of the first input.
  PerElement per_element(const std::string& key);
  PerElement per_element(const std::string& key, const Constant& constant) const;
  std::vector<std::int64_t> spread(const std::string& key, const std::vector<std::int64_t>& words) const;
  // Type of an accumulator held at every step: at most 63 bits.
  FixedPoint accumulator(const std::string& key);
  // Reads stride and padding for the given kernel; checks the input's rank and the output's shape ([.., out_channels]).
  Window window(const std::vector<std::size_t>& kernel, const std::string& kernel_key, std::size_t out_channels);

 private:
  std::string op_;
  std::vector<TensorInfo> inputs_;
  TensorInfo output_;
};

}  // namespace vigil::fpga_model
