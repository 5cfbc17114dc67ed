#include "replay/recording_clock.h"

#include <algorithm>

#include "core/lhc.h"

namespace vigil::replay {
namespace {

constexpr std::uint64_t kJumpOrbits = RecordingClock::kJumpLumisections * lhc::kOrbitsPerLumisection;

bool near(std::uint64_t a, std::uint64_t b) { return (a > b ? a - b : b - a) <= kJumpOrbits; }
std::uint64_t lumisection(std::uint64_t orbit) { return orbit / lhc::kOrbitsPerLumisection; }

}  // namespace

ClockStep RecordingClock::feed(const FrameHeader& header) {
  ClockPoint point;
  if (header.first_orbit) {
    point.orbit = *header.first_orbit;
  } else if (header.ls) {
    point.orbit = *header.ls > 0 ? (std::uint64_t{*header.ls} - 1) * lhc::kOrbitsPerLumisection : 0;
  } else {
    return ClockStep::unlabelled;
  }
  point.run = header.run.value_or(run_.value_or(0));
  if (!run_) {
    run_ = point.run;
    origin_ = latest_ = point;
    front_ = point.orbit;
    return ClockStep::restarted;
  }
  if (point.run == *run_ && near(point.orbit, front_)) {
    latest_ = point;
    if (point.orbit <= front_) return ClockStep::same;
    const bool later = lumisection(point.orbit) > lumisection(front_);
    front_ = point.orbit;
    return later ? ClockStep::advanced : ClockStep::same;
  }
  if (candidate_ && candidate_->run == point.run && near(candidate_->orbit, point.orbit)) {
    run_ = point.run;
    origin_ = *candidate_;
    latest_ = point;
    front_ = std::max(origin_.orbit, point.orbit);
    candidate_.reset();
    return ClockStep::restarted;
  }
  candidate_ = point;
  return ClockStep::unsure;
}

}  // namespace vigil::replay
