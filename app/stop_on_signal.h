// SIGINT and SIGTERM stop what is watched, from a thread of its own that waits for them. Used by every command that
// runs until it is told to end.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "core/frame.h"

namespace vigil::app {

// Make it before any other thread (the signals are blocked in all threads started after it). What comes within
// `same_signal` of the first signal is the first again, as `timeout` and process managers send it; a later one ends the
// process at once, exit 128 + n.
class StopOnSignal {
 public:
  explicit StopOnSignal(std::chrono::milliseconds same_signal = std::chrono::seconds(2));
  ~StopOnSignal();
  void watch(Source& source);  // from now on; one source at a time
  void watch(std::function<void()> stop);
  bool stopped() const;
  // Returns when a signal has come; at once where one came before. Ends what was watched.
  void wait();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace vigil::app
