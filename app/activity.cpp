#include "app/activity.h"

#include <algorithm>
#include <utility>

namespace vigil::app {

void Tally::clear() {
  for (Counter& counter : counts_) counter.store(0, std::memory_order_relaxed);
  for (Counter& counter : by_cause_) counter.store(0, std::memory_order_relaxed);
}

SourceCounts Tally::counts() const {
  const auto of = [&](Outcome outcome) { return counts_[outcome].load(std::memory_order_relaxed); };
  SourceCounts c;
  c.batches = of(batches);
  c.missing = of(missing);
  c.duplicate = of(duplicate);
  c.late = of(late);
  c.rejected = of(rejected);
  c.dropped = of(dropped);
  c.restarts = of(restarts);
  c.ignored_annotations = of(ignored_annotations);
  for (std::size_t i = 0; i < by_cause_.size(); ++i) {
    const std::uint64_t count = by_cause_[i].load(std::memory_order_relaxed);
    if (count > 0) c.rejected_by[std::string(to_string(static_cast<Rejection>(i)))] = count;
  }
  return c;
}

StreamActivity::StreamActivity(std::string m, std::string hash, std::string s)
    : model(std::move(m)), model_hash(std::move(hash)), stream(std::move(s)) {}

SourceActivity& StreamActivity::of(std::string_view source) {
  if (const auto it = by_name_.find(source); it != by_name_.end()) return *it->second;
  auto sources = std::make_shared<Sources>(*sources_);
  if (sources->size() >= kMostSources) {
    const auto oldest = std::min_element(sources->begin(), sources->end(), [](const auto& a, const auto& b) {
      return a->newest_batch_ns.load() < b->newest_batch_ns.load();
    });
    by_name_.erase((*oldest)->name);
    sources->erase(oldest);
  }
  auto added = std::make_shared<SourceActivity>(std::string(source));
  by_name_.emplace(added->name, added);
  sources->push_back(added);
  std::atomic_store(&sources_, std::shared_ptr<const Sources>(std::move(sources)));
  return *added;
}

void StreamActivity::begin_run(std::uint32_t begun) {
  run = begun;
  for (const auto& source : *sources_) {
    source->in_run.clear();
    source->silent_since_ls = 0;
  }
}

StreamActivity& Activity::add(const std::string& model, const std::string& model_hash, const std::string& stream) {
  auto streams = std::make_shared<Streams>(*streams_);
  streams->push_back(std::make_shared<StreamActivity>(model, model_hash, stream));
  StreamActivity& added = *streams->back();
  std::atomic_store(&streams_, std::shared_ptr<const Streams>(std::move(streams)));
  return added;
}

void Activity::remove(const StreamActivity& stream) {
  auto streams = std::make_shared<Streams>(*streams_);
  std::erase_if(*streams, [&](const auto& s) { return s.get() == &stream; });
  std::atomic_store(&streams_, std::shared_ptr<const Streams>(std::move(streams)));
}

}  // namespace vigil::app
