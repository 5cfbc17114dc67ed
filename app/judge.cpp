#include "app/judge.h"

#include <atomic>
#include <utility>

#include "core/cloud_event.h"
#include "core/error.h"
#include "core/lhc.h"
#include "core/result_lines.h"

namespace vigil::app {
namespace {

ingest::LostFacts lost_facts(const Item& item) {
  const FrameHeader& h = item.frame.header;
  ingest::LostFacts lost{h.source, h.epoch, h.seq, h.run, h.ls};
  // A lumisection that contradicts its orbits is not to be believed.
  if (h.ls && h.first_orbit && h.last_orbit &&
      (*h.first_orbit > *h.last_orbit || lhc::lumisection_of(*h.first_orbit) != *h.ls ||
       lhc::lumisection_of(*h.last_orbit) != *h.ls)) {
    lost.ls = std::nullopt;
  }
  return lost;
}

std::pair<std::string_view, std::string_view> split_topic(std::string_view topic) {
  const auto slash = topic.find('/');
  if (slash == std::string_view::npos) return {topic, {}};
  return {topic.substr(0, slash), topic.substr(slash + 1)};
}

}  // namespace

Judge::Stream::Stream(std::shared_ptr<const Model> m, std::string stream, const Configuration& configuration,
                      std::optional<monitors::Reference> reference)
    : model(std::move(m)),
      name(std::move(stream)),
      sequencer(configuration.sequencer),
      monitor(model->info(), name, configuration.monitors, std::move(reference)),
      policy(model->info(), name,
             {.cool_down_ls = configuration.cool_down_ls, .broad_inputs = configuration.broad_inputs}) {
  snapshot.model = model->info().name;
  snapshot.model_hash = model->info().hash;
  snapshot.stream = name;
}

Judge::Judge(const ModelSet& models, const Configuration& configuration, std::optional<monitors::Reference> reference,
             bool keep_state, std::function<void(const std::string&)> log)
    : models_(models),
      configuration_(configuration),
      reference_(std::move(reference)),
      keep_state_(keep_state),
      log_(std::move(log)) {}

Judge::Stream* Judge::find_stream(std::string_view model, std::string_view stream) {
  for (const auto& s : streams_) {
    if (s->name == stream && s->model->info().name == model) return s.get();
  }
  return nullptr;
}

Judge::Stream* Judge::first_stream_of_first_model() {
  const std::string& first = models_.all().front()->info().name;
  for (const auto& s : streams_) {
    if (s->model->info().name == first) return s.get();
  }
  return nullptr;
}

Judge::Stream& Judge::stream_of(const Item& item) {
  if (Stream* known = find_stream(item.batch.model, item.batch.stream)) return *known;
  const auto& model = *models_.find(item.batch.model);
  std::optional<monitors::Reference> reference;
  if (reference_ && reference_->summary.model_hash == model->info().hash) reference = reference_;
  streams_.push_back(std::make_unique<Stream>(model, item.batch.stream, configuration_, std::move(reference)));
  Stream& stream = *streams_.back();
  if (&stream == first_stream_of_first_model()) {
    // What came before the first stream was known counts in its next line.
    for (const auto& [cause, count] : homeless_rejected_) {
      for (std::uint64_t i = 0; i < count; ++i) stream.sequencer.reject({}, cause);
    }
    for (std::uint64_t i = 0; i < homeless_dropped_; ++i) stream.sequencer.drop({});
    homeless_rejected_.clear();
    homeless_dropped_ = 0;
  }
  return stream;
}

void Judge::log_once(const std::string& key, const std::string& message) {
  if (log_ && logged_.size() < 1000 && logged_.insert(key).second) log_(message);
}

void Judge::reject(const Item& item) {
  const FrameHeader& header = item.frame.header;
  const std::string cause(to_string(item.rejection));
  log_once(cause, "first batch rejected for '" + cause + "': topic '" + header.topic + "', source '" +
                      header.source.value_or("") + "', seq " +
                      (header.seq ? std::to_string(*header.seq) : std::string("unreadable")));
  const auto [topic_stream, topic_model] = split_topic(header.topic);
  Stream* stream = find_stream(header.model, header.stream);
  if (stream == nullptr) stream = find_stream(topic_model, topic_stream);
  if (stream != nullptr) {
    stream->sequencer.reject(lost_facts(item), item.rejection);
  } else if ((stream = first_stream_of_first_model()) != nullptr) {
    stream->sequencer.reject({}, item.rejection);  // of another topic: no source of this stream
  } else {
    ++homeless_rejected_[item.rejection];
  }
}

void Judge::drop(const FrameHeader& h) {
  const auto [topic_stream, topic_model] = split_topic(h.topic);
  Stream* stream = find_stream(h.model, h.stream);
  if (stream == nullptr) stream = find_stream(topic_model, topic_stream);
  if (stream != nullptr) {
    stream->sequencer.drop({h.source, h.epoch, h.seq, h.run, h.ls});
  } else if ((stream = first_stream_of_first_model()) != nullptr) {
    stream->sequencer.drop({});
  } else {
    ++homeless_dropped_;
  }
}

std::vector<Closing> Judge::take(std::shared_ptr<Item> item) {
  std::vector<Closing> out;
  position_ = item->frame.position;
  for (const FrameHeader& header : item->frame.dropped_before) drop(header);
  if (item->frame.parts.empty()) return out;
  if (item->rejection != Rejection::none) {
    reject(*item);
    return out;
  }
  Stream& stream = stream_of(*item);
  const EventBatch& b = item->batch;
  if (!item->failure.empty())
    log_once("failed " + b.model, "the emulator of " + b.model + " failed: " + item->failure +
                                      "; its events are unknown until it computes again");
  const ingest::BatchFacts facts{b.source, b.epoch, b.seq, b.run, b.ls, b.first_orbit, b.last_orbit, b.selection};
  if (b.unknown_keys > 0) {
    log_once("unknown keys", "batches carry " + std::to_string(b.unknown_keys) + " unknown keys, which are ignored");
  }
  apply(stream, stream.sequencer.offer(facts, std::move(item)), out);
  return out;
}

std::vector<Closing> Judge::end() {
  std::vector<Closing> out;
  for (const auto& stream : streams_) {
    const std::size_t before = out.size();
    apply(*stream, stream->sequencer.end(), out);
    auto windows = stream->monitor.end(ClosedBy::end);
    if (out.size() == before && (keep_state_ || !windows.empty())) out.emplace_back();  // a cut all the same
    if (out.size() > before) {
      judge_windows(*stream, std::move(windows), out.back());
      if (keep_state_) save(*stream, out.back().commit.state);
    }
    const Unplaced unplaced = stream->sequencer.take_unplaced();
    totals_.unplaced.duplicate += unplaced.duplicate;
    totals_.unplaced.late += unplaced.late;
    totals_.unplaced.rejected += unplaced.rejected;
    totals_.unplaced.dropped += unplaced.dropped;
  }
  for (const auto& [cause, count] : homeless_rejected_) totals_.unplaced.rejected += count;
  totals_.unplaced.dropped += homeless_dropped_;
  homeless_rejected_.clear();
  homeless_dropped_ = 0;
  publish_snapshot();
  return out;
}

void Judge::apply(Stream& stream, std::vector<ingest::Step>&& steps, std::vector<Closing>& out) {
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
      out.push_back(close(stream, std::move(*closed)));
    } else if (const auto* refused = std::get_if<ingest::Refused>(&step)) {
      const std::string cause(to_string(refused->cause));
      log_once(cause, "first batch rejected for '" + cause + "': stream '" + stream.name + "', source '" +
                          refused->source + "'");
    }
  }
  if (out.size() == before) return;
  if (keep_state_) save(stream, out.back().commit.state);
  publish_snapshot();
}

