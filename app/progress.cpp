#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "app/text.h"

namespace vigil::app {

using std::chrono::steady_clock;

Progress::Progress(std::string what, std::uint64_t total, std::string unit)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(steady_clock::now()),
      next_(start_ + std::chrono::seconds(2)) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void Progress::update(std::uint64_t done) {
  if (!terminal_) return;
  const auto now = steady_clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(250);
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(done) / seconds;
  std::string line = fmt::format("\r\033[K{} ", what_);
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    const int filled = static_cast<int>(share * 30);
    line += fmt::format("[{:=<{}}{: <{}}] {:3.0f}%  ", "", filled, "", 30 - filled, share * 100);
    if (rate > 0) line += fmt::format("{:.0f} s left  ", static_cast<double>(total_ - std::min(done, total_)) / rate);
  }
  line += fmt::format("{} {}/s", short_number(rate), unit_);
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace vigil::app
