// The monitored streams, one a (model, stream), with the state of each; and which of them a batch that cannot be used
// counts in. Used by the judge alone. Knows no wall clock; not synchronised.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/policy.h"
#include "app/activity.h"
#include "app/configuration.h"
#include "app/item.h"
#include "app/model_set.h"
#include "app/open_lumisection.h"
#include "app/stream_facts.h"
#include "core/results.h"
#include "core/snapshot.h"
#include "ingest/context_tracker.h"
#include "ingest/sequencer.h"
#include "monitors/reference.h"
#include "monitors/stream_monitor.h"

namespace vigil::app {

// Whether an action of (model, stream, model hash) has succeeded.
using AskSucceeded = std::function<bool(const std::string&, const std::string&, const std::string&)>;

// Everything that is known of one (model, stream).
struct MonitoredStream {
  // Without a reference it learns one.
  MonitoredStream(std::shared_ptr<const Model> model, std::string name, const Configuration& configuration,
                  std::optional<monitors::References> reference);
  // Whether one of these prescale columns switches a seed off.
  bool is_off(const std::vector<std::int64_t>& columns, const std::string& seed) const;
  std::shared_ptr<const Model> model;
  std::string name;
  monitors::Prescales prescales;
  ingest::Sequencer sequencer;
  ingest::ContextTracker context;
  monitors::StreamMonitor monitor;
  alerting::Policy policy;
  std::map<std::pair<std::uint32_t, std::uint32_t>, OpenLumisection> open;  // (run, ls)
  StreamFacts facts;
  StreamSnapshot snapshot;
  std::optional<std::pair<std::uint32_t, std::uint64_t>> run_start;  // run, UTC of its orbit 0 [ns]
  StreamActivity* activity = nullptr;                                // set and owned by the registry
  std::uint64_t order = 0;           // of its first batch, among all streams the journal knows
  std::uint64_t last_used = 0;       // grows with every batch of any stream
  std::set<std::string> saved_open;  // keys of its open summaries in the journal
  bool has_changed = false;          // since it was saved exactly
  bool was_saved = false;            // in full, ever
};

// As many as are kept at once; one more gives up the one that was longest without a batch.
inline constexpr std::size_t kMostStreams = 4096;
// State of an earlier run or of this one, as journal entries: key -> bytes, nullopt deletes.
using StateChanges = std::map<std::string, std::optional<std::string>>;

void add_counts(Unplaced& to, const Unplaced& from);

class StreamRegistry {
 public:
  // `models` and `configuration` must outlive it. `reference`: null to learn.
  StreamRegistry(const ModelSet& models, const Configuration& configuration,
                 std::optional<monitors::References> reference, std::size_t most_streams = kMostStreams);

  // The stream of a batch that was decoded: its model is loaded. Made when it is the first of its stream.
  MonitoredStream& of(const EventBatch& batch);
  // The stream that has to be given up before of() may be called, or null.
  MonitoredStream* leaves_for(const EventBatch& batch);
  // Forgets a stream; its state leaves the journal.
  void give_up(MonitoredStream& stream, StateChanges& state);

  // A batch that was rejected, or that our own queue dropped. Counts in its own stream, as far as header or topic name
  // one that is known; else in the first stream of the first model, without source; else in that stream as soon as it
  // is there. Returns the stream it counts in, or null.
  MonitoredStream* reject(const Item& item);
  MonitoredStream* drop(const FrameHeader& header);
  // What found no stream to count in; cleared.
  Unplaced take_unplaced();

  const Activity& activity() const { return activity_; }
  std::uint32_t every_orbits() const { return configuration_.monitors.multivariate.sampling(); }
  // In order of their first batch.
  const std::vector<std::unique_ptr<MonitoredStream>>& all() const { return streams_; }

  // What a restart goes on from. State of models that are not loaded is left as it is. load() is called before the
  // first batch; what cannot be taken over starts anew, and is returned in words, an entry a part.
  void save(MonitoredStream& stream, StateChanges& state) const;
  // Of every stream all that changed since the last call, held batches and parts of summaries too, and what counts
  // without a stream. With it load() goes on behind the newest frame as if nothing had been.
  void save_exactly(StateChanges& state);
  std::vector<std::string> load(const std::map<std::string, std::string>& state);
  // Before load() and the first batch; may be empty.
  void ask_succeeded(AskSucceeded asked) { ask_succeeded_ = std::move(asked); }

 private:
  using Name = std::pair<std::string_view, std::string_view>;  // model, stream; of what streams_ holds

  MonitoredStream* find(std::string_view model, std::string_view stream);
  MonitoredStream* find(const FrameHeader& header);
  MonitoredStream& add(std::unique_ptr<MonitoredStream> stream);
  void count(MonitoredStream* stream, const FrameHeader& header, Rejection cause);
  void find_first_of_first_model();
  std::unique_ptr<MonitoredStream> make(const std::shared_ptr<const Model>& model, const std::string& name) const;
  void save_open(MonitoredStream& stream, StateChanges& state) const;
  void load_homeless(const std::map<std::string, std::string>& state);
  void follow_newest(MonitoredStream& stream, bool is_new) const;
  void load_stream(MonitoredStream& stream, const std::map<std::string, std::string>& state,
                   std::vector<std::string>& dropped) const;

  const ModelSet& models_;
  const Configuration& configuration_;
  std::optional<monitors::References> reference_;
  const std::size_t most_streams_;
  Activity activity_;
  std::vector<std::unique_ptr<MonitoredStream>> streams_;
  std::map<Name, MonitoredStream*> by_name_;
  MonitoredStream* first_ = nullptr;  // of the first model
  std::uint64_t next_order_ = 0;
  std::uint64_t uses_ = 0;
  AskSucceeded ask_succeeded_;
  std::vector<std::string> saved_policies_;  // of every model hash and stream the journal knew at the start
  std::map<Rejection, std::uint64_t> homeless_rejected_;  // before the first stream of the first model
  std::uint64_t homeless_dropped_ = 0;
};

}  // namespace vigil::app
