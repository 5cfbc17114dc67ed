// One recording file being written: buffered records, an index at the end. Used by Recorder only, which decides on
// rotation. Every failure is a vigil::Error naming file and system message; after it every call fails again.
// Tests: tests/replay/recording_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/frame.h"
#include "replay/recording.h"
#include "replay/recording_index.h"

struct ZSTD_CCtx_s;

namespace vigil::replay {

class RecorderFile {
 public:
  // What open() does where the file exists: a numbered file must be new, a named one is replaced.
  enum class Existing : std::uint8_t { refuse, replace };

  explicit RecorderFile(int level);  // of zstd; 0: no compression
  ~RecorderFile();                   // closes the descriptor without writing
  RecorderFile(const RecorderFile&) = delete;
  RecorderFile& operator=(const RecorderFile&) = delete;

  // Makes the file and writes its header through to the disk. False: it exists and `refuse` was asked for.
  bool open(const std::filesystem::path& path, Existing existing);
  // Appends one record; `opens`: begin a new stretch of the index with it. Frames within the limits only: see fits().
  void add_frame(const Frame& frame, bool opens);
  void add_drop(const FrameHeader& header, bool opens);
  static bool fits(const Frame& frame);
  void flush();
  void close();  // index, flush, sync

  bool is_open() const { return fd_ >= 0; }
  const std::filesystem::path& path() const { return path_; }
  std::uint64_t bytes() const { return written_ + buffer_.size(); }  // buffered ones included
  std::uint64_t records() const { return number_; }

 private:
  void add_record(RecordType type, std::string_view meta, std::string_view body);
  void write_out(std::string_view bytes);
  void sync();
  [[noreturn]] void fail(const char* what, int error);

  int level_;
  int fd_ = -1;
  bool failed_ = false;
  std::filesystem::path path_;
  std::string buffer_;
  std::string meta_;
  std::string body_;
  std::string packed_;
  std::uint64_t written_ = 0;
  std::uint64_t number_ = 0;
  IndexBuilder index_;
  ZSTD_CCtx_s* zstd_ = nullptr;
};

}  // namespace vigil::replay
