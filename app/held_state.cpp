#include "app/held_state.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "app/item_facts.h"
#include "core/error.h"
#include "core/json_text.h"

namespace vigil::app {
namespace {

using nlohmann::json;

// A summary, with what tells it from all others.
json summary_json(const PartialSummary& summary) {
  return {{"origin", summary.origin}, {"line", summary_line(summary)}};
}

std::shared_ptr<const PartialSummary> summary_from(const json& value, const std::string& where) {
  auto summary = std::make_shared<PartialSummary>(summary_from_line(value.at("line").get<std::string>(), where));
  summary->origin = value.at("origin").get<std::string>();
  return summary;
}

// `read` of a JSON array; what is wrong with it as an Error.
template <class Read>
void each_of(const std::string& text, const char* where, Read&& read) {
  try {
    const json list = json::parse(text);
    if (!list.is_array()) throw Error(where, "no list", "a list");
    for (const json& entry : list) read(entry);
  } catch (const json::exception& e) {
    throw Error(where, e.what(), "what an earlier vigil wrote");
  }
}

}  // namespace

ingest::BatchFacts batch_facts(const EventBatch& b) {
  return {b.source, b.epoch, b.seq, b.run, b.ls, b.first_orbit, b.last_orbit, b.selection, b.ignored_annotations};
}

std::string held_text(const ingest::Sequencer& sequencer, std::uint32_t pileup_width) {
  json list = json::array();
  for (const ingest::Sequencer::HeldBatch& held : sequencer.held()) {
    const Item& item = *static_cast<const Item*>(held.payload.get());
    std::shared_ptr<const PartialSummary> summary = item.frame.partial ? item.frame.partial->summary : nullptr;
    if (!summary) {
      summary = std::make_shared<PartialSummary>(
          own_summary_of(item, pileup_width, "held " + item.batch.source + " " + item.frame.position));
    }
    FrameFacts facts = facts_of(item);
    facts.dropped_before.clear();  // counted when the frame came
    facts.summary = summary->number;
    list.push_back({{"why", held.why},
                    {"restart", held.restart},
                    {"frame", frame_line(facts)},
                    {"summary", summary_json(*summary)}});
  }
  return json_text(list);
}

void put_back_held(const std::string& text, ingest::Sequencer& sequencer, const ModelSet& models) {
  each_of(text, "held", [&](const json& entry) {
    auto item = item_from(entry.at("frame").get<std::string>(), summary_from(entry.at("summary"), "held"), models);
    if (item->rejection != Rejection::none || item->model == nullptr) throw Error("held", "no batch", "a held batch");
    const ingest::BatchFacts facts = batch_facts(item->batch);
    sequencer.put_back({facts, std::move(item), entry.at("why").get<std::uint32_t>(), entry.at("restart").get<bool>()});
  });
}

std::string shares_text(const OpenLumisection& open) {
  if (open.shares().empty()) return {};
  json list = json::array();
  for (const auto& [key, share] : open.shares()) {
    list.push_back({{"positions", share.positions}, {"summary", summary_json(*share.summary)}});
  }
  return json_text(list);
}

void put_back_shares(const std::string& text, OpenLumisection& open) {
  each_of(text, "shares", [&](const json& entry) {
    open.put_back({summary_from(entry.at("summary"), "shares"), entry.at("positions").get<std::vector<std::string>>()});
  });
}

}  // namespace vigil::app
