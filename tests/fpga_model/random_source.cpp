#include "random_source.h"

namespace vigil::fpga_model {

using nlohmann::json;

FixedPoint RandomSource::plain(int width) {
  FixedPoint type;
  type.width = width;
  type.integer = between(0, width);
  type.is_signed = !one_in(6);
  return type;
}

FixedPoint RandomSource::usual_type() {
  FixedPoint type = plain(one_in(6) ? between(19, 30) : one_in(4) ? between(3, 8) : between(6, 18));
  if (one_in(3)) {
    type.quantization = one_in(3) ? Quantization::rnd : Quantization::rnd_conv;
    type.overflow = Overflow::sat;
  } else if (one_in(6)) {
    type.overflow = Overflow::sat;
  }
  return type;
}

FixedPoint RandomSource::odd_type(int widest) {
  FixedPoint type;
  type.width = between(1, widest);
  type.integer = one_in(3) ? between(-5, type.width + 5) : between(0, type.width);
  type.is_signed = !one_in(3);
  type.quantization = static_cast<Quantization>(below(7));
  type.overflow = static_cast<Overflow>(below(4));
  if (type.overflow == Overflow::wrap && one_in(3)) type.saturation_bits = between(0, type.width);
  return type;
}

std::int64_t RandomSource::word(const FixedPoint& type) {
  const std::uint64_t bits = random_();
  switch (below(8)) {
    case 0:
      return 0;
    case 1:
      return bits % 2 == 0 ? type.lowest() : type.highest();
    case 2:
    case 3: {
      const std::int64_t small = static_cast<std::int64_t>(bits % 17) - 8;
      return type.holds(small) ? small : 0;
    }
    default: {
      const int spare = 64 - type.width;
      return type.is_signed ? static_cast<std::int64_t>(bits << spare) >> spare
                            : static_cast<std::int64_t>(bits >> spare);
    }
  }
}

json RandomSource::constant(const FixedPoint& type, const Shape& shape) {
  json raw = json::array();
  const bool sparse = one_in(4);
  for (std::size_t i = 0; i < element_count(shape); ++i) raw.push_back(sparse && !one_in(4) ? 0 : word(type));
  return {{"type", to_string(type)}, {"shape", shape}, {"raw", raw}};
}

json RandomSource::per_element(const FixedPoint& type, const Shape& shape) {
  switch (below(3)) {
    case 0:
      return constant(type, 1);
    case 1:
      return constant(type, shape.back());
    default:
      return constant(type, element_count(shape));
  }
}

}  // namespace vigil::fpga_model
