// Lookup tables and their index rules: section 4.4 of docs/network_json.md. Used by activations, softmax and recurrent
// layers.
// Tests: tests/fpga_model/operations_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "fpga_model/caster.h"
#include "fpga_model/network/layer_reader.h"

namespace vigil::fpga_model {

class TableIndex {
 public:
  // Reads the object `key` of `keys` ({"rule": ...}) for arguments of type `argument` and a table of `size` words.
  static TableIndex read(JsonSection& keys, const std::string& key, const FixedPoint& argument, std::size_t size);
  // The rule top_bits, which needs no object; refusals name `key`.
  static TableIndex top_bits(const JsonSection& keys, const std::string& key, const FixedPoint& argument,
                             std::size_t size);

  int dropped_bits() const { return dropped_bits_; }  // top_bits only
  std::size_t operator()(std::int64_t raw) const {
    return scaled_ ? scaled(raw) : (static_cast<std::uint64_t>(raw) & pattern_) >> dropped_bits_;
  }

 private:
  std::size_t scaled(std::int64_t raw) const;

  bool scaled_ = false;
  std::uint64_t pattern_ = 0;  // top_bits: the W bits of the argument
  int dropped_bits_ = 0;
  std::int64_t size_ = 1;
  std::int64_t range_ = 1;
  std::int64_t offset_ = 0;
  bool clamps_unsigned_ = false;
  int fraction_ = 0;
};

// A table with its index rule: word of the argument -> word of the table, in `type`.
class Table {
 public:
  Table() = default;
  // Reads the constant `table` and the object `index`.
  Table(JsonSection& keys, const FixedPoint& argument);
  std::int64_t operator()(std::int64_t raw) const { return raw_[index_(raw)]; }
  const FixedPoint& type() const { return type_; }

 private:
  FixedPoint type_;
  std::vector<std::int64_t> raw_;
  TableIndex index_;
};

}  // namespace vigil::fpga_model