Closing Judge::close(Stream& stream, ingest::Closed&& closed) {
  const ModelInfo& info = stream.model->info();
  Closing closing;
  Lumisection& line = closing.lumisection;
  line = {info.name,
          info.hash,
          stream.name,
          closed.run,
          closed.ls,
          lhc::kOrbitsPerLumisection,
          closed.covered_orbits,
          std::move(closed.sources)};
  auto node = stream.open.extract({closed.run, closed.ls});
  Summary summary = node ? node.mapped().take() : Summary(info);
  const ingest::LumisectionContext context = stream.context.close(closed.run, closed.ls);

  closing.events = summary.events;
  for (std::size_t i = 0; i < info.seeds.size(); ++i) {
    closing.seed_rate_hz[info.seeds[i].name] =
        lhc::rate_hz(static_cast<double>(summary.seeds[i].emulator), static_cast<double>(summary.n_bx_own));
  }
  StreamSnapshot& now = stream.snapshot;
  now.run = closed.run;
  now.ls = closed.ls;
  now.events += summary.events;
  now.coverage = static_cast<double>(line.covered_orbits) / static_cast<double>(line.expected_orbits);
  now.seed_rate_hz = closing.seed_rate_hz;
  for (const auto& [source, counts] : line.sources) ingest::add_counts(now.losses, counts);

  ++totals_.lumisections;
  closing.lines.push_back(lumisection_line(line, summary, info));
  alerting::JournalRow row{.table = alerting::JournalRow::Table::lumisection,
                           .model = info.name,
                           .model_hash = info.hash,
                           .stream = stream.name,
                           .run = closed.run,
                           .first_ls = closed.ls,
                           .last_ls = closed.ls,
                           .window = {},
                           .monitor = {},
                           .statistic = {},
                           .line = closing.lines.back()};
  closing.commit.rows.push_back(row);
  row.table = alerting::JournalRow::Table::kept_event;
  for (const KeptEvent& event : summary.kept) {
    row.line = kept_event_json(event, info);
    closing.commit.rows.push_back(row);
  }
  closing.commit.position = std::to_string(position_);

  monitors::ClosedLumisection monitored;
  monitored.lumisection = line;
  monitored.summary = std::move(summary);
  monitored.context_key = context.key;
  monitored.mixed_context = context.mixed;
  monitored.selection = stream.selection;
  if (context.model_hash != info.hash) monitored.foreign_hash = context.model_hash;
  monitored.run_start_ns = context.run_start_ns;
  if (observer_) observer_(monitored);
  judge_windows(stream, stream.monitor.close(std::move(monitored)), closing);
  return closing;
}

