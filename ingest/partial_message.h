// A partial as a message: the facts of frames and their summaries (docs/partials.md), one zstd frame of JSON Lines.
// Written by workers, read by the merger, from whom nothing is believed that contradicts itself. Knows no Kafka. Pure.
// Tests: tests/ingest/partial_message_test.cpp, tests/fuzz/partial_message_fuzz.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/frame_facts.h"
#include "core/model.h"

namespace vigil::ingest {

// The first line.
struct PartialHeader {
  std::string settings;  // SHA-256 of what enters a partial
  std::string worker;
  std::optional<std::int32_t> partition;  // frames of this partition, offsets first .. next - 1; else of a strand, by n
  std::string strand;
  std::uint64_t session = 0;
  std::uint64_t first = 0, next = 0;
  bool operator==(const PartialHeader&) const = default;
};

struct ReadFrame {
  FrameFacts facts;
  std::shared_ptr<const PartialSummary> summary;  // null: it has none
  std::uint64_t offset = 0;                       // or n
};

struct Partial {
  PartialHeader header;
  std::vector<ReadFrame> frames;  // in order
  std::uint64_t bytes = 0;        // of its lines
};

// Where a frame of a partition is read again: "<partition>:<offset>".
std::string frame_position(std::int32_t partition, std::int64_t offset);
struct FramePlace {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};
std::optional<FramePlace> frame_place(std::string_view position);

// `lines`: of frames and summaries, with their newlines.
std::string packed_partial(const PartialHeader& header, std::string_view lines);

// The loaded model of this name, or null.
using PartialModels = std::function<const ModelInfo*(std::string_view name)>;

// `origin` tells its summaries from those of every other partial. Summaries are read whole: of a partial that is
// returned all is as frame_line and summary_line write it, every frame lies where the header says, in order, and every
// summary is of the frames that name it and of as many events. Throws Error saying what is wrong.
Partial read_partial(std::string_view message, const std::string& origin, const PartialModels& models);

// No message is inflated beyond this.
inline constexpr std::size_t kMostPartialBytes = std::size_t{1} << 30;

}  // namespace vigil::ingest
