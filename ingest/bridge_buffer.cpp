#include "ingest/bridge_buffer.h"

#include <algorithm>
#include <utility>

#include "ingest/decode.h"

namespace vigil::ingest {
namespace {

constexpr std::size_t kLeastForLost = std::size_t{64} << 20;

}  // namespace

BridgeBuffer::BridgeBuffer(std::string name, std::uint64_t session, std::size_t most_bytes)
    : name_(std::move(name)),
      session_(session),
      most_bytes_(most_bytes),
      most_lost_bytes_(std::max(kLeastForLost, most_bytes / 8)) {}

void BridgeBuffer::push(Kept&& kept, FrameMessage&& message) {
  const std::uint64_t n = counts_.received++;
  waiting_.push_back({n, std::move(message), kept.bytes});
  (kept.form == Form::whole ? bytes_ : lost_bytes_) += kept.bytes;
  kept_.emplace_hint(kept_.end(), n, std::move(kept));
  filled_.notify_one();
}

void BridgeBuffer::lose(std::unique_lock<std::mutex>& lock, FrameHeader&& header, LostFrame why, std::size_t parts) {
  // Then nothing more is received until something is acknowledged: what the links cannot hold is missing.
  emptied_.wait(lock, [this] { return lost_bytes_ < most_lost_bytes_ || waits_for_nobody_; });
  FrameMessage message = lost_message(header, mark(counts_.received), why, parts);
  ++(why == LostFrame::dropped ? counts_.dropped : counts_.rejected);
  const std::size_t bytes = bytes_of(message);
  push({Form::lost, bytes, 0, why, {}}, std::move(message));
}

void BridgeBuffer::take(Frame&& frame) {
  // Lost ones, too: what comes behind them goes on where they were.
  for (const FrameHeader& header : frame.dropped_before) odd_.is_odd(header);
  frame.is_odd = !frame.parts.empty() && odd_.is_odd(frame.header);
  std::unique_lock lock(mutex_);
  for (FrameHeader& header : frame.dropped_before) lose(lock, std::move(header), LostFrame::dropped, 2);
  if (frame.parts.empty()) return;
  std::size_t size = 0;
  for (const std::string& part : frame.parts) size += part.size();
  const std::size_t content = frame.parts[0].size() + (frame.parts.size() > 1 ? frame.parts[1].size() : 0);
  const std::size_t parts = frame.parts.size();
  FrameHeader header = frame.header;
  if (size > kLargestMessage) return lose(lock, std::move(header), LostFrame::rejected, parts);
  FrameMessage message = frame_message(std::move(frame), mark(counts_.received));
  const std::size_t bytes = bytes_of(message);
  counts_.is_full = !has_room(bytes);
  if (counts_.is_full) return lose(lock, std::move(header), LostFrame::dropped, parts);
  push({Form::whole, bytes, content, LostFrame::dropped, std::move(header)}, std::move(message));
}

void BridgeBuffer::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  filled_.notify_all();
}

void BridgeBuffer::stop_waiting() {
  {
    const std::lock_guard lock(mutex_);
    waits_for_nobody_ = true;
  }
  emptied_.notify_all();
}

std::optional<BridgeBuffer::Next> BridgeBuffer::next() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return {};
  Next first = std::move(waiting_.front());
  waiting_.pop_front();
  return first;
}

void BridgeBuffer::wait(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  filled_.wait_for(lock, at_most, [this] { return finished_ || !waiting_.empty(); });
}

void BridgeBuffer::release(std::map<std::uint64_t, Kept>::iterator kept) {
  (kept->second.form == Form::whole ? bytes_ : lost_bytes_) -= kept->second.bytes;
  kept_.erase(kept);
  emptied_.notify_one();
}

void BridgeBuffer::delivered(std::uint64_t n) {
  const std::lock_guard lock(mutex_);
  const auto kept = kept_.find(n);
  if (kept == kept_.end()) return;
  if (kept->second.form == Form::whole) {
    ++counts_.delivered;
    counts_.bytes += kept->second.content;
  }
  release(kept);
}

std::optional<FrameMessage> BridgeBuffer::refused(std::uint64_t n) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(n);
  if (found == kept_.end()) return {};
  Kept& kept = found->second;
  if (kept.form == Form::bare) {
    release(found);
    return {};
  }
  FrameMessage message;
  if (kept.form == Form::whole) {
    ++counts_.dropped;
    message = lost_message(kept.header, mark(n), LostFrame::dropped);
    bytes_ -= kept.bytes;
    kept = {Form::lost, bytes_of(message), 0, LostFrame::dropped, {}};
    emptied_.notify_one();
  } else {
    message = lost_message({}, mark(n), kept.why);
    lost_bytes_ -= kept.bytes;
    kept = {Form::bare, bytes_of(message), 0, kept.why, {}};
  }
  lost_bytes_ += kept.bytes;
  return message;
}

BridgeCounts BridgeBuffer::counts() const {
  const std::lock_guard lock(mutex_);
  BridgeCounts counts = counts_;
  counts.waiting = kept_.size();
  return counts;
}

bool BridgeBuffer::is_done() const {
  const std::lock_guard lock(mutex_);
  return finished_ && kept_.empty();
}

}  // namespace vigil::ingest
