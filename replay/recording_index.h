// The index a recording ends with: which stretch of the file holds which lumisections, so that a reader can seek.
// Made by the recorder while writing, used by ReplaySource. Never needed: without it (or damaged) files are read
// through.
// Tests: tests/replay/recording_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/frame.h"

namespace vigil::replay {

// Consecutive records [offset, end); stretches follow each other without gap, from the file header to the index record.
struct IndexEntry {
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  std::uint64_t first_number = 0;  // of its first record
  std::uint64_t end_number = 0;    // of the record after it
  std::uint64_t frames = 0;
  std::uint64_t drops = 0;
  std::uint32_t run = 0;               // of its first labelled frame, 0 without one
  std::uint32_t min_ls = 0xffffffffu;  // over frames and drops; min > max: none has a lumisection
  std::uint32_t max_ls = 0;
  bool unlabelled = false;  // some frame or drop has no lumisection: never to be skipped
  bool operator==(const IndexEntry&) const = default;
};

struct RecordingIndex {
  std::vector<IndexEntry> entries;
  std::uint64_t offset = 0;  // of the index record
  std::uint64_t number = 0;  // of the index record: how many records come before it
};

// Collects entries while records are written or read.
class IndexBuilder {
 public:
  // A record at `offset` whose length is `bytes`; `opens`: begin a new stretch here.
  void add(std::uint64_t offset, std::uint64_t bytes, std::uint64_t number, const FrameHeader& header, bool drop,
           bool opens);
  const std::vector<IndexEntry>& entries() const { return entries_; }
  void clear() { entries_.clear(); }

 private:
  std::vector<IndexEntry> entries_;
};

// Body of the index record that is to lie at `offset`; ends with a trailer by which readers find it.
std::string encode_index(const std::vector<IndexEntry>& entries, std::uint64_t offset);
// From the body of the index record `number` at `offset`; nullopt where it does not describe exactly the bytes before
// it.
std::optional<RecordingIndex> decode_index(std::string_view body, std::uint64_t offset, std::uint64_t number);
// Offset of the index record, from the last kIndexTrailerBytes of a file; nullopt where there is no trailer.
inline constexpr std::uint64_t kIndexTrailerBytes = 16;
std::optional<std::uint64_t> index_offset(std::string_view trailer);

}  // namespace vigil::replay
