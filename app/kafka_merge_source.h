// The merger's source: partials from Kafka, and single frames that no partial holds, in the order of strands. Slow is
// not late: it waits for whoever still has a frame to give, and says for whom. Used by `vigil watch --from-partials`.
// Tests: tests/contract/kafka_scale_test.py.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "app/item.h"
#include "app/kafka_partials.h"
#include "app/model_set.h"
#include "app/resume_log.h"
#include "core/frame.h"
#include "ingest/kafka/reader.h"

namespace vigil::app {

struct MergeSettings {
  ingest::kafka::Settings kafka;
  std::string settings, settings_text;  // of what enters a partial
  std::string start = "earliest";
  bool close_on_stop = false;
  std::chrono::seconds drain{60};
  std::uint32_t every_orbits = 0;
};

class KafkaMergeSource : public Source {
 public:
  // `models` must outlive it. `from`: where an earlier merger was with this journal. Connects with the first next().
  KafkaMergeSource(MergeSettings settings, const ModelSet& models, std::optional<ResumePoint> from,
                   ingest::kafka::Log log);

  // Throws FailedRunning where a stop that closes waits for workers in vain.
  std::optional<Frame> next() override;
  // The end: at once, or where that closes, when everything was taken that is there now. Thread-safe.
  void request_stop() override;
  // The end at once, whatever was asked before. Thread-safe.
  void abandon();
  // Nothing is to be closed: another merger goes on.
  bool goes_on() const { return !settings_.close_on_stop || abandoned_; }

  // Behind a frame of this source, for the journal. Thread-safe.
  std::string position(std::uint64_t order) { return log_.position(order); }
  std::int64_t partials_offset() const { return log_.partials_offset(); }
  // A frame of this position again, emulated; null: it is not there any more, or was never in Kafka. Throws
  // FailedRunning where a stop waits for Kafka in vain: nobody may take what is away for gone. Thread-safe.
  std::shared_ptr<Item> read_again(const std::string& position, const ModelSet& models);
  // `scale` of the status document. Thread-safe.
  nlohmann::ordered_json scale() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Ranges = std::map<std::int32_t, ingest::kafka::Range>;

  void begin();
  std::optional<Frame> taken();
  Frame give(Pending& pending, ResumeChange&& change, bool is_last);
  bool read_some();
  void ask_ends();
  void look_at_doubts();
  bool covers(const Ranges& ends) const;
  bool stop_is_over();
  void wait_for_kafka() const;
  std::optional<Frame> read_frame(std::int32_t partition, std::int64_t offset);
  std::int64_t first_kept(std::int32_t partition);
  void note_scale();
  std::string waiting_for() const;

  const MergeSettings settings_;
  const ModelSet& models_;
  const ingest::kafka::Log say_;
  ingest::kafka::Reader partials_reader_, frames_reader_;
  ResumePoint start_;
  const bool is_resumed_;
  ingest::StrandOrder order_;
  ResumeLog log_;
  KafkaPartials partials_;
  std::optional<Pending> unit_;  // its frames are yielded one after the other
  std::uint64_t unit_taken_ = 0;
  Ranges ends_;  // as asked last
  bool has_begun_ = false, is_finished_ = false, may_read_more_ = true;
  Clock::time_point asked_{}, said_{};
  std::optional<Clock::time_point> stop_since_;
  std::optional<Ranges> stop_at_;
  std::int64_t stop_partials_ = -1;
  std::atomic<bool> stop_{false}, abandoned_{false};
  std::atomic<std::int64_t> give_up_at_ns_{0};  // wall clock, after a stop; 0: never
  std::mutex reading_;                          // of single frames
  mutable std::mutex scale_mutex_;
  std::string scale_;
};

}  // namespace vigil::app
