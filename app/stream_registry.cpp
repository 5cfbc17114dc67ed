#include "app/stream_registry.h"

#include "core/lhc.h"

namespace vigil::app {
namespace {

ingest::LostFacts lost_facts(const FrameHeader& h) { return {h.source, h.epoch, h.seq, h.run, h.ls}; }

std::pair<std::string_view, std::string_view> split_topic(std::string_view topic) {
  const auto slash = topic.find('/');
  if (slash == std::string_view::npos) return {topic, {}};
  return {topic.substr(0, slash), topic.substr(slash + 1)};
}

}  // namespace

MonitoredStream::MonitoredStream(std::shared_ptr<const Model> m, std::string stream, const Configuration& configuration,
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

StreamRegistry::StreamRegistry(const ModelSet& models, const Configuration& configuration,
                               std::optional<monitors::Reference> reference)
    : models_(models), configuration_(configuration), reference_(std::move(reference)) {}

std::unique_ptr<MonitoredStream> StreamRegistry::make(const std::shared_ptr<const Model>& model,
                                                      const std::string& name) const {
  std::optional<monitors::Reference> reference;
  if (reference_ && reference_->summary.model_hash == model->info().hash) reference = reference_;
  return std::make_unique<MonitoredStream>(model, name, configuration_, std::move(reference));
}

MonitoredStream* StreamRegistry::find(std::string_view model, std::string_view stream) {
  for (const auto& s : streams_) {
    if (s->name == stream && s->model->info().name == model) return s.get();
  }
  return nullptr;
}

MonitoredStream* StreamRegistry::find(const FrameHeader& header) {
  if (MonitoredStream* stream = find(header.model, header.stream)) return stream;
  const auto [stream, model] = split_topic(header.topic);
  return find(model, stream);
}

MonitoredStream* StreamRegistry::first_of_first_model() {
  const std::string& first = models_.all().front()->info().name;
  for (const auto& s : streams_) {
    if (s->model->info().name == first) return s.get();
  }
  return nullptr;
}

MonitoredStream& StreamRegistry::of(const EventBatch& batch) {
  if (MonitoredStream* known = find(batch.model, batch.stream)) return *known;
  streams_.push_back(make(*models_.find(batch.model), batch.stream));
  MonitoredStream& stream = *streams_.back();
  if (&stream == first_of_first_model()) {
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

void StreamRegistry::reject(const Item& item) {
  const FrameHeader& h = item.frame.header;
  if (MonitoredStream* stream = find(h)) {
    ingest::LostFacts lost = lost_facts(h);
    // A lumisection that contradicts its orbits is not to be believed.
    if (h.ls && h.first_orbit && h.last_orbit &&
        (*h.first_orbit > *h.last_orbit || lhc::lumisection_of(*h.first_orbit) != *h.ls ||
         lhc::lumisection_of(*h.last_orbit) != *h.ls)) {
      lost.ls = std::nullopt;
    }
    stream->sequencer.reject(lost, item.rejection);
  } else if (MonitoredStream* first = first_of_first_model()) {
    first->sequencer.reject({}, item.rejection);  // of another topic: no source of this stream
  } else {
    ++homeless_rejected_[item.rejection];
  }
}

void StreamRegistry::drop(const FrameHeader& header) {
  if (MonitoredStream* stream = find(header)) {
    stream->sequencer.drop(lost_facts(header));
  } else if (MonitoredStream* first = first_of_first_model()) {
    first->sequencer.drop({});
  } else {
    ++homeless_dropped_;
  }
}

Unplaced StreamRegistry::take_unplaced() {
  Unplaced unplaced;
  for (const auto& stream : streams_) {
    const Unplaced own = stream->sequencer.take_unplaced();
    unplaced.duplicate += own.duplicate;
    unplaced.late += own.late;
    unplaced.rejected += own.rejected;
    unplaced.dropped += own.dropped;
  }
  for (const auto& [cause, count] : homeless_rejected_) unplaced.rejected += count;
  unplaced.dropped += homeless_dropped_;
  homeless_rejected_.clear();
  homeless_dropped_ = 0;
  return unplaced;
}

}  // namespace vigil::app
