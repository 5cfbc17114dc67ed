// What a bridge has received and Kafka has not acknowledged: numbered without gaps, bounded in bytes. One that finds
// no room, is too large or was dropped before leaves a small message in its place. Between the thread that receives and
// the one that sends; knows no Kafka. Safe for these two.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/frame.h"
#include "ingest/frame_message.h"
#include "ingest/odd_frames.h"

namespace vigil::ingest {

struct BridgeCounts {
  std::uint64_t received = 0;   // numbers given
  std::uint64_t delivered = 0;  // with their value
  std::uint64_t dropped = 0;
  std::uint64_t rejected = 0;
  std::uint64_t bytes = 0;    // of the topics and values delivered
  std::uint64_t waiting = 0;  // numbers that are not acknowledged, lost ones included
  bool is_full = false;       // the last frame found no room
};

class BridgeBuffer {
 public:
  // most_bytes: of frames; an empty buffer takes one of any size. What stands for lost ones has room beside it.
  BridgeBuffer(std::string name, std::uint64_t session, std::size_t most_bytes);

  // Receiving thread. Waits only where there is no room for the headers of lost frames either.
  void take(Frame&& frame);
  // Nothing more is received. Nothing waits any more.
  void finish();
  // take() waits for nobody from now on. From any thread.
  void stop_waiting();

  // Sending thread.
  struct Next {
    std::uint64_t n = 0;
    FrameMessage message;
    std::size_t bytes = 0;
  };
  std::optional<Next> next();  // in order of n; nullopt: nothing is there now
  // Until there is something, or nothing more comes; at most this long.
  void wait(std::chrono::milliseconds at_most);
  void delivered(std::uint64_t n);
  // Kafka refuses what was sent as n. What is sent in its place; nullopt: it refuses everything, the number stays out.
  std::optional<FrameMessage> refused(std::uint64_t n);

  // From any thread.
  BridgeCounts counts() const;
  bool is_done() const;  // finished, and everything is acknowledged
  const std::string& name() const { return name_; }
  std::uint64_t session() const { return session_; }

 private:
  enum class Form : std::uint8_t { whole, lost, bare };
  struct Kept {
    Form form = Form::whole;
    std::size_t bytes = 0;
    std::uint64_t content = 0;  // bytes of topic and value
    LostFrame why = LostFrame::dropped;
    FrameHeader header;
  };
  bool has_room(std::size_t bytes) const { return bytes_ == 0 || bytes_ + bytes <= most_bytes_; }
  void push(Kept&& kept, FrameMessage&& message);
  void lose(std::unique_lock<std::mutex>& lock, FrameHeader&& header, LostFrame why, std::size_t parts);
  void release(std::map<std::uint64_t, Kept>::iterator kept);
  StrandMark mark(std::uint64_t n) const { return {name_, session_, n, false}; }

  const std::string name_;
  const std::uint64_t session_;
  const std::size_t most_bytes_;
  const std::size_t most_lost_bytes_;
  OddFrames odd_;  // of the receiving thread

  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable emptied_;
  std::deque<Next> waiting_;
  std::map<std::uint64_t, Kept> kept_;  // all that is not acknowledged
  std::size_t bytes_ = 0, lost_bytes_ = 0;
  BridgeCounts counts_;
  bool finished_ = false;
  bool waits_for_nobody_ = false;
};

}  // namespace vigil::ingest
