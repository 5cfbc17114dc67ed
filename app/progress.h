// A progress bar on stderr for work longer than two seconds: share done, rate, time left. Silent where stderr is no
// terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace vigil::app {

class Progress {
 public:
  // `total` in the unit of `unit` (bytes, lumisections); 0: unknown, only the rate is shown.
  Progress(std::string what, std::uint64_t total, std::string unit);
  ~Progress();
  void update(std::uint64_t done);  // cheap: redraws a few times a second

 private:
  std::string what_, unit_;
  std::uint64_t total_;
  bool terminal_, drawn_ = false;
  std::chrono::steady_clock::time_point start_, next_;
};

}  // namespace vigil::app
