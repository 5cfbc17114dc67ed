// What sequencing, contexts, rejection and the log need of one frame, without its events: the `frame` lines of partials
// (docs/partials.md). Made where a frame was emulated, read by who merges. Values; JSON; hostile text is an error.
// Tests: tests/core/frame_facts_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event_batch.h"
#include "core/frame.h"

namespace vigil {

struct FrameFacts {
  std::string position;
  std::optional<StrandMark> strand;  // of a frame of a strand; with `begins` there is nothing else
  std::vector<FrameHeader> dropped_before;
  bool carries_drops_only = false;
  Rejection rejection = Rejection::none;
  std::string detail;  // of a rejection
  FrameHeader header;  // of a rejected frame
  EventBatch batch;    // of an accepted one: everything but its columns
  bool is_foreign = false;
  std::string failure;                   // of an emulator that could not compute
  std::optional<std::uint64_t> summary;  // of an accepted one: number of the summary that holds its events
};

std::string frame_line(const FrameFacts& facts);
// Throws Error naming `where` on anything that frame_line does not write.
FrameFacts frame_from_line(std::string_view line, const std::string& where);

struct Summary;

// The exact summary of `frames` frames of one lumisection, as they were emulated; serialised until it is needed.
struct PartialSummary {
  std::uint64_t number = 0;  // in its partial
  std::string origin;        // which partial that is; not written with it
  std::string model, stream;
  std::uint32_t run = 0, ls = 0;
  std::uint64_t frames = 0;
  std::string text;                                 // of the summary: to_json
  std::shared_ptr<const Summary> parsed = nullptr;  // the same, where it was read already
};
std::string summary_line(const PartialSummary& summary);
// Throws Error naming `where` on anything that summary_line does not write; the summary itself is not looked into.
PartialSummary summary_from_line(std::string_view line, const std::string& where);
// Number of the summary a line of frame_line names, without parsing it; nullopt: none.
std::optional<std::uint64_t> summary_of(std::string_view frame_line);
// The "type" of a line; empty where it is none.
std::string_view line_type(std::string_view line);

// A frame in place of which a partial stands.
struct PartialFrame {
  std::string line;                               // of its facts; empty where they are here
  std::shared_ptr<const PartialSummary> summary;  // that holds its events; null: it has none
  std::optional<FrameFacts> facts = {};           // read from the line already
};

}  // namespace vigil
