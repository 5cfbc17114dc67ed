#include "app/partial_builder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/item_facts.h"

namespace vigil::app {

// Who numbered the frames of a strand saw all of them; here only a share passes.
bool PartialBuilder::is_odd(const Item& item) {
  if (item.frame.strand) return item.frame.is_odd;
  return odd_.is_odd(item.batch);
}

PartialBuilder::Open& PartialBuilder::open_of(const Item& item, std::uint64_t odd) {
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

void PartialBuilder::take(const Item& item) {
  FrameFacts facts = facts_of(item);
  if (!facts.carries_drops_only) ++frames_;
  if (facts.rejection != Rejection::none) {
    ++rejected_;
  } else if (!facts.carries_drops_only) {
    events_ += item.batch.n;
    Open& open = open_of(item, !is_odd(item) ? 0 : apart_ ? ++odd_frames_ : 1);
    open.summary->add(item.summary);
    ++open.frames;
    facts.summary = open.number;
  }
  line_(frame_line(facts));
}

void PartialBuilder::write(const Key& key, Open& open) {
  const PartialSummary partial{open.number, {},     key.model,   key.stream,
                               key.run,     key.ls, open.frames, to_json(open.summary->take())};
  line_(summary_line(partial));
}

void PartialBuilder::finish() {
  std::vector<std::pair<const Key, Open>*> rest;
  for (auto& entry : open_) rest.push_back(&entry);
  std::sort(rest.begin(), rest.end(), [](const auto* a, const auto* b) { return a->second.number < b->second.number; });
  for (auto* entry : rest) write(entry->first, entry->second);
  open_.clear();
  next_number_ = 0;
}

}  // namespace vigil::app
