#include "app/judge.h"

#include <atomic>
#include <utility>

#include "app/held_state.h"
#include "app/saved_totals.h"
#include "core/lhc.h"
#include "core/result_lines.h"
#include "core/shown.h"

namespace vigil::app {

Judge::Judge(const ModelSet& models, const Configuration& configuration, std::optional<monitors::References> reference,
             KeepState keep_state, std::function<void(const std::string&)> log)
    : streams_(models, configuration, std::move(reference)),
      keep_state_(keep_state),
      log_(std::move(log)),
      refusals_(log_) {}

namespace {

std::string stream_text(const MonitoredStream& stream) { return stream.model->info().name + " " + shown(stream.name); }

}  // namespace

void Judge::log_once(const std::string& key, const std::string& message) {
  if (log_ && logged_.size() < 1000 && logged_.insert(key).second) log_(message);
}

void Judge::log_lost(const MonitoredStream* stream, const FrameHeader& header, Refusal::What what, Rejection cause,
                     const std::string& detail) {
  if (what == Refusal::What::rejected) rejected_.add_rejected(cause);
  const bool own = stream != nullptr && header.stream == stream->name;
  const auto found = [&] {
    std::string text = detail;
    if (header.run) text += (text.empty() ? "run " : ", run ") + std::to_string(*header.run);
    if (header.ls) text += " LS " + std::to_string(*header.ls);
    if (header.seq) text += " seq " + std::to_string(*header.seq);
    return text;
  };
  refusals_.add({.what = what,
                 .cause = cause,
                 .stream = own ? stream_text(*stream) : "topic '" + shown(header.topic) + "'",
                 .source = header.source.value_or(""),
                 .run = header.run,
                 .ls = header.ls},
                now_ns_, found);
}

void Judge::load(const std::map<std::string, std::string>& state, const std::string& where) {
  std::string line;
  if (const auto found = state.find("results/totals"); found != state.end()) totals_ = totals_from(found->second);
  for (const std::string& dropped : streams_.load(state)) line += (line.empty() ? "" : "; ") + dropped;
  if (!line.empty() && log_) log_(where + ": goes on, but this starts anew: " + line);
}

std::vector<Closing> Judge::take(std::shared_ptr<Item> item) {
  std::vector<Closing> out;
  position_ = item->frame.position;
  order_ = item->frame.order;
  now_ns_ = item->arrived_ns;
  refusals_.tick(now_ns_);
  for (const FrameHeader& header : item->frame.dropped_before) {
    log_lost(streams_.drop(header), header, Refusal::What::dropped, Rejection::none,
             "the queue of received frames was full");
  }
  if (item->rejection == Rejection::none && item->frame.parts.empty() && !item->frame.partial) return out;
  if (item->carries_drops_only) return out;
  if (item->rejection != Rejection::none) {
    MonitoredStream* stream = streams_.reject(*item);
    if (stream != nullptr) stream->activity->newest_frame_ns = now_ns_;
    log_lost(stream, item->frame.header, Refusal::What::rejected, item->rejection, item->detail);
    return out;
  }
  const EventBatch& b = item->batch;
  if (MonitoredStream* leaving = streams_.leaves_for(b)) give_up(*leaving, out);
  MonitoredStream& stream = streams_.of(b);
  if (!item->failure.empty())
    log_once("failed " + b.model, "the emulator of " + b.model + " failed: " + escaped(item->failure) +
                                      "; its events are unknown until it computes again");
  stream.activity->newest_frame_ns = now_ns_;
  const ingest::BatchFacts facts = batch_facts(b);
  if (b.unknown_keys > 0) {
    log_once("unknown keys", "batches carry " + std::to_string(b.unknown_keys) + " unknown keys, which are ignored");
  }
  stream.has_changed = true;
  apply(stream, stream.sequencer.offer(facts, std::move(item)), out);
  if (keep_state_ == KeepState::exact && !out.empty()) save_exactly(out);
  return out;
}

// Whatever changed since it was saved last, with what closed.
void Judge::save_exactly(std::vector<Closing>& out) {
  for (Closing& closing : out) closing.order = order_;
  streams_.save_exactly(out.back().commit.state);
  out.back().commit.state["results/totals"] = saved_totals(totals_);
}

std::vector<Closing> Judge::end() {
  std::vector<Closing> out;
  for (const auto& stream : streams_.all()) end(*stream, out);
  add_counts(totals_.unplaced, streams_.take_unplaced());
  refusals_.end();
  publish_snapshot();
  if (keep_state_ == KeepState::exact && !out.empty()) save_exactly(out);
  return out;
}

void Judge::end(MonitoredStream& stream, std::vector<Closing>& out) {
  const std::size_t before = out.size();
  stream.has_changed = true;
  stream.was_saved = false;
  apply(stream, stream.sequencer.end(), out);
  auto windows = stream.monitor.end(ClosedBy::end);
  const auto budget = stream.monitor.budget();
  // A cut all the same.
  if (out.size() == before && (keep_state_ != KeepState::never || !windows.empty() || budget)) out.emplace_back();
  if (out.size() == before) return;
  out.back().model = stream.model->info().name;
  out.back().stream = stream.name;
  add_windows(stream, std::move(windows), out.back(), totals_);
  for (const LifetimeOfRule& lifetime : stream.monitor.lifetimes()) {
    out.back().lines.push_back(lifetime_line(lifetime));
  }
  if (budget) out.back().lines.push_back(budget_line(*budget));
  const bool saves = keep_state_ != KeepState::never && keep_state_ != KeepState::exact;
  if (saves) streams_.save(stream, out.back().commit.state);
}

void Judge::give_up(MonitoredStream& stream, std::vector<Closing>& out) {
  if (log_)
    log_("stream '" + shown(stream.name) + "' of " + stream.model->info().name + " is given up: of " +
         std::to_string(streams_.all().size()) + " streams it was longest without a batch");
  end(stream, out);
  add_counts(totals_.unplaced, stream.sequencer.take_unplaced());
  if (out.empty()) out.emplace_back();
  // Nobody is left who could end its episodes.
  for (std::string& id : stream.policy.open_ids()) out.back().commit.closed_action_ids.push_back(std::move(id));
  out.back().commit.alarms.push_back({.model = stream.model->info().name,
                                      .stream = stream.name,
                                      .run = stream.snapshot.run,
                                      .ls = stream.snapshot.ls,
                                      .is_lumisection = false,
                                      .ended = true});
  streams_.give_up(stream, out.back().commit.state);
}

void Judge::apply(MonitoredStream& stream, std::vector<ingest::Step>&& steps, std::vector<Closing>& out) {
  const std::size_t before = out.size();
  for (ingest::Step& step : steps) {
    if (const auto* placed = std::get_if<ingest::Placed>(&step)) {
      place(stream, *placed);
    } else if (auto* closed = std::get_if<ingest::Closed>(&step)) {
      count_closed(stream, *closed);
      out.push_back(
          close_lumisection(stream, std::move(*closed), observer_, totals_, {read_again_, &frames_read_again_}));
      out.back().commit.position = position_;
      for (const std::string& fact : out.back().facts) {
        if (log_) log_(fact);
      }
    } else if (const auto* refused = std::get_if<ingest::Refused>(&step)) {
      refuse(stream, *refused);
    }
  }
  if (out.size() == before) return;
  stream.was_saved = false;
  if (keep_state_ == KeepState::always) streams_.save(stream, out.back().commit.state);
  publish_snapshot();
}

void Judge::place(MonitoredStream& stream, const ingest::Placed& placed) {
  const auto& item = *static_cast<const Item*>(placed.payload.get());
  const EventBatch& batch = item.batch;
  // Whether the run is new has to be asked before its first summary is opened.
  StreamActivity& activity = *stream.activity;
  const auto any_open = stream.open.lower_bound({placed.run, 0});
  const bool is_open = any_open != stream.open.end() && any_open->first.first == placed.run;
  if (activity.run != placed.run && !is_open && activity.closed_run != placed.run) activity.begin_run(placed.run);

  const auto open =
      stream.open.try_emplace({placed.run, placed.ls}, stream.model->info(), stream.monitor.pileup_width()).first;
  open->second.add(item);
  stream.context.add(batch, stream.model->info().hash);
  totals_.events += batch.n;

  SourceActivity& source = activity.of(batch.source);
  source.in_program.add(Tally::batches);
  if (placed.run == activity.run) source.in_run.add(Tally::batches);
  source.newest_batch_ns = item.arrived_ns;
  source.run = placed.run;
  source.ls = placed.ls;
  source.orbit = batch.last_orbit;
  activity.newest_batch_ns = item.arrived_ns;
  activity.frames.store(activity.frames.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  activity.events.store(activity.events.load(std::memory_order_relaxed) + batch.n, std::memory_order_relaxed);
  if (batch.context.run_start_ns) stream.run_start = {placed.run, *batch.context.run_start_ns};
  const bool known = stream.run_start && stream.run_start->first == placed.run;
  if (known) {
    const double data_ns = static_cast<double>(batch.last_orbit) * 1e9 / lhc::kRevolutionHz;
    activity.lag_ns =
        item.arrived_ns - static_cast<std::int64_t>(stream.run_start->second) - static_cast<std::int64_t>(data_ns);
  }
  activity.lag_is_known = known;
}

void Judge::refuse(MonitoredStream& stream, const ingest::Refused& refused) {
  using What = ingest::Refused::What;
  if (refused.what == What::rejected) rejected_.add_rejected(refused.cause);
  SourceActivity& source = stream.activity->of(refused.counted_as);
  for (Tally* tally : {&source.in_run, &source.in_program}) {
    if (refused.what == What::rejected) {
      tally->add_rejected(refused.cause);
    } else {
      tally->add(refused.what == What::late ? Tally::late : Tally::duplicate);
    }
  }
  refusals_.add({.what = refused.what == What::late        ? Refusal::What::late
                         : refused.what == What::duplicate ? Refusal::What::duplicate
                                                           : Refusal::What::rejected,
                 .cause = refused.what == What::rejected ? refused.cause : Rejection::none,
                 .stream = stream_text(stream),
                 .source = refused.source,
                 .run = refused.run,
                 .ls = refused.ls},
                now_ns_, [&] { return ingest::describe(refused); });
}

// What only the line of a lumisection knows.
void Judge::count_closed(MonitoredStream& stream, const ingest::Closed& closed) {
  StreamActivity& activity = *stream.activity;
  activity.newest_close_ns = now_ns_;
  activity.closed_run = closed.run;
  activity.closed_ls = closed.ls;
  for (const auto& [name, counts] : closed.sources) {
    SourceActivity& source = activity.of(name);
    const auto add = [&](Tally& tally) {
      tally.add(Tally::missing, counts.missing);
      tally.add(Tally::restarts, counts.restarts);
      tally.add(Tally::ignored_annotations, counts.ignored_annotations);
    };
    add(source.in_program);
    if (closed.run != activity.run) continue;
    add(source.in_run);
    source.silent_since_ls = counts.silent_since_ls.value_or(0);
  }
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
