// What a streaming answer writes and one client reads, with a bound on how far the client may be behind. Used by the
// handlers that push (from any thread) and by the connection that takes. Thread-safe.
// Tests: tests/shift/event_stream_test.cpp, tests/shift/server_test.cpp.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

namespace vigil::shift {

class EventStream {
 public:
  static constexpr std::size_t kMostBehind = 1024 * 1024;  // bytes

  // False: the client is gone, or was further behind than kMostBehind and is cut now. What is pushed is sent in order.
  bool push(const std::string& bytes);
  // Ends the answer after what was pushed.
  void finish();
  bool is_open() const;
  std::size_t waiting() const;  // bytes that were pushed and not taken

  // For the connection. `wake` is called, from any thread, when there is something to take; never after close().
  void on_change(std::function<void()> wake);
  struct Taken {
    std::string bytes;
    bool ended = false;  // nothing will follow
    bool cut = false;    // the client lost something
  };
  Taken take();
  // The client is gone.
  void close();

 private:
  mutable std::mutex mutex_;
  std::function<void()> wake_;
  std::string waiting_;
  bool finished_ = false, cut_ = false, closed_ = false;
};

}  // namespace vigil::shift
