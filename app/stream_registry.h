// The monitored streams, one a (model, stream), with the state of each; and which of them a batch that cannot be used
// counts in. Used by the judge alone. Knows no wall clock; not synchronised.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/policy.h"
#include "app/configuration.h"
#include "app/item.h"
#include "app/model_set.h"
#include "core/results.h"
#include "core/snapshot.h"
#include "ingest/context_tracker.h"
#include "ingest/sequencer.h"
#include "monitors/open_summary.h"
#include "monitors/reference.h"
#include "monitors/stream_monitor.h"

namespace vigil::app {

// Everything that is known of one (model, stream).
struct MonitoredStream {
  // Without a reference it learns one.
  MonitoredStream(std::shared_ptr<const Model> model, std::string name, const Configuration& configuration,
                  std::optional<monitors::Reference> reference);
  std::shared_ptr<const Model> model;
  std::string name;
  std::string selection = "zero_bias";
  ingest::Sequencer sequencer;
  ingest::ContextTracker context;
  monitors::StreamMonitor monitor;
  alerting::Policy policy;
  std::map<std::pair<std::uint32_t, std::uint32_t>, monitors::OpenSummary> open;  // (run, ls)
  StreamSnapshot snapshot;
};

class StreamRegistry {
 public:
  // `models` and `configuration` must outlive it. `reference`: null to learn.
  StreamRegistry(const ModelSet& models, const Configuration& configuration,
                 std::optional<monitors::Reference> reference);

  // The stream of a batch that was decoded: its model is loaded. Made when it is the first of its stream.
  MonitoredStream& of(const EventBatch& batch);

  // A batch that was rejected, or that our own queue dropped. Counts in its own stream, as far as header or topic name
  // one that is known; else in the first stream of the first model, without source; else in that stream as soon as it
  // is there.
  void reject(const Item& item);
  void drop(const FrameHeader& header);
  // What found no stream to count in; cleared.
  Unplaced take_unplaced();

  // In order of their first batch.
  const std::vector<std::unique_ptr<MonitoredStream>>& all() const { return streams_; }

  // What a restart goes on from, as journal entries: key -> bytes, nullopt deletes. load() is called before the first
  // batch, and throws Error on a state it cannot read.
  void save(MonitoredStream& stream, std::map<std::string, std::optional<std::string>>& state);
  void load(const std::map<std::string, std::string>& state);

 private:
  MonitoredStream* find(std::string_view model, std::string_view stream);
  MonitoredStream* find(const FrameHeader& header);
  MonitoredStream* first_of_first_model();
  std::unique_ptr<MonitoredStream> make(const std::shared_ptr<const Model>& model, const std::string& name) const;

  const ModelSet& models_;
  const Configuration& configuration_;
  std::optional<monitors::Reference> reference_;
  std::vector<std::unique_ptr<MonitoredStream>> streams_;
  std::map<Rejection, std::uint64_t> homeless_rejected_;  // before the first stream of the first model
  std::uint64_t homeless_dropped_ = 0;
  std::set<std::string> saved_open_;  // keys of open summaries in the journal
};

}  // namespace vigil::app
