// What a source yields: the raw parts of one message, the header peeked without touching columns, and a position.
// Used by ingest and replay (sources), the recorder and the pipeline. Decoding happens later, in parallel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vigil {

// The fields needed for pacing, seeking, indexing and loss accounting. A field is empty where it could not be read.
struct FrameHeader {
  std::string topic;   // part 0 as received
  std::string stream;  // of the body
  std::string model;
  std::optional<std::string> source;
  std::optional<std::uint64_t> epoch;
  std::optional<std::uint64_t> seq;
  std::optional<std::uint32_t> run;
  std::optional<std::uint32_t> ls;
  std::optional<std::uint32_t> first_orbit;
  std::optional<std::uint32_t> last_orbit;
  std::uint32_t n = 0;
  bool operator==(const FrameHeader&) const = default;
};

struct PartialFrame;  // core/frame_facts.h

struct Frame {
  std::vector<std::string> parts;  // topic, body as received (any number of parts); empty: carries only drops
  FrameHeader header;
  std::string position;                     // opaque to all but its source; committed with what closes by this frame
  std::vector<FrameHeader> dropped_before;  // frames our own full queue dropped since the frame before this one
  std::shared_ptr<const PartialFrame> partial = {};  // what stands in its place where it was emulated before: no parts
};

// Yields frames in order of arrival. next() blocks; nullopt is the end of the input. request_stop() may be called from
// any thread or a signal-watching thread: next() then yields what was already received and ends.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::optional<Frame> next() = 0;
  virtual void request_stop() = 0;
};

}  // namespace vigil
