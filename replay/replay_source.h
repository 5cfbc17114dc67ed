// Recordings as a Source: files and folders one after the other, damage skipped and counted, paced by the data clock.
// Used by `vigil replay`, `publish`, `reference build`; stretches of them by the parts of a plan. Does not decode
// message bodies. Tests: tests/replay/replay_source_test.cpp, stretch_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/frame.h"
#include "replay/pacer.h"

namespace vigil::replay {

struct ReplayOptions {
  double speed = 0;                      // parse_speed(): 0 is as fast as possible
  std::optional<std::uint32_t> from_ls;  // by the headers' lumisection, inclusive; what has none passes
  std::optional<std::uint32_t> to_ls;
  bool use_index = true;  // seek past stretches outside from_ls..to_ls (damage in them is then not seen)
  PaceClock clock;        // for tests
};

struct ReplayStats {
  std::uint64_t frames = 0;  // yielded
  std::uint64_t drops = 0;   // yielded in dropped_before
  std::uint64_t bytes = 0;   // position reached, of total_bytes()
  std::uint64_t bytes_lost = 0;
  std::uint64_t damaged_regions = 0;
  std::uint64_t records_lost = 0;  // at least: what was lost at the end of a file is not known
};

struct ReplayDamage {
  std::filesystem::path file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string reason;
};

// Bytes [first, end) of a recording file: where a record begins, to where another begins or the file ends. `base`:
// bytes of the files before this one, so that positions are those of reading all of them.
struct Stretch {
  std::filesystem::path file;
  std::uint64_t base = 0;
  std::uint64_t first = 0, end = 0;
};

// The files of recordings in order: a file is itself, a folder its *.vrec sorted by name
// (files of no bytes left out). Throws Error where a path is missing or a folder holds none.
std::vector<std::filesystem::path> recording_files(const std::vector<std::filesystem::path>& recordings);

class ReplaySource : public Source {
 public:
  // Checks every file's header. Throws Error: unopenable, no valid file header, from_ls beyond to_ls.
  explicit ReplaySource(const std::vector<std::filesystem::path>& recordings, ReplayOptions options = {});
  // Stretches one after the other: the frames, positions and damage that the whole reading has for these bytes. Drops
  // after which the last stretch ends come in a frame without parts. Throws Error, also where a file is shorter.
  explicit ReplaySource(std::vector<Stretch> stretches, ReplayOptions options = {});
  ~ReplaySource() override;

  // Frames in recorded order; position: byte offset of the record over all files. Drops at the end, or more than 4096
  // in a row, come in a frame without parts. One caller at a time. Throws Error where a file has vanished since
  // construction.
  std::optional<Frame> next() override;
  void request_stop() override;  // interrupts pacing; the next call of next() ends the input

  std::uint64_t total_bytes() const;         // of all files, or stretches
  ReplayStats stats() const;                 // from any thread
  std::vector<ReplayDamage> damage() const;  // the first 64 regions; by the caller of next() or after the end

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The frame whose record begins at byte `offset` of this file; its position is that offset, without drops. nullopt
// where there is none: no record begins there, it fails its CRC, or it holds no frame. Throws Error as RecordingReader
// does.
std::optional<Frame> read_frame_at(const std::filesystem::path& file, std::uint64_t offset);

}  // namespace vigil::replay
