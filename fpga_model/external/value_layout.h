// What the C++ value behind a pointer of an emulator library looks like in memory, told by its demangled type name: the
// fixed-point words in it, where they lie, how many bytes each has. Used by the readers and callers of libraries.
// Layout of ap_fixed and ap_int: one native integer of 1, 2, 4 or 8 bytes, sign- or zero-extended (vendor headers).
// Tests: tests/fpga_model/external_library_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fixed_point.h"

namespace vigil::fpga_model {

// `words` words of one type, contiguous from byte `offset`.
struct Port {
  FixedPoint type;
  std::size_t words = 1;
  std::size_t offset = 0;
  std::size_t word_bytes = 8;

  bool operator==(const Port&) const = default;
};

struct ValueLayout {
  std::vector<Port> ports;
  std::size_t bytes = 0;
  std::size_t alignment = 1;
};

// ap_fixed, ap_ufixed, ap_int, ap_uint, built-in integers, std::array and std::pair of these, and arrays "T [n]" as
// demanglers write them. None for anything else, for types beyond 64 bits and for more than 2^24 words.
std::optional<ValueLayout> parse_value_type(std::string_view demangled);

// The type a pointer type "T*" or "T const*" points to ("T (*) [n]" gives "T [n]"); none where it is no pointer.
std::optional<std::string> pointee(std::string_view demangled);

// Demangles a symbol or a type name; empty where it is none.
std::string demangled(const std::string& name);

std::int64_t load_word(const std::byte* at, const Port& port);
void store_word(std::byte* at, std::size_t word_bytes, std::int64_t value);

}  // namespace vigil::fpga_model
