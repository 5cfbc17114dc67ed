#include "replay/recording_window.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/error.h"

namespace vigil::replay {
namespace {

constexpr std::uint64_t kWindowBytes = 1u << 20;  // stays in the second-level cache
constexpr std::uint64_t kBlockBytes = 4096;       // what is given up where the disk cannot read

}  // namespace

RecordingWindow::RecordingWindow(const std::filesystem::path& path) {
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // non-blocking: a FIFO must not hang the start
  if (fd_ < 0) throw Error(path.string(), "cannot be opened: " + std::generic_category().message(errno), "a recording");
  struct stat status {};
  if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd_);
    throw Error(path.string(), "is no regular file", "a recording");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  ::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
}

RecordingWindow::~RecordingWindow() { ::close(fd_); }

// A block that cannot be read, or is gone since the file was opened, reads as zeros: the CRCs find it.
void RecordingWindow::read_fully(std::uint64_t offset, char* to, std::uint64_t bytes) const {
  while (bytes > 0) {
    const ssize_t got = ::pread(fd_, to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    std::uint64_t step = got > 0 ? static_cast<std::uint64_t>(got) : bytes;
    if (got <= 0) {
      if (got < 0) step = std::min(bytes, kBlockBytes - offset % kBlockBytes);
      std::memset(to, 0, step);
    }
    to += step;
    offset += step;
    bytes -= step;
  }
}

std::string_view RecordingWindow::view(std::uint64_t offset, std::uint64_t bytes) {
  if (offset > size_ || bytes > size_ - offset) return {};
  if (offset < begin_ || offset + bytes > begin_ + length_) {
    const bool inside = offset >= begin_ && offset < begin_ + length_;
    const std::uint64_t kept = inside ? begin_ + length_ - offset : 0;
    const char* from = inside ? buffer_.get() + (offset - begin_) : nullptr;
    if (bytes > capacity_) {
      const std::uint64_t wanted = std::max(kWindowBytes, bytes);
      auto larger = std::make_unique_for_overwrite<char[]>(wanted);
      if (kept > 0) std::memcpy(larger.get(), from, kept);
      buffer_ = std::move(larger);
      capacity_ = wanted;
    } else if (kept > 0) {
      std::memmove(buffer_.get(), from, kept);
    }
    begin_ = offset;
    length_ = std::min(capacity_, size_ - offset);
    read_fully(offset + kept, buffer_.get() + kept, length_ - kept);
  }
  return {buffer_.get() + (offset - begin_), begin_ + length_ - offset};
}

bool RecordingWindow::peek(std::uint64_t offset, char* to, std::uint64_t bytes) const {
  if (offset > size_ || bytes > size_ - offset) return false;
  read_fully(offset, to, bytes);
  return true;
}

}  // namespace vigil::replay
