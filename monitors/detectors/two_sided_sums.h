// Two sums of steps that never fall below 0, one for each direction of a change (Page 1954): what the cumulative-sum
// detectors of this folder share. The statistic is the larger one.
// Tests: tests/monitors/detector_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "monitors/detectors/episode.h"
#include "monitors/detectors/parameters.h"

namespace vigil::monitors {

class TwoSidedSums {
 public:
  enum class Side : std::uint8_t { both, up, down };

  // Latched, each sum is capped at 1.5 limits; else both start anew after an alarm.
  TwoSidedSums(double limit, Side side, bool latch)
      : episode_(limit, latch),
        cap_(Pair{} + (latch ? kCap * limit : kInfinity)),
        open_sides_{-std::int64_t{side != Side::down}, -std::int64_t{side != Side::up}} {}

  // `up` and `down`: the steps of both sums. Returns whether it alarms.
  bool feed(double up, double down, std::uint64_t at) {
    const Pair step = open_sides_ ? Pair{up, down} : Pair{} - kInfinity;
    since_ = sums_ <= 0 ? Steps{at, at} : since_;
    const Pair next = sums_ + step;
    sums_ = next > 0 ? next : Pair{};
    sums_ = sums_ < cap_ ? sums_ : cap_;
    up_leads_ = sums_[0] >= sums_[1];
    value_ = std::max(sums_[0], sums_[1]);
    const bool alarm = episode_.step(value_);
    if (alarm && !episode_.latch()) sums_ = Pair{};
    return alarm;
  }
  double value() const { return value_; }
  double limit() const { return episode_.limit(); }
  // The step after the leading sum was last 0.
  std::uint64_t change_point() const { return up_leads_ ? since_[0] : since_[1]; }

  static void fields(auto& self, auto&& field) {
    const auto both = [&](const char* up, const char* down, auto& pair) {
      auto first = pair[0], second = pair[1];
      field(up, first);
      field(down, second);
      using Two = std::remove_reference_t<decltype(pair)>;
      if constexpr (!std::is_const_v<Two>) pair = Two{first, second};
    };
    Episode::fields(self.episode_, field);
    both("up", "down", self.sums_);
    both("up_since", "down_since", self.since_);
    field("up_leads", self.up_leads_);
    field("value", self.value_);
  }

 private:
  // Both directions at once, and without branches: which way they would go is chance.
  using Pair = double __attribute__((vector_size(16)));
  using Steps = std::uint64_t __attribute__((vector_size(16)));
  using Mask = std::int64_t __attribute__((vector_size(16)));
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  Episode episode_;
  Pair cap_;
  Mask open_sides_;
  Pair sums_{};
  Steps since_{};
  bool up_leads_ = true;
  double value_ = 0;
};

// The parameters h, side and latch.
inline TwoSidedSums::Side read_side(ParameterReader& read) {
  const std::string side = read.one_of("side", "both", {"both", "up", "down"});
  return side == "up" ? TwoSidedSums::Side::up : side == "down" ? TwoSidedSums::Side::down : TwoSidedSums::Side::both;
}
inline TwoSidedSums read_sums(ParameterReader& read, double limit) {
  const double h = read.number("h", limit, kPositive);
  const TwoSidedSums::Side side = read_side(read);
  return {h, side, read.boolean("latch", true)};
}

}  // namespace vigil::monitors