void Judge::judge_windows(Stream& stream, std::vector<JudgedWindow>&& windows, Closing& closing) {
  for (JudgedWindow& judged : windows) {
    const Window& window = judged.window;
    closing.lines.push_back(window_line(window));
    alerting::JournalRow row{.table = alerting::JournalRow::Table::window,
                             .model = window.model,
                             .model_hash = window.model_hash,
                             .stream = window.stream,
                             .run = window.run,
                             .first_ls = window.first_ls,
                             .last_ls = window.last_ls,
                             .window = window.name,
                             .monitor = {},
                             .statistic = {},
                             .quality = window.quality,
                             .line = closing.lines.back()};
    closing.commit.rows.push_back(row);
    ++totals_.windows;
    row.table = alerting::JournalRow::Table::verdict;
    for (const Verdict& verdict : judged.verdicts) {
      closing.lines.push_back(verdict_line(verdict));
      row.monitor = verdict.monitor;
      row.statistic = verdict.statistic;
      row.quality = verdict.quality;
      row.line = closing.lines.back();
      closing.commit.rows.push_back(row);
      ++totals_.verdicts;
    }
    alerting::Decision decision = stream.policy.judge(judged);
    for (std::string& id : decision.closed) closing.commit.closed_action_ids.push_back(std::move(id));
    for (Action& action : decision.actions) {
      closing.lines.push_back(action_line(action));
      closing.commit.actions.push_back(alerting::action_row(action));
      ++totals_.actions;
      closing.actions.push_back(std::move(action));
    }
    stream.snapshot.quality = judged.window.quality;
    stream.snapshot.reason = judged.window.reason;
    closing.windows.push_back(std::move(judged));
  }
}

void Judge::publish_snapshot() {
  auto snapshot = std::make_shared<Snapshot>();
  for (const auto& stream : streams_) {
    snapshot->streams.push_back(stream->snapshot);
    snapshot->open_actions += stream->policy.open_ids().size();
  }
  std::atomic_store(&snapshot_, std::shared_ptr<const Snapshot>(std::move(snapshot)));
}

}  // namespace vigil::app
