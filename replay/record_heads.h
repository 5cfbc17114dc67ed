// The record heads of a stretch of a recording: where records lie, how many events they hold, and a digest of the
// heads, which hold the CRCs of what follows them. Used by plans. Reads heads alone where one leads to the next all
// through the stretch, and the whole stretch where damage broke that chain. Tests: tests/replay/plan_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/digest.h"
#include "replay/recording.h"

namespace vigil::replay {

struct RecordPlace {
  std::uint64_t offset = 0;
  RecordType type = RecordType::frame;
};

struct RecordHeads {
  std::vector<RecordPlace> places;
  std::uint64_t frames = 0;
  std::uint64_t events = 0;  // as the frames' headers say
  bool broken = false;       // damage broke the chain: `places` are the records that are whole
};

// Of bytes [first, end) of a file, as a RecordingReader of this stretch meets them. The heads go into `digest` as they
// are stored, in order. Throws Error as RecordingReader does.
RecordHeads read_heads(const std::filesystem::path& file, std::uint64_t first, std::uint64_t end, Sha256& digest);

// Whether the record that begins at `offset` is whole: its CRC and form are right.
bool is_whole_record(const std::filesystem::path& file, std::uint64_t offset);

}  // namespace vigil::replay
