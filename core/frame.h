// What a source yields: the raw parts of one message, the header peeked without touching columns, and a position.
// Used by ingest and replay (sources), the recorder and the pipeline. Decoding happens later, in parallel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event_batch.h"

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

// Where a bridge, or a worker beside the source, put a frame: the n-th of one life of who numbered it
// (docs/scale_out.md).
struct StrandMark {
  std::string name;
  std::uint64_t session = 0;  // start of that life [ns]
  std::uint64_t n = 0;        // from 0, without gaps
  bool begins = false;        // no frame: earlier sessions of the name end here; n means nothing
  bool operator==(const StrandMark&) const = default;
};

struct Frame {
  std::vector<std::string> parts;  // topic, body as received (any number of parts); empty: carries only drops
  FrameHeader header;
  std::string position;                     // opaque to all but its source; committed with what closes by this frame
  std::vector<FrameHeader> dropped_before;  // frames our own full queue dropped since the frame before this one
  std::shared_ptr<const PartialFrame> partial = {};  // what stands in its place where it was emulated before: no parts
  std::optional<StrandMark> strand = {};             // of a frame that came through a bridge
  // Of a frame that was received and could not be carried: why, with its header and no parts. `none`: it is here.
  Rejection lost = Rejection::none;
  std::uint64_t order = 0;  // of a source that can go on anywhere: which one it is in that source's order, from 1
  bool is_odd = false;      // who numbered it doubts that its source goes on with it: kept in a summary of its own
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
