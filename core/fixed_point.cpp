// The rules of docs/network_json.md, sections 1 and 2. Shifts are logical: any distance gives the value unbounded
// integers would give.
#include "core/fixed_point.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "core/error.h"

namespace vigil {
namespace {

using UnsignedWide = unsigned __int128;

constexpr std::array<std::pair<std::string_view, Quantization>, 7> kQuantizations = {{
    {"AP_TRN", Quantization::trn},
    {"AP_TRN_ZERO", Quantization::trn_zero},
    {"AP_RND", Quantization::rnd},
    {"AP_RND_ZERO", Quantization::rnd_zero},
    {"AP_RND_MIN_INF", Quantization::rnd_min_inf},
    {"AP_RND_INF", Quantization::rnd_inf},
    {"AP_RND_CONV", Quantization::rnd_conv},
}};

constexpr std::array<std::pair<std::string_view, Overflow>, 5> kOverflows = {{
    {"AP_WRAP", Overflow::wrap},
    {"AP_SAT", Overflow::sat},
    {"AP_SAT_ZERO", Overflow::sat_zero},
    {"AP_SAT_SYM", Overflow::sat_sym},
    {"AP_WRAP_SM", Overflow::wrap_sm},
}};

// The vendor's enumerators, which generated code sometimes passes where N belongs.
constexpr std::array<std::pair<std::string_view, int>, 5> kEnumerators = {
    {{"SAT", 0}, {"SAT_ZERO", 1}, {"SAT_SYM", 2}, {"WRAP", 3}, {"WRAP_SM", 4}}};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool parse_integer(std::string_view text, int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

template <class Pairs, class Value>
bool look_up(const Pairs& pairs, std::string_view name, Value& value) {
  for (const auto& [key, entry] : pairs) {
    if (key == name) {
      value = entry;
      return true;
    }
  }
  return false;
}

// The quantised value before overflow: `value` is its low 128 bits, `huge` says that it lies beyond any 64-bit range.
struct Quantized {
  Wide value = 0;
  bool huge = false;
  bool negative = false;
};

Quantized shift_left(Wide raw, int distance) {
  Quantized q;
  q.negative = raw < 0;
  if (distance >= 128) {
    q.huge = raw != 0;
    return q;
  }
  q.value = static_cast<Wide>(static_cast<UnsignedWide>(raw) << distance);
  q.huge = (q.value >> distance) != raw;
  return q;
}

Quantized shift_right(Wide raw, int distance, Quantization mode) {
  const bool negative = raw < 0;
  Wide q0 = negative ? -1 : 0;
  int against_half = 0;  // remainder minus half: sign only
  bool remainder = raw != 0;
  if (distance > 128) {
    against_half = negative ? 1 : -1;
  } else {
    UnsignedWide rem = static_cast<UnsignedWide>(raw);
    if (distance < 128) {
      q0 = raw >> distance;
      rem &= (UnsignedWide{1} << distance) - 1;
    }
    const UnsignedWide half = UnsignedWide{1} << (distance - 1);
    against_half = rem > half ? 1 : rem == half ? 0 : -1;
    remainder = rem != 0;
  }
  bool up = false;
  switch (mode) {
    case Quantization::trn:
      break;
    case Quantization::trn_zero:
      up = negative && remainder;
      break;
    case Quantization::rnd:
      up = against_half >= 0;
      break;
    case Quantization::rnd_zero:
      up = against_half > 0 || (against_half == 0 && negative);
      break;
    case Quantization::rnd_min_inf:
      up = against_half > 0;
      break;
    case Quantization::rnd_inf:
      up = against_half > 0 || (against_half == 0 && !negative);
      break;
    case Quantization::rnd_conv:
      up = against_half > 0 || (against_half == 0 && (q0 & 1) != 0);
      break;
  }
  Quantized q;
  q.value = q0 + (up ? 1 : 0);
  q.negative = q.value < 0;
  return q;
}

std::uint64_t ones(int bits) { return bits >= 64 ? ~0ull : (1ull << (bits & 63)) - 1; }

// The word whose low W bits are `pattern`.
std::int64_t word_of(std::uint64_t pattern, const FixedPoint& to) {
  pattern &= ones(to.width);
  if (to.is_signed && to.width < 64 && ((pattern >> ((to.width - 1) & 63)) & 1) != 0) pattern |= ~ones(to.width);
  return static_cast<std::int64_t>(pattern);
}

std::uint64_t with_msb(std::uint64_t pattern, int width, bool bit) {
  const std::uint64_t msb = 1ull << (width - 1);
  return bit ? pattern | msb : pattern & ~msb;
}

// Bits W-N..W-2 all equal to `bit`.
std::uint64_t with_saturation_bits(std::uint64_t pattern, const FixedPoint& to, bool bit) {
  const std::uint64_t field = ones(to.width - 1) & ~ones(to.width - to.saturation_bits);
  return bit ? pattern | field : pattern & ~field;
}

std::int64_t wrap_saturating(std::uint64_t pattern, bool negative, const FixedPoint& to) {
  const int n = to.saturation_bits;
  if (!to.is_signed) return word_of(pattern | (ones(to.width) & ~ones(to.width - n)), to);
  pattern = with_msb(pattern, to.width, negative);
  if (n > 1) pattern = with_saturation_bits(pattern, to, !negative);
  return word_of(pattern, to);
}

std::int64_t wrap_sign_magnitude(std::uint64_t pattern, bool negative, bool deleted_bit, const FixedPoint& to) {
  const int n = to.saturation_bits;
  const bool msb = ((pattern >> (to.width - 1)) & 1) != 0;
  if (n == 0) {
    if (deleted_bit != msb) pattern = ~pattern;
    return word_of(with_msb(pattern, to.width, deleted_bit), to);
  }
  if (n == 1) {
    if (negative != msb) pattern = ~pattern;
    return word_of(with_msb(pattern, to.width, negative), to);
  }
  if ((((pattern >> (to.width - n)) & 1) != 0) == negative) pattern = ~pattern;
  pattern = with_saturation_bits(pattern, to, !negative);
  return word_of(with_msb(pattern, to.width, negative), to);
}

}  // namespace

double FixedPoint::to_real(std::int64_t raw) const { return std::ldexp(static_cast<double>(raw), -fraction()); }

FixedPoint parse_fixed_point(std::string_view text, const std::string& where) {
  const auto fail = [&](const std::string& expected) -> FixedPoint {
    throw Error(where, "type '" + std::string(text.substr(0, 100)) + "'", expected);
  };
  std::string_view rest = trimmed(text);
  FixedPoint type;
  if (rest.starts_with("ap_fixed")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("ap_ufixed")) {
    rest.remove_prefix(9);
    type.is_signed = false;
  } else {
    return fail("ap_fixed<W,I[,Q[,O[,N]]]> or ap_ufixed<...>");
  }
  rest = trimmed(rest);
  if (rest.size() < 2 || rest.front() != '<' || rest.back() != '>') return fail("<W,I[,Q[,O[,N]]]> after the name");
  rest = rest.substr(1, rest.size() - 2);
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t comma = rest.find(',');
    parts.push_back(trimmed(rest.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (parts.size() < 2 || parts.size() > 5) return fail("two to five parameters W,I[,Q[,O[,N]]]");
  const int widest = type.is_signed ? 64 : 63;
  if (!parse_integer(parts[0], type.width) || type.width < 1 || type.width > widest) {
    return fail("W an integer in 1.." + std::to_string(widest));
  }
  if (!parse_integer(parts[1], type.integer) || type.integer < -128 || type.integer > 128) {
    return fail("I an integer in -128..128");
  }
  if (parts.size() > 2 && !look_up(kQuantizations, parts[2], type.quantization)) {
    return fail("Q one of AP_TRN, AP_TRN_ZERO, AP_RND, AP_RND_ZERO, AP_RND_MIN_INF, AP_RND_INF, AP_RND_CONV");
  }
  if (parts.size() > 3 && !look_up(kOverflows, parts[3], type.overflow)) {
    return fail("O one of AP_WRAP, AP_SAT, AP_SAT_ZERO, AP_SAT_SYM, AP_WRAP_SM");
  }
  if (parts.size() > 4) {
    std::string_view n = parts[4];
    if (n.starts_with("AP_")) n.remove_prefix(3);
    const bool known = look_up(kEnumerators, n, type.saturation_bits) || parse_integer(parts[4], type.saturation_bits);
    if (!known || type.saturation_bits < 0 || type.saturation_bits > type.width) return fail("N an integer in 0..W");
  }
  if (!type.is_signed && type.overflow == Overflow::wrap_sm) return fail("AP_WRAP_SM with a signed type only");
  return type;
}

std::string to_string(const FixedPoint& type) {
  std::string text = type.is_signed ? "ap_fixed<" : "ap_ufixed<";
  text += std::to_string(type.width) + "," + std::to_string(type.integer);
  const bool n = type.saturation_bits != 0;
  const bool overflow = n || type.overflow != Overflow::wrap;
  const bool quantization = overflow || type.quantization != Quantization::trn;
  if (quantization) text += "," + std::string(kQuantizations[static_cast<std::size_t>(type.quantization)].first);
  if (overflow) text += "," + std::string(kOverflows[static_cast<std::size_t>(type.overflow)].first);
  if (n) text += "," + std::to_string(type.saturation_bits);
  return text + ">";
}

std::int64_t cast(Wide raw, int source_fraction, int source_width, const FixedPoint& to) {
  const int s = source_fraction - to.fraction();
  const Quantized q = s <= 0 ? shift_left(raw, -s) : shift_right(raw, s, to.quantization);
  const std::int64_t lowest = to.lowest();
  const std::int64_t highest = to.highest();
  const bool below = q.negative && (q.huge || q.value < lowest);
  const bool above = !q.negative && (q.huge || q.value > highest);
  const bool inside = !below && !above;
  const auto low_bits = static_cast<std::uint64_t>(q.value);
  switch (to.overflow) {
    case Overflow::wrap:
      if (inside) return static_cast<std::int64_t>(q.value);
      if (to.saturation_bits == 0) return word_of(low_bits, to);
      return wrap_saturating(low_bits, q.negative, to);
    case Overflow::sat:
      return below ? lowest : above ? highest : static_cast<std::int64_t>(q.value);
    case Overflow::sat_zero:
      return inside ? static_cast<std::int64_t>(q.value) : 0;
    case Overflow::sat_sym: {
      if (!to.is_signed) return below ? lowest : above ? highest : static_cast<std::int64_t>(q.value);
      if (above) return highest;
      // One bit has no positive word: the vendor headers keep -1 there, as recorded.
      const std::int64_t floor = to.width == 1 ? -1 : -highest;
      return below || q.value < floor ? floor : static_cast<std::int64_t>(q.value);
    }
    case Overflow::wrap_sm: {
      if (inside) return static_cast<std::int64_t>(q.value);
      const int index = s + to.width;  // of the first bit above the result, in the unrounded source
      const bool readable = index >= 0 && index < source_width && index < 128;
      const bool deleted_bit = readable && ((raw >> index) & 1) != 0;
      return wrap_sign_magnitude(low_bits, q.negative, deleted_bit, to);
    }
  }
  return 0;
}

std::int64_t cast_real(double value, const FixedPoint& to) {
  if (std::isnan(value)) throw Error("value", "NaN", "a number (" + to_string(to) + ")");
  if (to.overflow == Overflow::wrap_sm) {
    throw Error("value", "a real number for " + to_string(to), "integers: AP_WRAP_SM is defined on words only");
  }
  if (std::isinf(value)) {
    if (to.overflow == Overflow::sat) return value < 0 ? to.lowest() : to.highest();
    if (to.overflow == Overflow::sat_sym) return value > 0 ? to.highest() : to.is_signed ? -to.highest() : 0;
    return 0;
  }
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);  // |mantissa| in [0.5, 1): 53 bits hold it exactly
  return cast(static_cast<Wide>(std::ldexp(mantissa, 53)), 53 - exponent, 64, to);
}

}  // namespace vigil
