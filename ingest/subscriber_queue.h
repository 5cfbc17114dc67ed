// The queue between the receiving thread and the pipeline: bounded in frames and bytes; a frame that finds no room
// stays behind as its header and leaves with the next one that does. Used by Subscriber only.
// Tests: tests/ingest/subscriber_test.cpp.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "core/frame.h"

namespace vigil::ingest {

class SubscriberQueue {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  SubscriberQueue(std::size_t most_frames, std::size_t most_bytes)
      : most_frames_(most_frames), most_bytes_(most_bytes) {}

  // False: no room, the frame is dropped and its header kept for the next.
  bool push(Frame&& frame);
  // As many headers are kept as memory is set aside for: nothing more should be received before there is room.
  bool must_wait() const;
  // Until there is room for `frame` (a small one where null), wake(), abandon(), or the deadline.
  void wait_for_room(const Frame* frame, std::optional<Deadline> deadline);
  // No more frames; headers left over become a last frame at `position`.
  void finish(std::uint64_t position);
  // Nothing is wanted any more.
  void abandon();
  void wake();
  std::size_t size() const;  // frames that wait
  // nullopt: finished and drained. Blocks.
  std::optional<Frame> pop();

 private:
  bool has_room(std::size_t bytes) const;

  const std::size_t most_frames_;
  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable emptied_;
  std::deque<Frame> frames_;
  std::size_t bytes_ = 0;
  std::vector<FrameHeader> dropped_;
  std::size_t dropped_bytes_ = 0;
  std::uint64_t wakes_ = 0;
  bool finished_ = false;
  bool abandoned_ = false;
};

}  // namespace vigil::ingest
