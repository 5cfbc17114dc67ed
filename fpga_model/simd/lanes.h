// Words of a block in workspace memory, one event a lane: what the planner lays out and the kernels read and write.
// Bounds of words (Interval) are proved from the types of the inputs and the real weights.
// Tests: tests/fpga_model/kernels_test.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/fixed_point.h"
#include "fpga_model/fast_engine.h"

namespace vigil::fpga_model {

inline constexpr std::size_t kLanes = FastEngine::kLanes;

enum class Lane : std::uint8_t { i16, i32, i64 };

inline int bits_of(Lane lane) { return 16 << static_cast<int>(lane); }
inline std::size_t bytes_of(Lane lane) { return std::size_t{2} << static_cast<int>(lane); }

// f of a word of the lane's type: for_lane(lane, [&](auto word) { using Word = decltype(word); ... }).
template <class F>
auto for_lane(Lane lane, F f) {
  return lane == Lane::i16 ? f(std::int16_t{}) : lane == Lane::i32 ? f(std::int32_t{}) : f(std::int64_t{});
}

// Smallest and largest value; arithmetic on 128 bits, so that no bound of a product or sum wraps.
struct Interval {
  Wide low = 0;
  Wide high = 0;
  bool within(const Interval& outer) const { return low >= outer.low && high <= outer.high; }
  bool operator==(const Interval&) const = default;
};

inline Interval hull(const Interval& a, const Interval& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}
inline Interval operator+(const Interval& a, const Interval& b) { return {a.low + b.low, a.high + b.high}; }
inline Interval operator*(const Interval& a, const Interval& b) {
  const Wide p[] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
  return {*std::min_element(p, p + 4), *std::max_element(p, p + 4)};
}
inline Interval words_of_type(const FixedPoint& type) { return {type.lowest(), type.highest()}; }
inline Interval words_of_lane(Lane lane) {
  const Wide half = Wide{1} << (bits_of(lane) - 1);
  return {-half, half - 1};
}

// Bits of the narrowest two's complement word that holds all of it: 16, 32, 64, or 128 for more.
inline int lane_bits(const Interval& range) {
  for (const Lane lane : {Lane::i16, Lane::i32, Lane::i64}) {
    if (range.within(words_of_lane(lane))) return bits_of(lane);
  }
  return 128;
}
inline Lane lane_of_bits(int bits) { return bits <= 16 ? Lane::i16 : bits <= 32 ? Lane::i32 : Lane::i64; }

}  // namespace vigil::fpga_model
