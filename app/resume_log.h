// Where a source that reads from Kafka goes on behind any frame it has yielded, for the journal that commits some of
// them later: what each frame changed is kept until then. The source adds on its thread, the journal thread asks.
// Tests: tests/app/resume_log_test.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/strand_places.h"

namespace vigil::app {

// Of a partial from beside the source, whose frames are taken one after the other: how many were.
struct UnitPlace {
  std::int64_t partial = 0;
  std::uint64_t taken = 0;
  bool operator==(const UnitPlace&) const = default;
};

struct ResumePoint {
  using Offsets = std::map<std::int32_t, std::int64_t>;
  std::string prefix;  // of the topics
  Offsets read_from;   // by partition of the frames; ingest::kBeside: of the partials
  Offsets known_to;    // by partition of the frames: how far the partials before read_from reach
  std::optional<UnitPlace> unit;
  ingest::StrandPlaces places;

  std::string save() const;  // JSON
  // Throws Error on what save() did not make.
  static ResumePoint load(std::string_view text);
};

// What one frame changed; empty: nothing.
struct ResumeChange {
  std::optional<ingest::StrandStep> step;
  ResumePoint::Offsets read_from, known_to;  // those that are others now
  std::optional<std::optional<UnitPlace>> unit;
};

class ResumeLog {
 public:
  explicit ResumeLog(ResumePoint start) : point_(std::move(start)) {}

  // One frame more; its number, from 1. Thread-safe.
  std::uint64_t taken(ResumeChange&& change);
  // Behind frame `number`, which does not go down from call to call; 0: the start. Forgets what lies before.
  // Thread-safe.
  std::string position(std::uint64_t number);
  // Offset of the partials, as the last position() said it; -1: none.
  std::int64_t partials_offset() const;

 private:
  mutable std::mutex mutex_;
  ResumePoint point_;  // behind frame first_
  std::uint64_t first_ = 0;
  std::deque<ResumeChange> changes_;  // of the frames after it
};

}  // namespace vigil::app
