#include "replay/recording_index.h"

#include <algorithm>

#include "replay/recording.h"
#include "replay/recording_bytes.h"

namespace vigil::replay {
namespace {

constexpr std::string_view kTrailerMagic{"VRINDEX\n", 8};
constexpr std::size_t kEntryBytes = 48;
constexpr std::size_t kEntryLimit = 1u << 16;  // later records join the last stretch
constexpr std::uint32_t kUnlabelled = 1;

}  // namespace

void IndexBuilder::add(std::uint64_t offset, std::uint64_t bytes, std::uint64_t number, const FrameHeader& header,
                       bool drop, bool opens) {
  if (entries_.empty() || (opens && entries_.size() < kEntryLimit)) {
    entries_.emplace_back();
    entries_.back().offset = offset;
    entries_.back().first_number = number;
  }
  IndexEntry& entry = entries_.back();
  if (entry.run == 0) entry.run = header.run.value_or(0);
  entry.end = offset + bytes;
  entry.end_number = number + 1;
  ++(drop ? entry.drops : entry.frames);
  if (header.ls) {
    entry.min_ls = std::min(entry.min_ls, *header.ls);
    entry.max_ls = std::max(entry.max_ls, *header.ls);
  } else {
    entry.unlabelled = true;
  }
}

std::string encode_index(const std::vector<IndexEntry>& entries, std::uint64_t offset) {
  std::string out;
  out.reserve(entries.size() * kEntryBytes + kIndexTrailerBytes);
  for (const IndexEntry& entry : entries) {
    append_le(out, entry.offset);
    append_le(out, entry.first_number);
    append_le(out, entry.frames);
    append_le(out, entry.drops);
    append_le(out, entry.run);
    append_le(out, entry.min_ls);
    append_le(out, entry.max_ls);
    append_le(out, entry.unlabelled ? kUnlabelled : 0u);
  }
  append_le(out, offset);
  out.append(kTrailerMagic);
  return out;
}

std::optional<RecordingIndex> decode_index(std::string_view body, std::uint64_t offset, std::uint64_t number) {
  if (body.size() < kIndexTrailerBytes || (body.size() - kIndexTrailerBytes) % kEntryBytes != 0) return std::nullopt;
  if (index_offset(body.substr(body.size() - kIndexTrailerBytes)) != offset) return std::nullopt;
  FieldCursor cursor(body.substr(0, body.size() - kIndexTrailerBytes));
  RecordingIndex index;
  index.offset = offset;
  index.number = number;
  index.entries.resize(cursor.left() / kEntryBytes);
  for (IndexEntry& entry : index.entries) {
    std::uint32_t flags = 0;
    if (!cursor.take(entry.offset) || !cursor.take(entry.first_number) || !cursor.take(entry.frames) ||
        !cursor.take(entry.drops) || !cursor.take(entry.run) || !cursor.take(entry.min_ls) ||
        !cursor.take(entry.max_ls) || !cursor.take(flags)) {
      return std::nullopt;
    }
    entry.unlabelled = (flags & kUnlabelled) != 0;
  }
  // Stretches must tile the records in order: what is skipped must never reach beyond what was described.
  std::uint64_t at = kFileHeaderBytes;
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < index.entries.size(); ++i) {
    IndexEntry& entry = index.entries[i];
    const bool last = i + 1 == index.entries.size();
    entry.end = last ? offset : index.entries[i + 1].offset;
    entry.end_number = last ? number : index.entries[i + 1].first_number;
    if (entry.offset != at || entry.end <= at || entry.end > offset || entry.first_number != first ||
        entry.end_number <= first) {
      return std::nullopt;
    }
    at = entry.end;
    first = entry.end_number;
  }
  if (at != offset || first != number) return std::nullopt;
  return index;
}

std::optional<std::uint64_t> index_offset(std::string_view trailer) {
  if (trailer.size() != kIndexTrailerBytes || trailer.substr(8) != kTrailerMagic) return std::nullopt;
  return read_le<std::uint64_t>(trailer, 0);
}

}  // namespace vigil::replay
