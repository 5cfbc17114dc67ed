// Paces frames by the data clock: a frame is due when as much time has passed as between its orbit and the first
// frame's. Used by ReplaySource (`--speed`). Reads a steady clock only to sleep; nothing judged ever sees it.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "core/frame.h"

namespace vigil::replay {

// `max` is 0 (no pacing), `realtime` 1, `4x` or `0.5x` the factor (0.001 to 1e9). Throws Error for anything else.
double parse_speed(std::string_view text);

// Time as the pacer sees it, in seconds. Empty functions: the steady clock, and a sleep that request_stop() interrupts.
struct PaceClock {
  std::function<double()> now;
  std::function<void(double seconds)> sleep;
};

class Pacer {
 public:
  // speed: 0 never sleeps, 1 is real time, k is k times faster.
  explicit Pacer(double speed, PaceClock clock = {});
  ~Pacer();

  // Sleeps until the frame is due; false where it was stopped. At 11245.5 orbits a second from the first frame; a new
  // run, or a jump of more than 100 lumisections, starts again from there without waiting, once two frames agree on it.
  // Frames without lumisection and orbit, and outliers, are due at once. One caller at a time.
  bool wait(const FrameHeader& header);
  void request_stop();  // from any thread, for good

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::replay
