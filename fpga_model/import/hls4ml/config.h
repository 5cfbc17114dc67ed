// One configuration structure of parameters.h, read by key: a missing key or a value of the wrong kind is refused with
// file and line. Used by the readers of layers.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <optional>
#include <string>

#include "fpga_model/import/hls4ml/declarations.h"

namespace vigil::fpga_model::hls4ml {

// Whether the products of a configuration take three types, product::mult<x_T, y_T, res_T>, as hls4ml wrote until 0.6:
// a product is then cast to the third before anything is added.
bool is_early_product(const Structure& structure);

class Config {
 public:
  // Throws Error naming `where` when there is no structure of that name.
  Config(const Declarations& declarations, const std::string& name, const std::string& where);

  const std::string& name() const { return structure_->name; }
  bool has(const std::string& key) const { return structure_->values.contains(key); }
  bool has_type(const std::string& key) const { return structure_->types.contains(key); }
  std::size_t size(const std::string& key) const;  // 1..2^24
  std::size_t size_or(const std::string& key, std::size_t missing) const;
  std::size_t count_or(const std::string& key, std::size_t missing) const;  // 0..2^24
  std::int64_t integer(const std::string& key) const;
  double real_or(const std::string& key, double missing) const;
  bool flag_or(const std::string& key, bool missing) const { return has(key) ? integer(key) != 0 : missing; }
  // The last word of an enumerator: "latency" of nnet::latency; empty when the key is missing.
  std::string choice(const std::string& key) const;
  ElementType type(const std::string& key) const;
  // The last word before < of `template ... using KEY = nnet::product::mult<...>`; empty when missing.
  std::string used(const std::string& key) const;
  bool is_early_product() const { return hls4ml::is_early_product(*structure_); }
  // The structure a typedef names.
  Config nested(const std::string& key) const;
  // Type and initialiser of `static const T KEY`, also where it is defined outside.
  Value value(const std::string& key) const;
  std::string where() const { return structure_->body.where() + " (" + structure_->name + ")"; }
  const Structure& structure() const { return *structure_; }

 private:
  [[noreturn]] void refuse(const std::string& key, const std::string& what, const std::string& expected) const;

  const Declarations* declarations_;
  const Structure* structure_;
};

}  // namespace vigil::fpga_model::hls4ml
