// A worker beside the source: takes frames from ZeroMQ, which never travel, and writes partials of them into Kafka, as
// a strand of its own. Nothing can be read again: what it had not committed when it died is missing. Tests:
// tests/contract/kafka_beside_test.py.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/partial_builder.h"
#include "app/worker_totals.h"
#include "core/frame.h"
#include "ingest/kafka/transactions.h"
#include "ingest/sequencer.h"

namespace vigil::app {

class BesideWorker {
 public:
  // `models` and `counters` must outlive it. `sequencing`: of its own clock, by which it cuts partials. `hurry`: a stop
  // is waited for no longer, what Kafka does not take is given up.
  BesideWorker(const WorkerIdentity& who, const ingest::kafka::Settings& kafka,
               const ingest::SequencerSettings& sequencing, const ModelSet& models, PipelineCounters& counters,
               const std::atomic<bool>& hurry, ingest::kafka::Log log);

  // Before the first frame: a producer, and that it may write. False: `stop` was set meanwhile. Throws Error.
  bool open(const std::atomic<bool>& stop);
  // Until the source ends; what was taken is then written. False: some of it could not be.
  bool run(Source& source, const std::function<void(const WorkerTotals&)>& tick);
  const WorkerTotals& totals() const { return totals_; }

 private:
  using Clock = std::chrono::steady_clock;
  void take(std::vector<Frame>&& frames);
  bool cuts(Item& item);
  bool flush();

  const WorkerIdentity who_;
  const ingest::SequencerSettings sequencing_;
  const ModelSet& models_;
  PipelineCounters& counters_;
  const std::atomic<bool>& hurry_;
  ingest::kafka::Log log_;
  ingest::kafka::Transactions transactions_;
  ItemPool items_;
  std::string lines_;
  PartialBuilder builder_;
  std::map<std::pair<std::string, std::string>, ingest::Sequencer> sequencers_;  // model, stream
  std::uint64_t first_ = 0, next_ = 0;
  WorkerTotals totals_, written_;  // taken; of those, committed
  bool is_lost_ = false;           // something was given up
};

}  // namespace vigil::app
