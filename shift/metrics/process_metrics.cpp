#include "shift/metrics/process_metrics.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace vigil::shift {
namespace {

std::string text_of(const char* file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Seconds since 1970 at which the machine started.
double boot_time_s() {
  std::istringstream in(text_of("/proc/stat"));
  for (std::string word; in >> word;) {
    if (word == "btime") {
      double out = 0;
      in >> out;
      return out;
    }
  }
  return 0;
}

}  // namespace

ProcessMetrics process_metrics() {
  static const double boot_s = boot_time_s();
  ProcessMetrics out;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const std::string stat = text_of("/proc/self/stat");
  // The second field, the name in brackets, may hold anything; the third is the state (proc(5)).
  if (const auto name_end = stat.rfind(')'); name_end != std::string::npos && ticks > 0) {
    std::istringstream in(stat.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) in >> skipped;
    double user = 0, system = 0, start = 0;
    in >> user >> system;
    for (int field = 16; field < 22; ++field) in >> skipped;
    in >> start;
    std::uint64_t virtual_bytes = 0, pages = 0;
    in >> virtual_bytes >> pages;
    out.cpu_s = (user + system) / ticks;
    out.start_time_s = boot_s + start / ticks;
    out.resident_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  }
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end; at.increment(error)) {
    ++out.open_fds;
  }
  return out;
}

}  // namespace vigil::shift
