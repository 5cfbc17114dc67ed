// Frames as messages of PREFIX.frames and back, as docs/scale_out.md has them ("Topics, headers, order"). Used by the
// bridge, and by all who read frames from Kafka. What comes from a topic is not believed. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/frame.h"
#include "ingest/kafka/message.h"

namespace vigil::ingest {

// The frame of a message, at the position "<partition>:<offset>". The mark of a session is one that begins and has no
// parts; a lost one has no parts either: dropped_before where it was dropped, `lost` where it was rejected. A value
// that is no batch is a frame that decode() rejects. nullopt: what numbers it is nonsense, as `problem` says; to be
// counted and passed over.
std::optional<Frame> frame_of(kafka::Message&& message, std::string& problem);

// What a bridge sends.
struct FrameMessage {
  std::string key;
  std::optional<std::string> value;
  kafka::Headers headers;
};
enum class LostFrame : std::uint8_t { dropped, rejected };

// Consumes the parts. The mark says which frame of which session it is.
FrameMessage frame_message(Frame&& frame, const StrandMark& mark);
// In place of a frame that is not sent. `parts`: how many it had.
FrameMessage lost_message(const FrameHeader& header, const StrandMark& mark, LostFrame why, std::size_t parts = 2);
FrameMessage begin_message(const std::string& name, std::uint64_t session);
// What it takes in a producer's memory, about.
std::size_t bytes_of(const FrameMessage& message);

// The JSON of `vigil-header`, and what it says; an empty header where it is none.
std::string lost_header_text(const FrameHeader& header);
FrameHeader lost_header(const std::string& text);

}  // namespace vigil::ingest
