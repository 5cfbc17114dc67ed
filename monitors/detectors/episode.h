// One alarm an episode: an alarm where the statistic reaches the limit and none is open; the episode ends at the first
// value at or below half the limit. Without latch every value at or above the limit is an alarm.
// Used by the detectors of this folder that go on after an alarm.
// Tests: tests/monitors/detector_test.cpp.
#pragma once

namespace vigil::monitors {

inline constexpr double kCap = 1.5;  // of the limit: where statistics that accumulate stop while latched

class Episode {
 public:
  Episode(double limit, bool latch) : limit_(limit), latch_(latch) {}

  // Returns whether it alarms at this value of the statistic.
  bool step(double statistic) {
    const bool over = statistic >= limit_;
    if (!latch_) return over;
    const bool alarm = over && !open_;
    open_ = over || (open_ && statistic > limit_ / 2);
    return alarm;
  }
  double limit() const { return limit_; }
  bool latch() const { return latch_; }
  bool open() const { return open_; }

  static void fields(auto& self, auto&& field) { field("open", self.open_); }

 private:
  double limit_;
  bool latch_;
  bool open_ = false;
};

}  // namespace vigil::monitors
