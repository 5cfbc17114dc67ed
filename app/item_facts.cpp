#include "app/item_facts.h"

#include <utility>

#include "app/pipeline.h"
#include "monitors/open_summary.h"

namespace vigil::app {

FrameFacts facts_of(const Item& item) {
  FrameFacts facts;
  const Frame& frame = item.frame;
  facts.position = frame.position;
  facts.strand = frame.strand;
  facts.dropped_before = frame.dropped_before;
  if (item.rejection != Rejection::none) {
    facts.rejection = item.rejection;
    facts.detail = item.detail;
    facts.header = frame.header;
    return facts;
  }
  facts.carries_drops_only = frame.partial ? item.carries_drops_only : frame.parts.empty();
  if (facts.carries_drops_only) return facts;
  facts.batch = item.batch;
  facts.is_foreign = item.is_foreign;
  facts.failure = item.failure;
  return facts;
}

PartialSummary own_summary_of(const Item& item, std::uint32_t pileup_width, std::string origin) {
  monitors::OpenSummary open(item.model->info(), pileup_width);
  open.add(item.summary);
  PartialSummary summary;
  summary.origin = std::move(origin);
  summary.model = item.batch.model;
  summary.stream = item.batch.stream;
  summary.run = item.batch.run;
  summary.ls = item.batch.ls;
  summary.frames = 1;
  summary.text = to_json(open.take());
  return summary;
}

std::shared_ptr<Item> item_from(const std::string& frame_line, std::shared_ptr<const PartialSummary> summary,
                                const ModelSet& models) {
  auto partial = std::make_shared<PartialFrame>();
  partial->line = frame_line;
  partial->summary = std::move(summary);
  auto item = std::make_shared<Item>();
  item->frame.partial = std::move(partial);
  emulate(*item, models, 0);
  return item;
}

}  // namespace vigil::app
