// Where the data clock of a stream of frames stands: which frames open a lumisection, and which are outliers.
// Used for pacing, rotation and the index. One frame with a damaged run or orbit moves nothing: it takes two that
// agree.
// Tests: tests/replay/recording_test.cpp.
#pragma once

#include <cstdint>
#include <optional>

#include "core/frame.h"

namespace vigil::replay {

struct ClockPoint {
  std::uint32_t run = 0;
  std::uint64_t orbit =
      0;  // first orbit of the frame, or of its lumisection; 64 bits: a header may claim any lumisection
};

enum class ClockStep : std::uint8_t {
  unlabelled,  // the header has neither lumisection nor orbit
  same,        // near the clock, no later lumisection
  advanced,    // near the clock, a later lumisection
  unsure,      // another run or more than kJumpLumisections away: counts when a later frame agrees
  restarted    // the first labelled frame, or the second one that agrees on a jump
};

class RecordingClock {
 public:
  static constexpr std::uint64_t kJumpLumisections = 100;

  // Takes the next frame's header.
  ClockStep feed(const FrameHeader& header);
  // The frame that began the present stretch (after `restarted` from a jump: the first of the two), and the one just
  // fed.
  const ClockPoint& origin() const { return origin_; }
  const ClockPoint& latest() const { return latest_; }

 private:
  ClockPoint origin_;
  ClockPoint latest_;
  std::uint64_t front_ = 0;              // highest orbit of the present stretch
  std::optional<std::uint32_t> run_;     // of the present stretch
  std::optional<ClockPoint> candidate_;  // an outlier that waits for a second one
};

}  // namespace vigil::replay
