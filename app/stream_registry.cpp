#include "app/stream_registry.h"

#include <algorithm>

#include "core/lhc.h"

namespace vigil::app {
namespace {

ingest::LostFacts lost_facts(const FrameHeader& h) { return {h.source, h.epoch, h.seq, h.run, h.ls}; }

}  // namespace

MonitoredStream::MonitoredStream(std::shared_ptr<const Model> m, std::string stream, const Configuration& configuration,
                                 std::optional<monitors::References> reference)
    : model(std::move(m)),
      name(std::move(stream)),
      prescales(configuration.monitors.prescales),
      sequencer(configuration.sequencer),
      monitor(model->info(), name, configuration.monitors, reference),
      policy(model->info(), name,
             {.cool_down_ls = configuration.cool_down_ls,
              .broad_inputs = configuration.broad_inputs,
              .act_when = configuration.act_when,
              .budget_per_day = configuration.budget_per_day,
              .verify_ls = configuration.verify_ls}),
      facts(reference ? configuration.reference : "learn:" + std::to_string(configuration.monitors.learn_ls)) {
  snapshot.model = model->info().name;
  snapshot.model_hash = model->info().hash;
  snapshot.stream = name;
}

bool MonitoredStream::is_off(const std::vector<std::int64_t>& columns, const std::string& seed) const {
  return std::any_of(columns.begin(), columns.end(),
                     [&](std::int64_t column) { return monitors::is_off(prescales, column, seed); });
}

void add_counts(Unplaced& to, const Unplaced& from) {
  to.duplicate += from.duplicate;
  to.late += from.late;
  to.rejected += from.rejected;
  to.dropped += from.dropped;
}

StreamRegistry::StreamRegistry(const ModelSet& models, const Configuration& configuration,
                               std::optional<monitors::References> reference, std::size_t most_streams)
    : models_(models), configuration_(configuration), reference_(std::move(reference)), most_streams_(most_streams) {}

std::unique_ptr<MonitoredStream> StreamRegistry::make(const std::shared_ptr<const Model>& model,
                                                      const std::string& name) const {
  std::optional<monitors::References> reference;
  if (reference_ && reference_->model_hash() == model->info().hash) reference = reference_;
  auto stream = std::make_unique<MonitoredStream>(model, name, configuration_, std::move(reference));
  if (ask_succeeded_) {
    stream->policy.ask_succeeded(
        [ask = ask_succeeded_, of = model->info().name, name](const std::string& hash) { return ask(of, name, hash); });
  }
  return stream;
}

MonitoredStream* StreamRegistry::find(std::string_view model, std::string_view stream) {
  const auto it = by_name_.find({model, stream});
  return it == by_name_.end() ? nullptr : it->second;
}

MonitoredStream* StreamRegistry::find(const FrameHeader& header) {
  if (MonitoredStream* stream = find(header.model, header.stream)) return stream;
  // <stream>/<model>, and both may hold slashes.
  const std::string_view topic = header.topic;
  for (auto slash = topic.find('/'); slash != std::string_view::npos; slash = topic.find('/', slash + 1)) {
    if (MonitoredStream* stream = find(topic.substr(slash + 1), topic.substr(0, slash))) return stream;
  }
  return nullptr;
}

void StreamRegistry::find_first_of_first_model() {
  const std::string& model = models_.all().front()->info().name;
  const auto it = std::find_if(streams_.begin(), streams_.end(),
                               [&](const auto& stream) { return stream->model->info().name == model; });
  first_ = it == streams_.end() ? nullptr : it->get();
}

MonitoredStream& StreamRegistry::add(std::unique_ptr<MonitoredStream> added) {
  MonitoredStream& stream = *streams_.emplace_back(std::move(added));
  by_name_[{stream.model->info().name, stream.name}] = &stream;
  stream.activity = &activity_.add(stream.model->info().name, stream.model->info().hash, stream.name);
  stream.last_used = ++uses_;
  if (first_ == nullptr) find_first_of_first_model();
  return stream;
}

MonitoredStream& StreamRegistry::of(const EventBatch& batch) {
  if (MonitoredStream* known = find(batch.model, batch.stream)) {
    known->last_used = ++uses_;
    return *known;
  }
  MonitoredStream& stream = add(make(*models_.find(batch.model), batch.stream));
  follow_newest(stream, true);
  stream.order = next_order_++;
  if (&stream == first_) {
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

MonitoredStream* StreamRegistry::leaves_for(const EventBatch& batch) {
  if (streams_.size() < most_streams_ || find(batch.model, batch.stream) != nullptr) return nullptr;
  return std::min_element(streams_.begin(), streams_.end(),
                          [](const auto& a, const auto& b) { return a->last_used < b->last_used; })
      ->get();
}

void StreamRegistry::give_up(MonitoredStream& stream, StateChanges& state) {
  // Whatever save() would write for it is deleted.
  StateChanges saved;
  save(stream, saved);
  for (const auto& [key, value] : saved) state[key] = std::nullopt;
  activity_.remove(*stream.activity);
  by_name_.erase({stream.model->info().name, stream.name});
  std::erase_if(streams_, [&](const auto& s) { return s.get() == &stream; });
  find_first_of_first_model();
}

// For status, what the sequencer counts for the lines. Without a cause: dropped.
void StreamRegistry::count(MonitoredStream* stream, const FrameHeader& header, Rejection cause) {
  const auto add = [&](Tally& tally) {
    if (cause == Rejection::none) {
      tally.add(Tally::dropped);
    } else {
      tally.add_rejected(cause);
    }
  };
  if (stream == nullptr) {
    add(activity_.unplaced);
    return;
  }
  // A name that no batch in use has is not believed, as in the lines.
  StreamActivity& activity = *stream->activity;
  const bool own = stream == find(header);
  const std::string name = own && header.source && activity.knows(*header.source) ? *header.source : std::string{};
  SourceActivity& source = activity.of(name);
  add(source.in_run);
  add(source.in_program);
}

MonitoredStream* StreamRegistry::reject(const Item& item) {
  const FrameHeader& h = item.frame.header;
  MonitoredStream* stream = find(h);
  if (stream != nullptr) {
    ingest::LostFacts lost = lost_facts(h);
    // A lumisection that contradicts its orbits is not to be believed.
    if (h.ls && h.first_orbit && h.last_orbit &&
        (*h.first_orbit > *h.last_orbit || lhc::lumisection_of(*h.first_orbit) != *h.ls ||
         lhc::lumisection_of(*h.last_orbit) != *h.ls)) {
      lost.ls = std::nullopt;
    }
    stream->sequencer.reject(lost, item.rejection);
    stream->has_changed = true;
  } else if ((stream = first_) != nullptr) {
    stream->sequencer.reject({}, item.rejection);  // of another topic: no source of this stream
    stream->has_changed = true;
  } else {
    ++homeless_rejected_[item.rejection];
  }
  count(stream, h, item.rejection);
  return stream;
}

MonitoredStream* StreamRegistry::drop(const FrameHeader& header) {
  MonitoredStream* stream = find(header);
  if (stream != nullptr) {
    stream->sequencer.drop(lost_facts(header));
    stream->has_changed = true;
  } else if ((stream = first_) != nullptr) {
    stream->sequencer.drop({});
    stream->has_changed = true;
  } else {
    ++homeless_dropped_;
  }
  count(stream, header, Rejection::none);
  return stream;
}

Unplaced StreamRegistry::take_unplaced() {
  Unplaced unplaced;
  for (const auto& stream : streams_) add_counts(unplaced, stream->sequencer.take_unplaced());
  for (const auto& [cause, count] : homeless_rejected_) unplaced.rejected += count;
  unplaced.dropped += homeless_dropped_;
  homeless_rejected_.clear();
  homeless_dropped_ = 0;
  return unplaced;
}

}  // namespace vigil::app
