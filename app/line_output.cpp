#include "app/line_output.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace vigil::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kPollMs = 100;
constexpr std::size_t kPipeBytes = 4096;  // a pipe that polls writable takes this much without blocking
constexpr auto kSayEvery = std::chrono::minutes(1);

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

LineOutput::LineOutput(OutputSettings settings, std::function<void(const std::string&)> log)
    : settings_(settings), log_(std::move(log)), fd_(settings.descriptor) {
  struct stat info {};
  if (::fstat(fd_, &info) == 0 && !S_ISREG(info.st_mode)) {
    kind_ = S_ISSOCK(info.st_mode) ? Kind::socket : Kind::shared_pipe;
    // An open file description of our own may be non-blocking without changing that of others who share the terminal or
    // pipe.
    const std::string name = "/proc/self/fd/" + std::to_string(fd_);
    const int own =
        kind_ == Kind::socket ? -1 : ::open(name.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_APPEND);
    if (own >= 0) {
      fd_ = own;
      own_fd_ = true;
      kind_ = Kind::pipe;
    }
  }
  thread_ = std::thread([this] { run(); });
}

LineOutput::~LineOutput() { finish(); }

void LineOutput::put(std::string lines) {
  if (lines.empty()) return;
  std::unique_lock lock(mutex_);
  const auto fits = [&] { return queue_.empty() || queued_bytes_ + lines.size() <= settings_.queue_bytes; };
  if (settings_.may_wait) {
    changed_.wait(lock, [&] { return fits() || no_waiting_ || broken_ != 0; });
    if (broken_ != 0) throw Error("standard output", std::strerror(broken_), "an open pipe or file with room");
  }
  if (broken_ != 0) {
    leave_out(lines, std::strerror(broken_));
  } else if (!fits()) {
    leave_out(lines, "nobody reads it");
  } else {
    queued_bytes_ += lines.size();
    queue_.push_back(std::move(lines));
    lock.unlock();
    changed_.notify_all();
  }
}

void LineOutput::leave_out(const std::string& lines, const char* why) {
  const bool first = left_out_ == 0;
  left_out_ += lines_in(lines);
  const auto now = Clock::now();
  if (!log_ || (!first && now - said_ < kSayEvery)) return;
  said_ = now;
  log_(std::string("standard output: ") + why + "; result lines are left out (" + std::to_string(left_out_) +
       " so far), all else goes on");
}

void LineOutput::stop_waiting() {
  {
    std::lock_guard lock(mutex_);
    no_waiting_ = true;
  }
  changed_.notify_all();
}

void LineOutput::finish() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (own_fd_) ::close(std::exchange(fd_, -1));
  own_fd_ = false;
}

std::uint64_t LineOutput::left_out() const {
  std::lock_guard lock(mutex_);
  return left_out_;
}

LineOutput::Written LineOutput::write_some(std::string_view text, std::size_t& bytes) {
  pollfd waiting{fd_, POLLOUT, 0};
  if (kind_ != Kind::file && ::poll(&waiting, 1, kPollMs) == 0) return Written::nothing_now;
  if (kind_ == Kind::shared_pipe) text = text.substr(0, kPipeBytes);
  const ssize_t put = kind_ == Kind::socket ? ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                            : ::write(fd_, text.data(), text.size());
  if (put >= 0) {
    bytes = static_cast<std::size_t>(put);
    return Written::some;
  }
  switch (errno) {
    case EINTR:
    case EAGAIN:
      return Written::nothing_now;
    case ENOSPC:  // a disk may have room again
    case EDQUOT:
    case EFBIG:
      std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));
      return Written::nothing_now;
    default:
      return Written::closed;
  }
}

void LineOutput::run() {
  sigset_t pipe;  // a reader that goes away is an error of write()
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  auto progress = Clock::now();
  bool impatient = false;  // the end has come, and with it the time a reader has
  std::size_t done = 0;    // of the first in the queue
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    if (ending_ && (!settings_.may_wait || no_waiting_) && !std::exchange(impatient, true)) progress = Clock::now();
    const bool given_up = impatient && Clock::now() - progress > settings_.patience;
    if (given_up || broken_ != 0) {
      queue_.front().erase(0, std::exchange(done, 0));
      for (const std::string& lines : queue_)
        leave_out(lines, broken_ != 0 ? std::strerror(broken_) : "nobody reads it");
      queue_.clear();
      queued_bytes_ = 0;
      continue;
    }
    const std::string_view rest = std::string_view(queue_.front()).substr(done);
    lock.unlock();  // the first stays where it is: only this thread takes it away
    std::size_t bytes = 0;
    const Written written = write_some(rest, bytes);
    const int cause = errno;
    lock.lock();
    if (written == Written::closed) broken_ = cause;
    if (written == Written::some) {
      progress = Clock::now();
      done += bytes;
      if (done == queue_.front().size()) {
        queued_bytes_ -= queue_.front().size();
        queue_.pop_front();
        done = 0;
      }
    }
    changed_.notify_all();
  }
}

}  // namespace vigil::app
