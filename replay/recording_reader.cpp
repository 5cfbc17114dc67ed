#include "replay/recording_reader.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "replay/crc32c.h"
#include "replay/recording.h"
#include "replay/recording_window.h"

namespace vigil::replay {

std::string_view to_string(RecordingItem::Kind kind) {
  switch (kind) {
    case RecordingItem::Kind::frame:
      return "frame";
    case RecordingItem::Kind::drop:
      return "drop";
    case RecordingItem::Kind::index:
      return "index";
    case RecordingItem::Kind::unknown:
      return "unknown";
    case RecordingItem::Kind::damage:
      return "damage";
  }
  return "unknown";
}

namespace {
constexpr std::size_t kSearchBytes = 1u << 16;  // searched at a time
constexpr const char* kMissing = "records are missing here";
}  // namespace

struct RecordingReader::State {
  explicit State(const std::filesystem::path& path) : window(path), limit(window.size()) {}
  ~State() { ZSTD_freeDCtx(zstd); }

  // What lies at a position.
  struct Found {
    enum class What : std::uint8_t { record, file_header, damage } what = What::damage;
    RecordHead head;
    const char* reason = "";
    std::uint64_t resume = 0;  // damage: where the next record certainly begins; 0: to be searched
  };

  Found look(RecordingItem& item);
  bool decode(const RecordHead& head, std::string_view payload, RecordingItem& item);
  bool expand(std::string_view body, std::uint32_t raw_bytes);
  bool follows(std::uint64_t offset, std::uint64_t number) const;
  std::uint64_t search(std::uint64_t from);
  std::optional<std::uint64_t> number_at(std::uint64_t offset) const;
  bool leave_stretch(RecordingItem& item);
  void leave_damage(RecordingItem& item, bool resumed, std::uint64_t records_lost);

