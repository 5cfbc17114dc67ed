// The serial stage: puts batches into lumisections, closes them, cuts windows, judges them and proposes actions.
// One owner; not synchronised. No wall clock: what it yields depends on the frames and the starting state alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/journal.h"
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

// A closed lumisection as the journal thread takes it: one transaction, then the lines.
struct Closing {
  alerting::Commit commit;
  std::vector<std::string> lines;  // result lines, in order, without newline
  Lumisection lumisection;         // for people: the status line
  std::uint64_t events = 0;
  std::map<std::string, double> seed_rate_hz;
  std::vector<JudgedWindow> windows;
  std::vector<Action> actions;
};

class Judge {
 public:
  // `reference`: null to learn. `keep_state`: every Closing carries the state to resume from. `log` takes facts worth a
  // line (first rejection of each cause); may be empty.
  Judge(const ModelSet& models, const Configuration& configuration, std::optional<monitors::Reference> reference,
        bool keep_state, std::function<void(const std::string&)> log);

  // State of an earlier run, from the journal. Throws Error on a state it cannot read.
  void load(const std::map<std::string, std::string>& state);

  // One frame, in order of arrival; what closed because of it.
  std::vector<Closing> take(std::shared_ptr<Item> item);
  // The end of the input.
  std::vector<Closing> end();

  const Totals& totals() const { return totals_; }
  // The newest state of every stream, for status. Safe from any thread.
  std::shared_ptr<const Snapshot> snapshot() const { return std::atomic_load(&snapshot_); }
  // Called with every closed lumisection before it is judged (what a reference is built from).
  void observe(std::function<void(const monitors::ClosedLumisection&)> observer) { observer_ = std::move(observer); }

 private:
  struct Stream {
    Stream(std::shared_ptr<const Model> m, std::string name, const Configuration& configuration,
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

  Stream* find_stream(std::string_view model, std::string_view stream);
  Stream* first_stream_of_first_model();
  Stream& stream_of(const Item& item);
  void reject(const Item& item);
  void drop(const FrameHeader& header);
  void apply(Stream& stream, std::vector<ingest::Step>&& steps, std::vector<Closing>& out);
  Closing close(Stream& stream, ingest::Closed&& closed);
  void judge_windows(Stream& stream, std::vector<JudgedWindow>&& windows, Closing& closing);
  void save(Stream& stream, std::map<std::string, std::optional<std::string>>& state);
  void log_once(const std::string& key, const std::string& message);
  void publish_snapshot();

  const ModelSet& models_;
  const Configuration& configuration_;
  std::optional<monitors::Reference> reference_;
  const bool keep_state_;
  std::function<void(const std::string&)> log_;
  std::function<void(const monitors::ClosedLumisection&)> observer_;
  std::vector<std::unique_ptr<Stream>> streams_;  // in order of their first batch
  std::set<std::string> logged_;
  std::map<Rejection, std::uint64_t> homeless_rejected_;  // before the first stream of the first model
  std::uint64_t homeless_dropped_ = 0;
  std::set<std::string> saved_open_;  // keys of open summaries in the journal
  std::uint64_t position_ = 0;
  Totals totals_;
  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<Snapshot>();
};

}  // namespace vigil::app
