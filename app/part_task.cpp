#include "app/part_task.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/frame_facts.h"

namespace vigil::app {

bool PartTask::is_odd(const EventBatch& b) {
  const auto [known, is_new] = newest_.try_emplace({b.model, b.stream, b.source});
  Newest& newest = known->second;
  const bool goes_on = !is_new && b.epoch == newest.epoch && b.seq == newest.seq + 1 && b.run == newest.run &&
                       b.first_orbit >= newest.last_orbit;
  newest = {b.epoch, b.seq, b.run, b.last_orbit};
  return !goes_on;
}

PartTask::Open& PartTask::open_of(const Item& item, bool odd) {
  const EventBatch& b = item.batch;
  const Key key{b.model, b.stream, b.run, b.ls, odd};
  const auto [found, is_new] = open_.try_emplace(key);
  Open& open = found->second;
  open.used = ++uses_;
  if (!is_new) return open;
  open.number = next_number_++;
  const ModelInfo& model = item.model->info();
  const auto width = pileup_widths_.find(model.hash);
  open.summary = std::make_unique<monitors::OpenSummary>(model, width == pileup_widths_.end() ? 0 : width->second);
  if (open_.size() > kMostOpen) {
    const auto oldest = std::min_element(open_.begin(), open_.end(),
                                         [](const auto& a, const auto& c) { return a.second.used < c.second.used; });
    write(oldest->first, oldest->second);
    open_.erase(oldest);
  }
  return open;
}

void PartTask::take(const std::shared_ptr<Item>& item) {
  FrameFacts facts;
  facts.position = item->frame.position;
  facts.dropped_before = item->frame.dropped_before;
  facts.carries_drops_only = item->frame.parts.empty();
  if (!facts.carries_drops_only) ++frames_;
  if (item->rejection != Rejection::none) {
    ++rejected_;
    facts.rejection = item->rejection;
    facts.detail = item->detail;
    facts.header = item->frame.header;
  } else if (!facts.carries_drops_only) {
    events_ += item->batch.n;
    Open& open = open_of(*item, is_odd(item->batch));
    open.summary->add(item->summary);
    ++open.frames;
    facts.summary = open.number;
    facts.batch = item->batch;
    facts.is_foreign = item->is_foreign;
    facts.failure = item->failure;
  }
  writer_.line(frame_line(facts));
}

void PartTask::write(const Key& key, Open& open) {
  PartialSummary partial;
  partial.number = open.number;
  partial.model = key.model;
  partial.stream = key.stream;
  partial.run = key.run;
  partial.ls = key.ls;
  partial.frames = open.frames;
  partial.text = to_json(open.summary->take());
  writer_.line(summary_line(partial));
}

void PartTask::finish() {
  std::vector<std::pair<const Key, Open>*> rest;
  for (auto& entry : open_) rest.push_back(&entry);
  std::sort(rest.begin(), rest.end(), [](const auto* a, const auto* b) { return a->second.number < b->second.number; });
  for (auto* entry : rest) write(entry->first, entry->second);
  open_.clear();
}

}  // namespace vigil::app
