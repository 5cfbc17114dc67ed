// Result lines on their way to standard output: a bounded queue and a thread of its own that writes, so that a reader
// who does not read holds up neither judging nor journal nor delivery. What does not fit is left out, counted and said.
// Used by the session. One owned thread, joined in finish().
#pragma once

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace vigil::app {

struct OutputSettings {
  // false (live): put() never waits. true (replay): it waits for the reader until stop_waiting(), and a closed pipe is
  // an error.
  bool may_wait = false;
  std::size_t queue_bytes = std::size_t{64} << 20;
  // At the end, and without may_wait: how long a reader may take nothing before the rest is left out.
  std::chrono::milliseconds patience{2000};
  int descriptor = STDOUT_FILENO;
};

class LineOutput {
 public:
  // `log` is told when lines begin to be left out, and once a minute while they are; may be empty.
  LineOutput(OutputSettings settings, std::function<void(const std::string&)> log);
  ~LineOutput();
  LineOutput(const LineOutput&) = delete;
  LineOutput& operator=(const LineOutput&) = delete;

  // Whole lines, in order; from one thread. Throws Error where it may wait and the output is closed or broken.
  void put(std::string lines);
  // From now on nobody is waited for (SIGTERM). From any thread.
  void stop_waiting();
  // Writes what is queued, as long as the reader takes something. Joins.
  void finish();
  // Lines nobody will see; final after finish().
  std::uint64_t left_out() const;

 private:
  enum class Written : std::uint8_t { some, nothing_now, closed };
  void run();
  Written write_some(std::string_view text, std::size_t& bytes);
  void leave_out(const std::string& lines, const char* why);

  const OutputSettings settings_;
  const std::function<void(const std::string&)> log_;
  int fd_ = -1;
  bool own_fd_ = false;
  enum class Kind : std::uint8_t { file, socket, pipe, shared_pipe } kind_ = Kind::file;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  bool no_waiting_ = false;
  bool ending_ = false;
  int broken_ = 0;  // errno of an output that takes nothing any more
  std::uint64_t left_out_ = 0;
  std::chrono::steady_clock::time_point said_{};
  std::thread thread_;
};

}  // namespace vigil::app
