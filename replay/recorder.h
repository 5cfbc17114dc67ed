// Writes frames to recording files (docs/recording.md): a folder of numbered files that rotate, or one file.
// Used by `vigil record`, `simulate --record` and the pipeline's tee. Keeps order; does not look into message bodies.
// Tests: tests/replay/recording_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/frame.h"

namespace vigil::replay {

struct RecorderOptions {
  std::uint32_t rotate_ls = 100;            // lumisections a file; 0: any number
  std::uint64_t rotate_bytes = 1ull << 30;  // bytes a file, unless one record is larger; 0: any size
  bool compress = false;                    // zstd, each record by itself
  int level = 1;                            // of zstd, 1..19
};

struct RecorderStats {
  std::uint64_t frames = 0;
  std::uint64_t drops = 0;      // drop records, `oversized` included
  std::uint64_t oversized = 0;  // frames beyond the format's limits, kept as drop records
  std::uint64_t bytes = 0;      // of files, headers and indices included
  std::uint64_t files = 0;
};

// One caller at a time. Errors: any failed write, sync or creation throws vigil::Error with file and system message;
// what was written before stays readable, later calls throw again.
class Recorder {
 public:
  // Records into `folder` (created if missing) as 000001.vrec, 000002.vrec, ...; a folder that already holds recordings
  // goes on with the next number. The first file is made here, so that start-up sees an unwritable folder.
  explicit Recorder(const std::filesystem::path& folder, RecorderOptions options = {});
  // Records into one file, which is replaced if it exists; the rotate options are not used.
  static Recorder to_file(const std::filesystem::path& file, RecorderOptions options = {});
  ~Recorder();  // closes; swallows errors: call close() to see them
  Recorder(Recorder&&) noexcept;
  Recorder& operator=(Recorder&&) = delete;

  // Writes the drops before it and the frame. A frame without parts carries only drops. Buffered; handed to the kernel
  // at each new lumisection.
  void write(const Frame& frame);
  void flush();  // hands what is buffered to the kernel
  void close();  // writes the index, syncs to disk; then write() is an error. A second close() does nothing.

  RecorderStats stats() const;
  std::filesystem::path current_file() const;

 private:
  struct State;
  explicit Recorder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vigil::replay
