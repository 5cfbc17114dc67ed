// The wall clock of this program: for ages, lag and what people do, never for what is judged.
// Tests: tests/app/live_status_test.cpp.
#pragma once

#include <chrono>
#include <cstdint>

namespace vigil::app {

// UTC, ns since 1970. Thread-safe.
inline std::int64_t wall_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace vigil::app
