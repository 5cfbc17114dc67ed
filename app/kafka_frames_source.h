// Frames from Kafka in the order of strands, for who emulates them here: `watch`, `record` and `replay` alone. Joins no
// group and commits nothing.
// Tests: tests/contract/kafka_frames_test.py.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "app/resume_log.h"
#include "core/frame.h"
#include "ingest/kafka/reader.h"
#include "ingest/strand_order.h"

namespace vigil::app {

struct FramesSettings {
  ingest::kafka::Settings kafka;
  std::string start = "earliest";
  bool is_bounded = false;     // to the end offsets at the start, and no further (replay)
  bool closes_on_stop = true;  // a stop takes what is there; else it ends at once
  std::chrono::seconds drain{60};
};

class KafkaFramesSource : public Source {
 public:
  // `from`: where an earlier monitor was with this journal. Connects with the first next().
  KafkaFramesSource(FramesSettings settings, std::optional<ResumePoint> from, ingest::kafka::Log log);

  // Throws FailedRunning where a stop waits in vain for what is there.
  std::optional<Frame> next() override;
  void request_stop() override { stop_ = true; }
  // Behind a frame of this source, for the journal. Thread-safe.
  std::string position(std::uint64_t order) { return log_.position(order); }

  // After the end.
  std::uint64_t passed_over() const { return passed_over_; }      // messages that are no frames
  std::uint64_t fenced_frames() const { return fenced_frames_; }  // behind the begin of a later session

 private:
  using Clock = std::chrono::steady_clock;
  using Ranges = std::map<std::int32_t, ingest::kafka::Range>;

  void begin();
  std::optional<Frame> taken();
  bool read_some();
  void add(ingest::kafka::Message&& message);
  void ask_ends();
  bool reaches(const Ranges& ends) const;
  bool is_over();
  void begin_at(std::int32_t partition, std::int64_t offset);

  const FramesSettings settings_;
  const ingest::kafka::Log say_;
  ingest::kafka::Reader reader_;
  ResumePoint start_;
  const bool is_resumed_;
  ingest::StrandOrder order_;
  ResumeLog log_;
  std::map<std::int32_t, std::int64_t> assigned_;           // as reading began
  std::map<std::int32_t, std::int64_t> unsaved_;            // of those, what goes into the next position
  std::map<std::int32_t, std::set<std::int64_t>> waiting_;  // offsets that were not taken yet
  std::optional<Ranges> until_;
  bool has_begun_ = false, is_finished_ = false;
  Clock::time_point asked_{}, said_{};
  std::optional<Clock::time_point> stop_since_;
  std::uint64_t passed_over_ = 0, fenced_frames_ = 0;
  std::atomic<bool> stop_{false};
};

}  // namespace vigil::app
