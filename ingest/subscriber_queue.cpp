#include "ingest/subscriber_queue.h"

#include <utility>

namespace vigil::ingest {
namespace {

constexpr std::size_t kMostHeaderBytes = std::size_t{64} << 20;

std::size_t bytes_of(const FrameHeader& header) {
  return sizeof header + header.topic.capacity() + header.stream.capacity() + header.model.capacity() +
         (header.source ? header.source->capacity() : 0);
}

std::size_t bytes_of(const Frame& frame) {
  std::size_t bytes = sizeof frame + bytes_of(frame.header);
  for (const std::string& part : frame.parts) bytes += part.capacity();
  for (const FrameHeader& header : frame.dropped_before) bytes += bytes_of(header);
  return bytes;
}

}  // namespace

bool SubscriberQueue::has_room(std::size_t bytes) const {
  return frames_.empty() || (frames_.size() < most_frames_ && bytes_ + bytes <= most_bytes_);
}

bool SubscriberQueue::push(Frame&& frame) {
  {
    std::lock_guard lock(mutex_);
    if (abandoned_) return false;
    const std::size_t bytes = bytes_of(frame);
    if (!has_room(bytes + dropped_bytes_)) {
      dropped_bytes_ += bytes_of(frame.header);
      dropped_.push_back(std::move(frame.header));
      return false;
    }
    bytes_ += bytes + dropped_bytes_;
    frame.dropped_before = std::exchange(dropped_, {});
    dropped_bytes_ = 0;
    frames_.push_back(std::move(frame));
  }
  filled_.notify_one();
  return true;
}

bool SubscriberQueue::must_wait() const {
  std::lock_guard lock(mutex_);
  return dropped_bytes_ > kMostHeaderBytes;
}

void SubscriberQueue::wait_for_room(const Frame* frame, std::optional<Deadline> deadline) {
  std::unique_lock lock(mutex_);
  const std::size_t bytes = frame == nullptr ? 1 : bytes_of(*frame);
  const auto ready = [&, wakes = wakes_] { return abandoned_ || wakes_ != wakes || has_room(dropped_bytes_ + bytes); };
  if (deadline) {
    emptied_.wait_until(lock, *deadline, ready);
  } else {
    emptied_.wait(lock, ready);
  }
}

std::size_t SubscriberQueue::size() const {
  std::lock_guard lock(mutex_);
  return frames_.size();
}

void SubscriberQueue::finish(std::uint64_t position) {
  {
    std::lock_guard lock(mutex_);
    finished_ = true;
    if (!dropped_.empty()) {
      Frame last;
      last.position = std::to_string(position);
      last.dropped_before = std::exchange(dropped_, {});
      frames_.push_back(std::move(last));
    }
  }
  filled_.notify_all();
}

void SubscriberQueue::abandon() {
  {
    std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  emptied_.notify_all();
}

void SubscriberQueue::wake() {
  {
    std::lock_guard lock(mutex_);
    ++wakes_;
  }
  emptied_.notify_all();
}

std::optional<Frame> SubscriberQueue::pop() {
  std::optional<Frame> frame;
  {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return finished_ || !frames_.empty(); });
    if (frames_.empty()) return frame;
    frame.emplace(std::move(frames_.front()));
    frames_.pop_front();
    bytes_ = frames_.empty() ? 0 : bytes_ - bytes_of(*frame);
  }
  emptied_.notify_one();
  return frame;
}

}  // namespace vigil::ingest
