// The serial stage: puts batches into lumisections, closes them, cuts windows, judges them and proposes actions.
// One owner; not synchronised. What it yields depends on the frames and the starting state alone; the wall clock of
// their arrival goes into log and status only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/closing.h"
#include "app/configuration.h"
#include "app/item.h"
#include "app/model_set.h"
#include "app/refusal_log.h"
#include "app/stream_registry.h"
#include "core/results.h"
#include "core/snapshot.h"
#include "monitors/reference.h"

namespace vigil::app {

// exact: what every frame up to the last of a group of Closings left, so that a process that reads on behind it makes
// the same lines; always: what the stream of a Closing left, held batches and other streams' open ones excepted.
enum class KeepState : std::uint8_t { never, at_the_end, always, exact };

class Judge {
 public:
  // `reference`: null to learn. `keep_state`: which Closings carry the state to resume from. `log` takes facts worth a
  // line (what is refused, above all); may be empty.
  Judge(const ModelSet& models, const Configuration& configuration, std::optional<monitors::References> reference,
        KeepState keep_state, std::function<void(const std::string&)> log);

  // State of an earlier run, from the journal `where`, before the first frame. What of it no longer fits starts anew;
  // one line of the log says what.
  void load(const std::map<std::string, std::string>& state, const std::string& where = "journal");

  // One frame, in order of arrival; what closed because of it.
  std::vector<Closing> take(std::shared_ptr<Item> item);
  // The end of the input.
  std::vector<Closing> end();

  // What a policy asks of the journal (alerting/policy.h). Before the first frame and before load(); empty: nothing has
  // succeeded.
  void ask_succeeded(AskSucceeded asked) { streams_.ask_succeeded(std::move(asked)); }

  // Of the events whose products of words are summed, the orbit is divisible by it; 0: none are.
  std::uint32_t every_orbits() const { return streams_.every_orbits(); }

  const Totals& totals() const { return totals_; }
  // The newest state of every stream, for status. Safe from any thread.
  std::shared_ptr<const Snapshot> snapshot() const { return std::atomic_load(&snapshot_); }
  // Live counts of every stream and source, for status. Safe from any thread.
  const Activity& activity() const { return streams_.activity(); }
  // Rejected frames by cause. Safe from any thread.
  std::map<std::string, std::uint64_t> rejections() const { return rejected_.counts().rejected_by; }
  // Called with every closed lumisection before it is judged (what a reference is built from).
  void observe(LumisectionObserver observer) { observer_ = std::move(observer); }
  // Where frames of a partial come from that have to be emulated again; before the first frame.
  void read_again(ReadAgain read) { read_again_ = std::move(read); }
  std::uint64_t frames_read_again() const { return frames_read_again_; }

 private:
  void end(MonitoredStream& stream, std::vector<Closing>& out);
  void give_up(MonitoredStream& stream, std::vector<Closing>& out);
  void apply(MonitoredStream& stream, std::vector<ingest::Step>&& steps, std::vector<Closing>& out);
  void place(MonitoredStream& stream, const ingest::Placed& placed);
  void refuse(MonitoredStream& stream, const ingest::Refused& refused);
  void count_closed(MonitoredStream& stream, const ingest::Closed& closed);
  void log_lost(const MonitoredStream* stream, const FrameHeader& header, Refusal::What what, Rejection cause,
                const std::string& detail);
  void log_once(const std::string& key, const std::string& message);
  void publish_snapshot();
  void save_exactly(std::vector<Closing>& out);

  StreamRegistry streams_;
  const KeepState keep_state_;
  std::function<void(const std::string&)> log_;
  LumisectionObserver observer_;
  ReadAgain read_again_;
  std::uint64_t frames_read_again_ = 0;
  RefusalLog refusals_;
  std::set<std::string> logged_;
  std::string position_;     // of the newest frame
  std::uint64_t order_ = 0;  // of it
  std::int64_t now_ns_ = 0;  // arrival of the newest frame
  Totals totals_;
  Tally rejected_;  // of all streams and none
  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<Snapshot>();
};

}  // namespace vigil::app
