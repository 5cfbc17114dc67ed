// A worker on Kafka: takes its share of the partitions of frames, emulates them, and writes partials with the offsets
// of their frames in one transaction each. Keeps no state but those offsets. One thread but for the emulation. Tests:
// tests/contract/kafka_scale_test.py.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/partial_builder.h"
#include "app/worker_totals.h"
#include "ingest/kafka/group_reader.h"
#include "ingest/kafka/transactions.h"

namespace vigil::app {

class KafkaWorker {
 public:
  // `models`, `stop` and `counters` must outlive it; `tick` is called between two batches, often.
  KafkaWorker(const WorkerIdentity& who, const ingest::kafka::Settings& kafka, const std::string& start,
              const ModelSet& models, PipelineCounters& counters, const std::atomic<bool>& stop,
              ingest::kafka::Log log);

  // Begins, and asks for the rights; false: stopped. Throws Error as the clients of Kafka do.
  bool open();
  // Until stop is set; what was taken is then written.
  void run(const std::function<void(const WorkerTotals&)>& tick);
  const WorkerTotals& totals() const { return totals_; }

 private:
  using Clock = std::chrono::steady_clock;
  // A partition's partial under way: offsets first .. next - 1.
  struct Share {
    std::unique_ptr<PartialBuilder> builder;
    std::string lines;
    std::int64_t first = -1, next = -1;
    std::uint64_t frames = 0, events = 0, rejected = 0, bytes_in = 0;
  };

  bool collect();
  void process();
  void emulate_all(const std::vector<std::shared_ptr<Item>>& items, const std::vector<std::int32_t>& partitions);
  void flush();
  void recover();
  Share& share_of(std::int32_t partition);

  const WorkerIdentity who_;
  const ModelSet& models_;
  PipelineCounters& counters_;
  const std::atomic<bool>& stop_;
  ingest::kafka::Log log_;
  ingest::kafka::Transactions transactions_;
  ingest::kafka::GroupReader reader_;
  ItemPool items_;
  std::vector<ingest::kafka::Message> batch_;
  std::size_t batch_bytes_ = 0;
  std::map<std::int32_t, Share> shares_;
  Clock::time_point flushed_ = Clock::now();
  std::uint64_t most_frames_;       // of a partial
  std::int32_t too_large_in_ = -1;  // a partition of which one frame's partial was refused: it is left to the merger
  const std::size_t at_once_;       // items emulated before they are summed
  std::uint64_t passed_over_ = 0;   // messages that are no frames
  WorkerTotals totals_;
};

}  // namespace vigil::app
