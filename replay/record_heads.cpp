#include "replay/record_heads.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "replay/recording_bytes.h"
#include "replay/recording_reader.h"
#include "replay/recording_window.h"

namespace vigil::replay {
namespace {

constexpr std::uint64_t kMetaPeek = 8;  // presence bits and the number of events: all that is read of a meta block

struct Found {
  RecordHeads heads;
  std::string stored;  // the heads, one after the other
};

// What a head says, and the events of a frame.
struct Peeked {
  RecordHead head;
  std::uint32_t events = 0;
  char bytes[kRecordHeadBytes + kMetaPeek] = {};
};

bool peek(const RecordingWindow& window, std::uint64_t offset, Peeked& out) {
  const std::uint64_t left = offset < window.size() ? window.size() - offset : 0;
  const std::uint64_t taken = std::min<std::uint64_t>(left, sizeof(out.bytes));
  if (taken < kRecordHeadBytes || !window.peek(offset, out.bytes, taken)) return false;
  const auto head = decode_record_head({out.bytes, kRecordHeadBytes});
  if (!head) return false;
  out.head = *head;
  const bool has_meta = taken == sizeof(out.bytes) && head->meta_bytes >= kMetaPeek;
  out.events = has_meta ? read_le<std::uint32_t>({out.bytes, sizeof(out.bytes)}, kRecordHeadBytes + 4) : 0;
  return true;
}

bool is_file_header(const RecordingWindow& window, std::uint64_t offset) {
  char bytes[kFileHeaderBytes];
  return window.peek(offset, bytes, sizeof(bytes)) && check_file_header({bytes, sizeof(bytes)}).empty();
}

void add(Found& found, std::uint64_t offset, const Peeked& record, std::uint32_t events) {
  const auto type = static_cast<RecordType>(record.head.type);
  found.heads.places.push_back({offset, type});
  if (type == RecordType::frame) {
    ++found.heads.frames;
    found.heads.events += events;
  }
  found.stored.append(record.bytes, kRecordHeadBytes);
}

// Follows the heads from one to the next. Where each record is followed by the one with the next number, by an appended
// file or by the end, a reader takes exactly these steps whatever the payloads hold: one that fails its CRC is passed
// over by its length. nullopt: the chain is broken.
std::optional<Found> follow(const RecordingWindow& window, std::uint64_t first, std::uint64_t end) {
  Found found;
  Peeked record;
  std::optional<std::uint64_t> expected;
  if (first == kFileHeaderBytes) expected = 0;
  std::uint64_t at = first;
  while (at < end) {
    if (peek(window, at, record)) {
      if (expected && record.head.number != *expected) return std::nullopt;
      if (record.head.record_bytes() > end - at) return std::nullopt;
      add(found, at, record, record.events);
      at += record.head.record_bytes();
      expected = record.head.number + 1;
    } else if (end - at >= kFileHeaderBytes && is_file_header(window, at)) {
      at += kFileHeaderBytes;
      expected = 0;
    } else {
      return std::nullopt;
    }
  }
  // The last record's length too must be confirmed by what follows it.
  if (end < window.size() && (!peek(window, end, record) || (expected && record.head.number != *expected))) {
    return std::nullopt;
  }
  return found;
}

Found read_through(const std::filesystem::path& file, const RecordingWindow& window, std::uint64_t first,
                   std::uint64_t end) {
  Found found;
  found.heads.broken = true;
  RecordingReader reader(file, first, end);
  RecordingItem item;
  Peeked record;
  while (reader.next(item)) {
    if (item.kind == RecordingItem::Kind::damage || !peek(window, item.offset, record)) continue;
    add(found, item.offset, record, item.kind == RecordingItem::Kind::frame ? item.header.n : 0);
  }
  return found;
}

}  // namespace

RecordHeads read_heads(const std::filesystem::path& file, std::uint64_t first, std::uint64_t end, Sha256& digest) {
  (void)RecordingReader(file, first, end);  // refuses what is no recording, or shorter
  const RecordingWindow window(file);
  std::optional<Found> found = follow(window, first, end);
  if (!found) found = read_through(file, window, first, end);
  digest.update(found->stored);
  return std::move(found->heads);
}

bool is_whole_record(const std::filesystem::path& file, std::uint64_t offset) {
  Peeked record;
  const RecordingWindow window(file);
  if (!peek(window, offset, record) || record.head.record_bytes() > window.size() - offset) return false;
  RecordingReader reader(file, offset, offset + record.head.record_bytes());
  RecordingItem item;
  return reader.next(item) && item.kind != RecordingItem::Kind::damage;
}

}  // namespace vigil::replay
