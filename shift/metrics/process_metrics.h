// What the system says of this process, under the names that every Prometheus client uses. Used by the metrics board.
// Thread-safe.
// Tests: tests/shift/process_metrics_test.cpp.
#pragma once

#include <cstdint>

namespace vigil::shift {

struct ProcessMetrics {
  double start_time_s = 0;  // since 1970
  double cpu_s = 0;         // user and system
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_fds = 0;
};

// Of /proc; what cannot be read is 0.
ProcessMetrics process_metrics();

}  // namespace vigil::shift
