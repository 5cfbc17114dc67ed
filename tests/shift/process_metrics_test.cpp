#include "shift/metrics/process_metrics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <vector>

namespace vigil::shift {
namespace {

double now_s() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

TEST(ProcessMetrics, SayWhatThisProcessDoes) {
  const ProcessMetrics before = process_metrics();
  EXPECT_LE(before.start_time_s, now_s() + 1);
  EXPECT_GT(before.start_time_s, now_s() - 3600);
  EXPECT_GT(before.resident_bytes, 1u << 20);
  const std::vector<char> memory(64 << 20, 1);  // touched
  EXPECT_EQ(memory.back(), 1);
  std::ifstream file("/proc/self/stat");
  volatile double sum = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  while (std::chrono::steady_clock::now() < end) sum = sum + 1;
  const ProcessMetrics after = process_metrics();
  EXPECT_EQ(after.start_time_s, before.start_time_s);
  EXPECT_GE(after.resident_bytes, before.resident_bytes + (60u << 20));
  EXPECT_EQ(after.open_fds, before.open_fds + 1);
  EXPECT_GT(after.cpu_s, before.cpu_s);
  EXPECT_LT(after.cpu_s, before.cpu_s + 5);
}

}  // namespace
}  // namespace vigil::shift
