#include "app/judge.h"

#include <atomic>
#include <utility>

#include "core/shown.h"

namespace vigil::app {

Judge::Judge(const ModelSet& models, const Configuration& configuration, std::optional<monitors::Reference> reference,
             bool keep_state, std::function<void(const std::string&)> log)
    : streams_(models, configuration, std::move(reference)), keep_state_(keep_state), log_(std::move(log)) {}

void Judge::log_once(const std::string& key, const std::string& message) {
  if (log_ && logged_.size() < 1000 && logged_.insert(key).second) log_(message);
}

void Judge::log_rejected(const Item& item) {
  const FrameHeader& header = item.frame.header;
  const std::string cause(to_string(item.rejection));
  log_once(cause, "first batch rejected for '" + cause + "': topic '" + shown(header.topic) + "', source '" +
                      shown(header.source.value_or("")) + "', seq " +
                      (header.seq ? std::to_string(*header.seq) : std::string("unreadable")) +
                      (item.detail.empty() ? "" : ": " + item.detail));
}

std::vector<Closing> Judge::take(std::shared_ptr<Item> item) {
  std::vector<Closing> out;
  position_ = item->frame.position;
  for (const FrameHeader& header : item->frame.dropped_before) streams_.drop(header);
  if (item->frame.parts.empty()) return out;
  if (item->rejection != Rejection::none) {
    log_rejected(*item);
    streams_.reject(*item);
    return out;
  }
  const EventBatch& b = item->batch;
  MonitoredStream& stream = streams_.of(b);
  if (!item->failure.empty())
    log_once("failed " + b.model, "the emulator of " + b.model + " failed: " + escaped(item->failure) +
                                      "; its events are unknown until it computes again");
  const ingest::BatchFacts facts{
      b.source, b.epoch, b.seq, b.run, b.ls, b.first_orbit, b.last_orbit, b.selection, b.ignored_annotations};
  if (b.unknown_keys > 0) {
    log_once("unknown keys", "batches carry " + std::to_string(b.unknown_keys) + " unknown keys, which are ignored");
  }
  apply(stream, stream.sequencer.offer(facts, std::move(item)), out);
  return out;
}

std::vector<Closing> Judge::end() {
  std::vector<Closing> out;
  for (const auto& stream : streams_.all()) {
    const std::size_t before = out.size();
    apply(*stream, stream->sequencer.end(), out);
    auto windows = stream->monitor.end(ClosedBy::end);
    if (out.size() == before && (keep_state_ || !windows.empty())) out.emplace_back();  // a cut all the same
    if (out.size() > before) {
      add_windows(*stream, std::move(windows), out.back(), totals_);
      if (keep_state_) streams_.save(*stream, out.back().commit.state);
    }
  }
  totals_.unplaced = streams_.take_unplaced();
  publish_snapshot();
  return out;
}

void Judge::apply(MonitoredStream& stream, std::vector<ingest::Step>&& steps, std::vector<Closing>& out) {
  const std::size_t before = out.size();
  for (ingest::Step& step : steps) {
    if (auto* placed = std::get_if<ingest::Placed>(&step)) {
      const auto& item = *static_cast<const Item*>(placed->payload.get());
      const auto open = stream.open.try_emplace({placed->run, placed->ls}, stream.model->info()).first;
      open->second.add(item.summary);
      stream.context.add(item.batch, stream.model->info().hash);
      stream.selection = item.batch.selection;
      totals_.events += item.batch.n;
    } else if (auto* closed = std::get_if<ingest::Closed>(&step)) {
      out.push_back(close_lumisection(stream, std::move(*closed), observer_, totals_));
      out.back().commit.position = std::to_string(position_);
    } else if (const auto* refused = std::get_if<ingest::Refused>(&step)) {
      const std::string cause(to_string(refused->cause));
      log_once(cause, "first batch rejected for '" + cause + "': stream '" + shown(stream.name) + "', source '" +
                          shown(refused->source) + "'");
    }
  }
  if (out.size() == before) return;
  if (keep_state_) streams_.save(stream, out.back().commit.state);
  publish_snapshot();
}

void Judge::publish_snapshot() {
  auto snapshot = std::make_shared<Snapshot>();
  for (const auto& stream : streams_.all()) {
    snapshot->streams.push_back(stream->snapshot);
    snapshot->open_actions += stream->policy.open_ids().size();
  }
  std::atomic_store(&snapshot_, std::shared_ptr<const Snapshot>(std::move(snapshot)));
}

}  // namespace vigil::app