  RecordingWindow window;
  std::uint64_t limit;  // where what is read ends
  std::uint64_t position = kFileHeaderBytes;
  std::uint64_t number = 0;  // expected of the next record
  bool in_damage = false;
  std::uint64_t damage_begin = 0;
  const char* damage_reason = "";
  std::uint64_t wasted = 0;  // payload bytes checked in vain, see look()
  std::vector<IndexEntry> skips;
  std::size_t next_skip = 0;
  ZSTD_DCtx* zstd = nullptr;
  std::unique_ptr<char[]> expanded;
  std::uint64_t expanded_capacity = 0;
};

// Whether the record `number` (or an appended file, or the end) begins at `offset`: then the length that led here is
// right.
bool RecordingReader::State::follows(std::uint64_t offset, std::uint64_t expected) const {
  if (offset == window.size()) return true;
  char bytes[kRecordHeadBytes];
  if (window.peek(offset, bytes, kRecordHeadBytes)) {
    const auto head = decode_record_head({bytes, kRecordHeadBytes});
    if (head) return head->number == expected;
  }
  return window.peek(offset, bytes, kFileHeaderBytes) && check_file_header({bytes, kFileHeaderBytes}).empty();
}

// Of the record whose head lies there.
std::optional<std::uint64_t> RecordingReader::State::number_at(std::uint64_t offset) const {
  char bytes[kRecordHeadBytes];
  if (!window.peek(offset, bytes, kRecordHeadBytes)) return std::nullopt;
  const auto head = decode_record_head({bytes, kRecordHeadBytes});
  return head ? std::optional(head->number) : std::nullopt;
}

// At `limit`: the damage it ends, and the records that are missing before the one that begins there. False: none.
bool RecordingReader::State::leave_stretch(RecordingItem& item) {
  if (limit == window.size()) {
    if (!in_damage) return false;
    leave_damage(item, false, 0);
    return true;
  }
  const std::uint64_t next = number_at(limit).value_or(number);
  const std::uint64_t lost = next > number ? next - number : 0;
  if (!in_damage && lost == 0) return false;
  if (!in_damage) {
    damage_begin = position;
    damage_reason = kMissing;
  }
  leave_damage(item, true, lost);
  number += lost;
  return true;
}

std::uint64_t RecordingReader::State::search(std::uint64_t from) {
  while (from + kScanMagic.size() <= window.size()) {
    const std::string_view view = window.view(from, kScanMagic.size()).substr(0, kSearchBytes);
    const void* hit = ::memmem(view.data(), view.size(), kScanMagic.data(), kScanMagic.size());
    if (hit != nullptr) return from + static_cast<std::uint64_t>(static_cast<const char*>(hit) - view.data());
    from += view.size() - (kScanMagic.size() - 1);
  }
  return window.size();
}

bool RecordingReader::State::expand(std::string_view body, std::uint32_t raw_bytes) {
  // The size is within kCompressedLimit and must also be what the zstd frame itself claims, before anything is
  // allocated.
  if (ZSTD_getFrameContentSize(body.data(), body.size()) != raw_bytes) return false;
  if (raw_bytes > expanded_capacity || !expanded) {
    expanded_capacity = std::max<std::uint64_t>(raw_bytes, 1);
    expanded = std::make_unique_for_overwrite<char[]>(expanded_capacity);
  }
  if (zstd == nullptr) zstd = ZSTD_createDCtx();
  return ZSTD_decompressDCtx(zstd, expanded.get(), raw_bytes, body.data(), body.size()) == raw_bytes;
}

bool RecordingReader::State::decode(const RecordHead& head, std::string_view payload, RecordingItem& item) {
  const std::string_view meta = payload.substr(0, head.meta_bytes);
  std::string_view body = payload.substr(head.meta_bytes);
  item.type = head.type;
  item.compressed = (head.flags & kFlagZstd) != 0;
  item.raw_bytes = head.raw_bytes;
  item.parts.clear();
  const auto type = static_cast<RecordType>(head.type);
  if (type != RecordType::frame && type != RecordType::drop) {
    item.kind = type == RecordType::index ? RecordingItem::Kind::index : RecordingItem::Kind::unknown;
    return true;
  }
  if (item.compressed) {
    if (!expand(body, head.raw_bytes)) return false;
    body = {expanded.get(), head.raw_bytes};
  }
  item.kind = type == RecordType::frame ? RecordingItem::Kind::frame : RecordingItem::Kind::drop;
  return type == RecordType::frame ? decode_frame(meta, body, item.header, item.parts)
                                   : decode_drop(meta, body, item.header);
}

// Judges the bytes at `position`; a record is decoded into `item`.
RecordingReader::State::Found RecordingReader::State::look(RecordingItem& item) {
  Found found;
  const std::string_view start = window.view(position, kFileHeaderBytes);
  if (start.empty()) return found.reason = "the file ends within a record", found;
  if (start.starts_with(kRecordingMagic) && check_file_header(start.substr(0, kFileHeaderBytes)).empty()) {
    found.what = Found::What::file_header;
    return found;
  }
  if (!start.starts_with(kRecordMagic)) return found.reason = "no record begins here", found;
  const std::string_view bytes = window.view(position, kRecordHeadBytes);
  if (bytes.empty()) return found.reason = "the file ends within a record", found;
  const auto head = decode_record_head(bytes);
  if (!head) return found.reason = "record head fails its CRC or limits", found;
  if (head->number < number) return found.reason = "record is older than the one before it", found;
  const std::uint64_t end = position + head->record_bytes();
  if (end > window.size()) return found.reason = "the file ends within a record", found;
  // Overlapping heads, each with a long payload, could cost the square of the file's size. Beyond this much vain work
  // only payloads whose end is confirmed are checked; those advance the position, right or wrong.
  const bool spent = wasted > (256ull << 20) + 4 * window.size();
  if (spent && !follows(end, head->number + 1)) return found.reason = "record is not followed by another", found;
  const std::string_view payload =
      window.view(position, head->record_bytes()).substr(kRecordHeadBytes, head->record_bytes() - kRecordHeadBytes);
  if (crc32c(payload) != head->payload_crc) {
    found.reason = "record fails its CRC";
    if (follows(end, head->number + 1)) {
      found.resume = end;
    } else {
      wasted += head->record_bytes();
    }
    return found;
  }
  found.head = *head;
  item.offset = position;
  item.length = head->record_bytes();
  item.number = head->number;
  if (!decode(*head, payload, item)) {
    found.reason = "record is malformed though its CRC is right";
    found.resume = end;
    return found;
  }
  found.what = Found::What::record;
  return found;
}

void RecordingReader::State::leave_damage(RecordingItem& item, bool resumed, std::uint64_t records_lost) {
  item.kind = RecordingItem::Kind::damage;
  item.offset = damage_begin;
  item.length = position - damage_begin;
  item.number = number;
  item.parts.clear();
  item.reason = damage_reason;
  item.resumed = resumed;
  item.records_lost = records_lost;
  in_damage = false;
}

RecordingReader::RecordingReader(const std::filesystem::path& path) : state_(std::make_unique<State>(path)) {
  std::string start(std::min(kFileHeaderBytes, state_->window.size()), '\0');
  state_->window.peek(0, start.data(), start.size());
  const std::string wrong = check_file_header(start);
  if (!wrong.empty()) throw Error(path.string(), wrong, "a recording of format version 1");
}
RecordingReader::RecordingReader(const std::filesystem::path& path, std::uint64_t first, std::uint64_t end)
    : RecordingReader(path) {
  State& s = *state_;
  if (first < kFileHeaderBytes || first > end || end > s.window.size()) {
    throw Error(path.string(), "has " + std::to_string(s.window.size()) + " bytes",
                "bytes " + std::to_string(first) + " to " + std::to_string(end) + " of a recording");
  }
  s.position = first;
  s.limit = end;
  if (first > kFileHeaderBytes) s.number = s.number_at(first).value_or(0);
}
RecordingReader::~RecordingReader() = default;
RecordingReader::RecordingReader(RecordingReader&&) noexcept = default;
RecordingReader& RecordingReader::operator=(RecordingReader&&) noexcept = default;

bool RecordingReader::next(RecordingItem& item) {
  State& s = *state_;
  using What = State::Found::What;
  for (;;) {
    while (s.next_skip < s.skips.size() && s.skips[s.next_skip].offset < s.position) ++s.next_skip;
    if (!s.in_damage && s.next_skip < s.skips.size() && s.skips[s.next_skip].offset == s.position) {
      s.position = s.skips[s.next_skip].end;
      s.number = s.skips[s.next_skip].end_number;
      if (s.position == s.limit) s.number = s.number_at(s.limit).value_or(s.number);  // the entry may go on beyond
      ++s.next_skip;
      continue;
    }
    if (s.position >= s.limit) return s.leave_stretch(item);
    const State::Found found = s.look(item);
    if (found.what == What::damage) {
      if (!s.in_damage) {
        s.in_damage = true;
        s.damage_begin = s.position;
        s.damage_reason = found.reason;
      }
      s.position = std::min(found.resume != 0 ? found.resume : s.search(s.position + 1), s.limit);
      continue;
    }
    const bool file_header = found.what == What::file_header;
    const std::uint64_t lost = file_header ? 0 : found.head.number - s.number;
    if (s.in_damage || lost > 0) {  // reported first; the record itself is looked at again by the next call
      if (!s.in_damage) {
        s.damage_begin = s.position;
        s.damage_reason = kMissing;
      }
      s.leave_damage(item, true, lost);
      s.number += lost;
      return true;
    }
    if (file_header) {
      s.position += kFileHeaderBytes;
      s.number = 0;
      continue;
    }
    s.position += item.length;
    s.number = item.number + 1;
    item.reason.clear();
    item.resumed = false;
    item.records_lost = 0;
    return true;
  }
}

std::uint64_t RecordingReader::size() const { return state_->window.size(); }
std::uint64_t RecordingReader::offset() const { return state_->position; }

std::optional<RecordingIndex> RecordingReader::read_index() {
  const RecordingWindow& window = state_->window;
  char trailer[kIndexTrailerBytes];
  if (window.size() < kIndexTrailerBytes || !window.peek(window.size() - sizeof(trailer), trailer, sizeof(trailer))) {
    return std::nullopt;
  }
  const auto offset = index_offset({trailer, sizeof(trailer)});
  char bytes[kRecordHeadBytes];
  if (!offset || *offset < kFileHeaderBytes || !window.peek(*offset, bytes, sizeof(bytes))) return std::nullopt;
  const auto head = decode_record_head({bytes, sizeof(bytes)});
  if (!head || head->type != static_cast<std::uint8_t>(RecordType::index) || head->flags != 0 ||
      head->meta_bytes != 0 || *offset + head->record_bytes() != window.size()) {
    return std::nullopt;
  }
  std::string body(head->body_bytes, '\0');
  if (!window.peek(*offset + kRecordHeadBytes, body.data(), body.size()) || crc32c(body) != head->payload_crc) {
    return std::nullopt;
  }
  return decode_index(body, *offset, head->number);
}

void RecordingReader::skip(const IndexEntry& entry) {
  IndexEntry inside = entry;
  inside.offset = std::max(entry.offset, state_->position);
  inside.end = std::min(entry.end, state_->limit);
  if (inside.offset < inside.end) state_->skips.push_back(inside);
}

}  // namespace vigil::replay
