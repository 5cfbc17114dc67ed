#include "shift/server/event_stream.h"

#include <utility>

namespace vigil::shift {

bool EventStream::push(const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  if (closed_ || finished_ || cut_) return false;
  if (waiting_.size() + bytes.size() > kMostBehind) {
    cut_ = true;
  } else {
    waiting_ += bytes;
  }
  if (wake_) wake_();
  return !cut_;
}

void EventStream::finish() {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  if (wake_) wake_();
}

bool EventStream::is_open() const {
  const std::lock_guard lock(mutex_);
  return !closed_ && !finished_ && !cut_;
}

std::size_t EventStream::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void EventStream::on_change(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

EventStream::Taken EventStream::take() {
  const std::lock_guard lock(mutex_);
  Taken out{std::exchange(waiting_, {}), finished_ || closed_, cut_};
  return out;
}

void EventStream::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  if (wake_) wake_();
  wake_ = nullptr;
}

}  // namespace vigil::shift
