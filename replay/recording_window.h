// A file seen through a window of memory that moves and grows on demand. Used by RecordingReader only.
// Plain reads, not a mapping: a file that shrinks or a bad disk block must not end the process.
// Tests: tests/replay/recording_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

namespace vigil::replay {

class RecordingWindow {
 public:
  explicit RecordingWindow(const std::filesystem::path& path);  // throws Error: unopenable, no regular file
  ~RecordingWindow();
  RecordingWindow(const RecordingWindow&) = delete;
  RecordingWindow& operator=(const RecordingWindow&) = delete;

  std::uint64_t size() const { return size_; }
  // At least `bytes` bytes from `offset` on, and what the window holds beyond; empty where the file has fewer. Valid
  // until the next call. Allocates at most the larger of 1 MiB and `bytes`.
  std::string_view view(std::uint64_t offset, std::uint64_t bytes);
  // Copies bytes without moving the window; false where the file has fewer.
  bool peek(std::uint64_t offset, char* to, std::uint64_t bytes) const;

 private:
  void read_fully(std::uint64_t offset, char* to, std::uint64_t bytes) const;

  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::unique_ptr<char[]> buffer_;
  std::uint64_t capacity_ = 0;
  std::uint64_t begin_ = 0;   // file offset of buffer_[0]
  std::uint64_t length_ = 0;  // bytes held
};

}  // namespace vigil::replay
