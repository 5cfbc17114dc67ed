// The recording format, version 1 (docs/recording.md), as bytes: file header, record heads, frame and drop payloads.
// Used by the recorder, the reader and the index. Does no I/O and never allocates beyond what it is given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/frame.h"

namespace vigil::replay {

inline constexpr std::string_view kRecordingMagic{"\xD7VRF\r\n\x1A\n", 8};  // opens a file (or a file appended to one)
inline constexpr std::string_view kRecordMagic{"\xD7VRC", 4};               // opens a record
inline constexpr std::string_view kScanMagic = kRecordMagic.substr(0, 3);   // what both begin with
inline constexpr std::uint32_t kRecordingVersion = 1;
inline constexpr std::uint64_t kFileHeaderBytes = 32;
inline constexpr std::uint64_t kRecordHeadBytes = 36;
inline constexpr std::uint64_t kRecordLimit = 320ull << 20;     // bytes of one record's payload, stored or expanded
inline constexpr std::uint64_t kCompressedLimit = 72ull << 20;  // a larger body is stored as it is, never compressed
inline constexpr std::uint32_t kPartLimit = 1u << 20;           // parts of one frame
inline constexpr std::string_view kRecordingSuffix = ".vrec";

enum class RecordType : std::uint8_t { frame = 1, drop = 2, index = 3 };  // others are skipped: later versions' records
inline constexpr std::uint8_t kFlagZstd = 1;                              // the body is one zstd frame

// What opens each record; its own CRC is checked before any length in it is believed.
struct RecordHead {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint64_t number = 0;       // of the record in its file, from 0: tells lost records from inserted bytes
  std::uint32_t meta_bytes = 0;   // never compressed: what index, pacing and seeking need
  std::uint32_t body_bytes = 0;   // as stored
  std::uint32_t raw_bytes = 0;    // of the body, expanded
  std::uint32_t payload_crc = 0;  // CRC32C of meta and body as stored
  std::uint64_t record_bytes() const { return kRecordHeadBytes + meta_bytes + std::uint64_t{body_bytes}; }
};

std::string encode_file_header();
// Empty where `bytes` (kFileHeaderBytes of them) are a valid header; otherwise what is wrong with them.
std::string check_file_header(std::string_view bytes);

void append_record_head(const RecordHead& head, std::string& out);
// `bytes` holds kRecordHeadBytes. nullopt: magic or CRC is wrong, or a length is out of range.
std::optional<RecordHead> decode_record_head(std::string_view bytes);

// Meta of a drop record (`parts` empty) or of a frame record: header fields, then the lengths of the parts.
void append_meta(const FrameHeader& header, const std::vector<std::string>& parts, std::string& out);

// Fills header and parts (views into `body`) from a record's meta and expanded body. False: malformed; outputs
// undefined.
bool decode_frame(std::string_view meta, std::string_view body, FrameHeader& header,
                  std::vector<std::string_view>& parts);
bool decode_drop(std::string_view meta, std::string_view body, FrameHeader& header);

}  // namespace vigil::replay
