// The sequencer's doubts: which batch is held because it claims a jump, and what its source's next batch says of it
// (docs/wire_format.md, "One batch cannot drag the clock" and "The data clock decides").
#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/lhc.h"
#include "ingest/sequencer.h"

namespace vigil::ingest {

using Why = Refused::Why;

bool Sequencer::jumps_ahead(const BatchFacts& batch) const {
  const OpenRun* run = find_run(batch.run);
  return run != nullptr && batch.ls > run->newest_ls && batch.ls - run->newest_ls > settings_.max_jump_ls;
}

bool Sequencer::jumps_in_number(const BatchFacts& batch) const {
  const auto source = sources_.find(batch.source);
  if (source == sources_.end()) return false;
  const OpenRun* run = find_run(batch.run);
  const SequenceLog* log = source->second.history.log_of(batch, run ? std::optional(run->index) : std::nullopt);
  if (log == nullptr) return false;
  const auto newest = log->newest();
  return newest && batch.seq > *newest && batch.seq - *newest > kMaxSequenceJump;
}

Sequencer::Hold Sequencer::hold_reason(const BatchFacts& batch) const {
  if (runs_.empty()) return Hold::none;
  const OpenRun* run = find_run(batch.run);
  if (run == nullptr || jumps_ahead(batch)) return Hold::clock;
  const auto known = sources_.find(batch.source);
  if (known == sources_.end() || !known->second.history.accepted()) {
    // A name never seen that goes on exactly where a known source stands is that source with a damaged name, until a
    // second batch says otherwise.
    const auto at = continuations_.lower_bound({batch.run, batch.epoch, batch.seq, 0, {}});
    const bool damaged = batch.seq > 0 && at != continuations_.end() && std::get<0>(*at) == batch.run &&
                         std::get<1>(*at) == batch.epoch && std::get<2>(*at) == batch.seq &&
                         batch.first_orbit > std::get<3>(*at);
    return damaged ? Hold::new_name : Hold::none;
  }
  const SourceHistory& history = known->second.history;
  const auto member = run->members().find(batch.source);
  if (member == run->members().end() || !member->second.heard()) return Hold::clock;
  if (batch.epoch > history.epoch()) return Hold::clock;
  const SequenceLog* log = history.log_of(batch, run->index);
  if (log == nullptr) return Hold::none;
  const auto newest = log->newest();
  if (!newest || batch.seq <= *newest) return Hold::none;
  if (batch.seq - *newest > kMaxSequenceJump) return Hold::clock;
  return batch.seq > log->next().value_or(batch.seq) ? Hold::sequence : Hold::none;
}

bool Sequencer::confirms(const Held& held, const BatchFacts& batch) const {
  const BatchFacts& first = held.batch;
  if (batch.run > first.run) return goes_on_in_later_run(held, batch);
  if (first.run != batch.run || first.epoch != batch.epoch) return false;
  const auto distance = [](auto a, auto b) { return a > b ? a - b : b - a; };
  if (distance(first.ls, batch.ls) > settings_.max_jump_ls) return false;
  if (distance(first.seq, batch.seq) > kMaxSequenceJump) return false;
  if (jumps_ahead(first) && !jumps_ahead(batch)) return false;
  if (held.restart) return confirms_restart(first, batch);
  return !jumps_in_number(first) || jumps_in_number(batch);
}

// A run of a single batch: its source's next batch is of a still later run. Runs that only grow are evidence enough
// where a damaged run number would have to lie between the two; within one run the number has to go on exactly.
bool Sequencer::goes_on_in_later_run(const Held& held, const BatchFacts& batch) const {
  const BatchFacts& first = held.batch;
  if (closed_runs_.contains(batch.run)) return false;
  const bool next_number = batch.epoch == first.epoch && batch.seq == first.seq + 1;
  const auto source = sources_.find(first.source);
  const bool known = source != sources_.end() && source->second.history.accepted();
  const std::uint32_t before = known ? source->second.history.newest_end().run : runs_.empty() ? 0 : runs_.back().run;
  if (first.run > before) {
    return batch.epoch != first.epoch || batch.seq <= first.seq || batch.seq - first.seq <= kMaxSequenceJump;
  }
  return first.run == before && next_number && !jumps_ahead(first) && !jumps_in_number(first);
}

// `first` would be a restart by the data clock. Of another epoch than the source's newest, two batches that agree say
// so. Of the same epoch its number alone may be damaged: then the next batch goes on where the source stood before.
bool Sequencer::confirms_restart(const BatchFacts& first, const BatchFacts& batch) const {
  const SourceHistory& history = sources_.at(first.source).history;
  if (first.epoch != history.epoch()) return true;
  const OpenRun* run = find_run(batch.run);
  if (!history.is_ahead(batch, run ? std::optional(run->index) : std::nullopt)) return false;
  return history.current()->received(batch.seq) || batch.seq == first.seq + 1;
}

bool Sequencer::contradicts(const Held& held, const BatchFacts& batch) const {
  const BatchFacts& first = held.batch;
  return first.epoch == batch.epoch && first.run == batch.run && batch.seq <= first.seq &&
         batch.first_orbit > first.last_orbit;
}

void Sequencer::hold(const BatchFacts& batch, Payload payload, Hold why, bool restart) {
  const std::uint64_t order = hold_order_++;
  held_[batch.source] = Held{batch, std::move(payload), why, restart, order};
  if (!sources_.contains(batch.source)) held_strangers_.emplace(order, batch.source);
}

std::vector<Sequencer::HeldBatch> Sequencer::held() const {
  std::vector<const Held*> all;
  for (const auto& [source, held] : held_) all.push_back(&held);
  std::sort(all.begin(), all.end(), [](const Held* a, const Held* b) { return a->order < b->order; });
  std::vector<HeldBatch> out;
  for (const Held* h : all) out.push_back({h->batch, h->payload, static_cast<std::uint32_t>(h->why), h->restart});
  return out;
}

void Sequencer::put_back(HeldBatch&& held) {
  if (held.why == 0 || held.why > static_cast<std::uint32_t>(Hold::new_name)) {
    throw Error("held batch", "reason " + std::to_string(held.why), "1 to 3");
  }
  const BatchFacts batch = held.batch;
  hold(batch, std::move(held.payload), static_cast<Hold>(held.why), held.restart);
}

std::optional<Sequencer::Held> Sequencer::take_held(const std::string& source) {
  const auto it = held_.find(source);
  if (it == held_.end()) return {};
  std::optional<Held> held(std::move(it->second));
  held_.erase(it);
  held_strangers_.erase(held->order);
  return held;
}

void Sequencer::refuse_held(const Held& held, const BatchFacts* next, std::vector<Step>& steps) {
  const BatchFacts& batch = held.batch;
  Refused refused;
  refused.cause = Rejection::clock_jump;
  if (next != nullptr) refused.next = LostFacts{next->source, next->epoch, next->seq, next->run, next->ls};
  const auto source = sources_.find(batch.source);
  const SourceHistory* history =
      source != sources_.end() && source->second.history.accepted() ? &source->second.history : nullptr;
  if (history != nullptr) {
    refused.expected_run = history->newest_end().run;
    refused.expected_ls = lhc::lumisection_of(history->newest_end().last_orbit);
  } else if (!runs_.empty()) {
    refused.expected_run = runs_.back().run;
    refused.expected_ls = runs_.back().newest_ls;
  }
  if (held.why == Hold::new_name) {
    refused.why = Why::unconfirmed_name;
    refused.found = batch.seq;
  } else if (history == nullptr || history->newest_end().run != batch.run) {
    refused.why = Why::unconfirmed_run;
  } else if (jumps_ahead(batch)) {
    refused.why = Why::unconfirmed_lumisection;
  } else if (batch.epoch != history->epoch()) {
    refused.why = Why::unconfirmed_epoch;
    refused.found = batch.epoch;
    refused.expected = history->epoch();
  } else {
    refused.why = Why::unconfirmed_number;
    refused.found = batch.seq;
    refused.expected = history->current()->next().value_or(0);
  }
  refuse(batch, std::move(refused), steps);
}

void Sequencer::resolve_held(const BatchFacts& next, std::vector<Step>& steps) {
  std::optional<Held> held = take_held(next.source);
  if (!held) return;
  bool accept = false;
  switch (held->why) {
    case Hold::clock:
      accept = confirms(*held, next);
      break;
    case Hold::sequence:
      accept = !contradicts(*held, next);
      break;
    case Hold::new_name:
      accept = held->batch.epoch == next.epoch && held->batch.run == next.run;
      break;
    case Hold::none:
      break;
  }
  if (!accept) {
    refuse_held(*held, &next, steps);
    return;
  }
  use(held->batch, std::move(held->payload), held->restart, steps);
  advance(steps);
}

}  // namespace vigil::ingest
