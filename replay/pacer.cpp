#include "replay/pacer.h"

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "core/error.h"
#include "core/lhc.h"
#include "replay/recording_clock.h"

namespace vigil::replay {

double parse_speed(std::string_view text) {
  if (text == "max") return 0;
  if (text == "realtime") return 1;
  double factor = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, factor, std::chars_format::fixed);
  const bool whole = error == std::errc{} && rest + 1 == end && *rest == 'x';
  if (!whole || !(factor >= 0.001 && factor <= 1e9)) {
    throw Error("speed '" + std::string(text) + "'", "is not known", "max, realtime or a factor such as 4x or 0.5x");
  }
  return factor;
}

struct Pacer::State {
  double now() const {
    if (clock.now) return clock.now();
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  // False: stopped.
  bool sleep(double seconds) {
    if (clock.sleep) {
      clock.sleep(seconds);
      const std::lock_guard lock(mutex);
      return !stopped;
    }
    std::unique_lock lock(mutex);
    return !wake.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return stopped; });
  }

  double speed = 0;
  PaceClock clock;
  RecordingClock data;
  bool started = false;
  double origin = 0;  // when the frame data.origin() was due
  double unsure = 0;  // when the latest outlier came
  std::mutex mutex;
  std::condition_variable wake;
  bool stopped = false;
};

Pacer::Pacer(double speed, PaceClock clock) : state_(std::make_unique<State>()) {
  state_->speed = speed;
  state_->clock = std::move(clock);
}
Pacer::~Pacer() = default;

bool Pacer::wait(const FrameHeader& header) {
  State& s = *state_;
  {
    const std::lock_guard lock(s.mutex);
    if (s.stopped) return false;
  }
  if (s.speed <= 0) return true;
  switch (s.data.feed(header)) {
    case ClockStep::unlabelled:
      return true;
    case ClockStep::unsure:
      s.unsure = s.now();
      return true;
    case ClockStep::restarted:
      s.origin = s.started ? s.unsure : s.now();
      break;
    case ClockStep::same:
    case ClockStep::advanced:
      break;
  }
  s.started = true;
  const double orbits = static_cast<double>(s.data.latest().orbit) - static_cast<double>(s.data.origin().orbit);
  const double left = s.origin + orbits / lhc::kRevolutionHz / s.speed - s.now();
  return left <= 0 || s.sleep(left);
}

void Pacer::request_stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
  }
  state_->wake.notify_all();
}

}  // namespace vigil::replay
