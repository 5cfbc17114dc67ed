// Reads one recording file record by record and goes on after damage. Used by ReplaySource and `vigil decode`.
// Verifies every CRC and length; does not look into message bodies, and follows no folder (replay_source.h does).
// Tests: tests/replay/recording_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/frame.h"
#include "replay/recording_index.h"

namespace vigil::replay {

// One thing found in a file. Offsets and lengths are bytes of this file.
struct RecordingItem {
  enum class Kind : std::uint8_t { frame, drop, index, unknown, damage };
  Kind kind = Kind::damage;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // whole record, or bytes skipped
  std::uint64_t number = 0;  // of the record
  std::uint8_t type = 0;     // of the record, as stored
  bool compressed = false;
  std::uint64_t raw_bytes = 0;          // of the body, expanded
  FrameHeader header;                   // frame, drop
  std::vector<std::string_view> parts;  // frame: valid until the next call of next()
  std::string reason;                   // damage: what was wrong first
  bool resumed = false;                 // damage: a valid record follows at offset + length; otherwise the file ended
  std::uint64_t records_lost = 0;       // damage: by the record numbers on both sides; 0 where the file ended
};
std::string_view to_string(RecordingItem::Kind kind);

class RecordingReader {
 public:
  // Throws Error where the file cannot be opened, is no regular file, or has no valid file header.
  explicit RecordingReader(const std::filesystem::path& path);
  // Bytes [first, end) of it alone, as reading the whole file gives them. Both are where a record begins, or the ends
  // of what follows the file header; records lost right before `end` are damage of this stretch. Also throws Error
  // where the file ends before `end`.
  RecordingReader(const std::filesystem::path& path, std::uint64_t first, std::uint64_t end);
  ~RecordingReader();
  RecordingReader(RecordingReader&&) noexcept;
  RecordingReader& operator=(RecordingReader&&) noexcept;

  // The next item in file order; false at the end. Memory: at most the largest record (kRecordLimit) and its expansion.
  // Time: linear in the file, whatever it holds. An unreadable disk block reads as zeros, that is, as damage.
  bool next(RecordingItem& item);

  std::uint64_t size() const;    // of the file when it was opened; what is appended later is not read
  std::uint64_t offset() const;  // how far it has been read

  // The index at the end of the file, if the file was closed in order and it is intact. Does not move the reader.
  std::optional<RecordingIndex> read_index();
  // Passes over the records of an index entry without reading them when their turn comes (of a stretch: those in it).
  // Call before the first next().
  void skip(const IndexEntry& entry);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::replay
