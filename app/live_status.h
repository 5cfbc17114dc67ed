// The live table of the journal (docs/journal.md): what is going on with every stream and with the program, brought up
// to date every few seconds by a thread of its own, whether or not a lumisection closes. Used by the session; read by
// `vigil status`. Judges nothing; a journal that cannot be written is said once and tried again.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "alerting/journal.h"
#include "app/judge.h"

namespace vigil::app {

// What the program says of itself; asked from the thread.
struct ProgramStatus {
  std::string mode;           // watch, replay
  bool records = false;       // is asked to
  bool is_recording = false;  // does
  std::uint64_t frames_not_recorded = 0;
  std::uint64_t lines_left_out = 0;
  std::string scale = {};  // JSON of a merger; empty: none
};

class LiveStatus {
 public:
  static constexpr std::chrono::milliseconds kPeriod{2500};  // so that nothing is older than 5 s
  static constexpr std::chrono::milliseconds kSpacing{500};

  // Writes at once, and then every period until stop().
  LiveStatus(alerting::Journal& journal, const Judge& judge, std::function<ProgramStatus()> program,
             std::function<void(const std::string&)> log);
  ~LiveStatus();
  LiveStatus(const LiveStatus&) = delete;
  LiveStatus& operator=(const LiveStatus&) = delete;

  // Something closed: writes soon, at most every kSpacing. From any thread; waits for nothing.
  void wake();
  // Writes a last time, as ended. Joins.
  void stop();

 private:
  struct Before {  // of a stream, at the last row that differed
    std::string line;
    std::uint64_t frames = 0, events = 0;
    std::int64_t at_ns = 0;
  };
  void run();
  void write(bool has_ended);
  std::string stream_line(const StreamActivity& activity, const StreamSnapshot* snapshot, std::int64_t now_ns);

  alerting::Journal& journal_;
  const Judge& judge_;
  const std::function<ProgramStatus()> program_;
  const std::function<void(const std::string&)> log_;
  std::int64_t started_ns_ = 0;
  std::string said_;  // of a journal that cannot be written
  std::map<std::pair<std::string, std::string>, Before> before_;
  std::mutex mutex_;
  std::condition_variable ending_changed_;
  bool ending_ = false, woken_ = false;
  std::thread thread_;
};

}  // namespace vigil::app
