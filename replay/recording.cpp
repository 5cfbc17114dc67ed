#include "replay/recording.h"

#include "replay/crc32c.h"
#include "replay/recording_bytes.h"

namespace vigil::replay {
namespace {

// Presence bits of the meta block.
enum : std::uint32_t {
  kHasSource = 1u << 0,
  kHasEpoch = 1u << 1,
  kHasSeq = 1u << 2,
  kHasRun = 1u << 3,
  kHasLs = 1u << 4,
  kHasFirstOrbit = 1u << 5,
  kHasLastOrbit = 1u << 6,
  kTopicIsFirstPart = 1u << 7,  // not stored twice
  kAllBits = (1u << 8) - 1
};

void append_text(std::string& out, std::string_view text) {
  append_le(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

bool take_text(FieldCursor& cursor, std::string_view& text) {
  std::uint32_t length = 0;
  return cursor.take(length) && cursor.take(text, length);
}

// Reads the header fields off the cursor; `topic_is_part` tells that the topic is still to be taken from part 0.
bool take_header(FieldCursor& cursor, FrameHeader& header, bool& topic_is_part) {
  std::uint32_t bits = 0;
  std::uint64_t epoch = 0, seq = 0;
  std::uint32_t run = 0, ls = 0, first = 0, last = 0;
  std::string_view topic, stream, model, source;
  if (!cursor.take(bits) || !cursor.take(header.n) || !cursor.take(epoch) || !cursor.take(seq) || !cursor.take(run) ||
      !cursor.take(ls) || !cursor.take(first) || !cursor.take(last) || !take_text(cursor, topic) ||
      !take_text(cursor, stream) || !take_text(cursor, model) || !take_text(cursor, source) || (bits & ~kAllBits)) {
    return false;
  }
  const auto set = [bits](auto& field, std::uint32_t bit, auto value) {
    if (bits & bit) {
      field = value;
    } else {
      field.reset();
    }
  };
  set(header.source, kHasSource, source);
  set(header.epoch, kHasEpoch, epoch);
  set(header.seq, kHasSeq, seq);
  set(header.run, kHasRun, run);
  set(header.ls, kHasLs, ls);
  set(header.first_orbit, kHasFirstOrbit, first);
  set(header.last_orbit, kHasLastOrbit, last);
  header.topic = topic;
  header.stream = stream;
  header.model = model;
  topic_is_part = (bits & kTopicIsFirstPart) != 0;
  return true;
}

}  // namespace

std::string encode_file_header() {
  std::string out(kRecordingMagic);
  append_le(out, kRecordingVersion);
  append_le(out, std::uint32_t{0});  // flags
  out.append(12, '\0');              // reserved
  append_le(out, crc32c(out));
  return out;
}

std::string check_file_header(std::string_view bytes) {
  if (bytes.size() < kFileHeaderBytes) return "is too short for a recording's file header";
  if (bytes.substr(0, kRecordingMagic.size()) != kRecordingMagic) return "does not begin like a recording";
  if (crc32c(bytes.substr(0, kFileHeaderBytes - 4)) != read_le<std::uint32_t>(bytes, kFileHeaderBytes - 4)) {
    return "has a file header that fails its CRC";
  }
  const auto version = read_le<std::uint32_t>(bytes, 8);
  if (version != kRecordingVersion) return "is a recording of format version " + std::to_string(version);
  if (read_le<std::uint32_t>(bytes, 12) != 0) return "uses features this version does not know";
  return {};
}

void append_record_head(const RecordHead& head, std::string& out) {
  const std::size_t begin = out.size();
  out.append(kRecordMagic);
  append_le(out, head.type);
  append_le(out, head.flags);
  append_le(out, std::uint16_t{0});
  append_le(out, head.number);
  append_le(out, head.meta_bytes);
  append_le(out, head.body_bytes);
  append_le(out, head.raw_bytes);
  append_le(out, head.payload_crc);
  append_le(out, crc32c(std::string_view(out).substr(begin)));
}

std::optional<RecordHead> decode_record_head(std::string_view bytes) {
  if (bytes.size() < kRecordHeadBytes || bytes.substr(0, kRecordMagic.size()) != kRecordMagic) return std::nullopt;
  if (crc32c(bytes.substr(0, kRecordHeadBytes - 4)) != read_le<std::uint32_t>(bytes, kRecordHeadBytes - 4)) {
    return std::nullopt;
  }
  RecordHead head;
  head.type = read_le<std::uint8_t>(bytes, 4);
  head.flags = read_le<std::uint8_t>(bytes, 5);
  head.number = read_le<std::uint64_t>(bytes, 8);
  head.meta_bytes = read_le<std::uint32_t>(bytes, 16);
  head.body_bytes = read_le<std::uint32_t>(bytes, 20);
  head.raw_bytes = read_le<std::uint32_t>(bytes, 24);
  head.payload_crc = read_le<std::uint32_t>(bytes, 28);
  const bool zstd = (head.flags & kFlagZstd) != 0;
  if (std::uint64_t{head.meta_bytes} + head.body_bytes > kRecordLimit) return std::nullopt;
  if (zstd ? head.raw_bytes > kCompressedLimit : head.raw_bytes != head.body_bytes) return std::nullopt;
  return head;
}

void append_meta(const FrameHeader& header, const std::vector<std::string>& parts, std::string& out) {
  const bool topic_is_part = !parts.empty() && parts[0] == header.topic;
  const auto bit = [](const auto& field, std::uint32_t value) { return field ? value : 0u; };
  append_le(out, bit(header.source, kHasSource) | bit(header.epoch, kHasEpoch) | bit(header.seq, kHasSeq) |
                     bit(header.run, kHasRun) | bit(header.ls, kHasLs) | bit(header.first_orbit, kHasFirstOrbit) |
                     bit(header.last_orbit, kHasLastOrbit) | (topic_is_part ? kTopicIsFirstPart : 0u));
  append_le(out, header.n);
  append_le(out, header.epoch.value_or(0));
  append_le(out, header.seq.value_or(0));
  append_le(out, header.run.value_or(0));
  append_le(out, header.ls.value_or(0));
  append_le(out, header.first_orbit.value_or(0));
  append_le(out, header.last_orbit.value_or(0));
  append_text(out, topic_is_part ? std::string_view{} : std::string_view{header.topic});
  append_text(out, header.stream);
  append_text(out, header.model);
  append_text(out, header.source ? std::string_view{*header.source} : std::string_view{});
  if (parts.empty()) return;
  append_le(out, static_cast<std::uint32_t>(parts.size()));
  for (const std::string& part : parts) append_le(out, static_cast<std::uint32_t>(part.size()));
}

bool decode_frame(std::string_view meta, std::string_view body, FrameHeader& header,
                  std::vector<std::string_view>& parts) {
  FieldCursor fields(meta);
  FieldCursor bytes(body);
  bool topic_is_part = false;
  std::uint32_t count = 0;
  if (!take_header(fields, header, topic_is_part) || !fields.take(count)) return false;
  if (count == 0 || count > kPartLimit || fields.left() != std::size_t{count} * 4) return false;
  parts.resize(count);
  for (std::string_view& part : parts) {
    std::uint32_t length = 0;
    if (!fields.take(length) || !bytes.take(part, length)) return false;
  }
  if (topic_is_part) header.topic = parts[0];
  return bytes.left() == 0;
}

bool decode_drop(std::string_view meta, std::string_view body, FrameHeader& header) {
  FieldCursor fields(meta);
  bool topic_is_part = false;
  return take_header(fields, header, topic_is_part) && !topic_is_part && fields.left() == 0 && body.empty();
}

}  // namespace vigil::replay
