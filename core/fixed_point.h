// Fixed-point types as data: ap_fixed<W,I,Q,O,N> and ap_ufixed<...>, and the one conversion between them.
// Used wherever a hardware word meets a physical value. Value of a word = raw * 2^-(W-I).
// Source of the rules: the vendor headers (Xilinx/HLS_arbitrary_Precision_Types), as written in docs/network_json.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vigil {

enum class Quantization : std::uint8_t { trn, trn_zero, rnd, rnd_zero, rnd_min_inf, rnd_inf, rnd_conv };
enum class Overflow : std::uint8_t { wrap, sat, sat_zero, sat_sym, wrap_sm };

// Wide enough for every exact intermediate (a product of two 64-bit operands, a word shifted left by a rescaling).
using Wide = __int128;

struct FixedPoint {
  int width = 1;    // W, 1..64 signed, 1..63 unsigned
  int integer = 1;  // I, sign bit included, -128..128
  bool is_signed = true;
  Quantization quantization = Quantization::trn;
  Overflow overflow = Overflow::wrap;
  int saturation_bits = 0;  // N of the wrap modes, 0..W

  int fraction() const { return width - integer; }  // F
  std::int64_t lowest() const { return is_signed ? static_cast<std::int64_t>(~0ull << (width - 1)) : 0; }
  std::int64_t highest() const {
    return static_cast<std::int64_t>((is_signed ? 1ull << (width - 1) : 1ull << width) - 1);
  }
  bool holds(std::int64_t raw) const { return raw >= lowest() && raw <= highest(); }
  double to_real(std::int64_t raw) const;  // raw * 2^-F
  bool operator==(const FixedPoint&) const = default;
};

// Parses "ap_fixed<W,I[,Q[,O[,N]]]>" or "ap_ufixed<...>" (spaces allowed; modes with AP_ prefix; N an integer or an
// enumerator SAT 0 … WRAP_SM 4). Throws Error naming `where` on anything else, on W, I or N out of range, and on an
// unsigned WRAP_SM.
FixedPoint parse_fixed_point(std::string_view text, const std::string& where);

// The shortest text parse_fixed_point reads back: default modes are left out.
std::string to_string(const FixedPoint& type);

// Quantises then overflows `raw` (with `source_fraction` fractional bits) into `to`. Exact for every shift.
// `source_width` is W of the source and matters only for WRAP_SM with N = 0. Thread-safe.
std::int64_t cast(Wide raw, int source_fraction, int source_width, const FixedPoint& to);
inline std::int64_t cast(std::int64_t raw, const FixedPoint& from, const FixedPoint& to) {
  return cast(Wide{raw}, from.fraction(), from.width, to);
}

// The same two steps on the exact binary value of a double. +-inf saturates or gives 0 as the overflow mode says.
// Throws Error for NaN and for a type with WRAP_SM.
std::int64_t cast_real(double value, const FixedPoint& to);

}  // namespace vigil
