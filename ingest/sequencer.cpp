#include "ingest/sequencer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/lhc.h"

namespace vigil::ingest {
namespace {

constexpr std::size_t kMostEpochs = 16;

}  // namespace

void add_counts(SourceCounts& to, const SourceCounts& from) {
  to.batches += from.batches;
  to.missing += from.missing;
  to.duplicate += from.duplicate;
  to.late += from.late;
  to.rejected += from.rejected;
  to.dropped += from.dropped;
  to.restarts += from.restarts;
  to.ignored_annotations += from.ignored_annotations;
  for (const auto& [cause, count] : from.rejected_by) to.rejected_by[cause] += count;
}

Sequencer::Run* Sequencer::find_run(std::uint32_t run) {
  const auto it = std::find_if(runs_.begin(), runs_.end(), [&](const Run& r) { return r.run == run; });
  return it == runs_.end() ? nullptr : &*it;
}

SequenceLog& Sequencer::log_of(SourceState& source, std::uint64_t epoch) {
  const auto it = source.logs.find(epoch);
  if (it != source.logs.end()) return it->second;
  const bool restart = source.accepted > 0 && epoch > source.epoch;
  SequenceLog& log =
      source.logs.emplace(epoch, SequenceLog(restart ? std::optional(source.newest_end) : std::nullopt)).first->second;
  if (source.logs.size() > kMostEpochs) {
    const auto oldest = source.logs.begin();
    if (oldest->first != epoch) source.logs.erase(oldest);
  }
  return log;
}

std::string Sequencer::accounted_name(const std::optional<std::string>& source) const {
  if (!source) return {};
  const auto it = sources_.find(*source);
  return it != sources_.end() && it->second.accepted > 0 ? *source : std::string{};
}

SourceCounts& Sequencer::counts_for(const std::string& source, std::optional<std::uint32_t> run,
                                    std::optional<std::uint32_t> ls) {
  if (run && ls) {
    Run* open = find_run(*run);
    if (open != nullptr && *ls >= open->next_ls && *ls <= open->newest_ls + 1) return open->open[*ls].counts[source];
  }
  return pending_[source];
}

void Sequencer::excuse(const LostFacts& batch) {
  if (!batch.source || !batch.seq) return;
  const auto it = sources_.find(*batch.source);
  if (it == sources_.end() || it->second.accepted == 0) return;
  SourceState& source = it->second;
  const auto log = source.logs.find(batch.epoch.value_or(source.epoch));
  if (log != source.logs.end()) log->second.excuse(*batch.seq);
}

void Sequencer::reject(const LostFacts& batch, Rejection cause) {
  SourceCounts& counts = counts_for(accounted_name(batch.source), batch.run, batch.ls);
  ++counts.rejected;
  ++counts.rejected_by[std::string(to_string(cause))];
  excuse(batch);
}

void Sequencer::drop(const LostFacts& batch) {
  ++counts_for(accounted_name(batch.source), batch.run, batch.ls).dropped;
  excuse(batch);
}

void Sequencer::refuse(const BatchFacts& batch, Rejection cause, std::vector<Step>& steps) {
  LostFacts lost{batch.source, batch.epoch, batch.seq, batch.run, batch.ls};
  // What a jump claims of run and time is not to be believed; its number is, and may be of the epoch before the jump.
  if (cause == Rejection::clock_jump) lost.run = lost.ls = std::nullopt;
  reject(lost, cause);
  if (cause == Rejection::clock_jump) {
    lost.epoch = std::nullopt;
    excuse(lost);
  }
  steps.emplace_back(Refused{accounted_name(batch.source), Refused::What::rejected, cause, batch.run, batch.ls, {}});
}

Sequencer::Hold Sequencer::hold_reason(const BatchFacts& batch) const {
  if (runs_.empty()) return Hold::none;
  const auto run = std::find_if(runs_.begin(), runs_.end(), [&](const Run& r) { return r.run == batch.run; });
  if (run == runs_.end()) return Hold::clock;
  if (batch.ls > run->newest_ls && batch.ls - run->newest_ls > settings_.max_jump_ls) return Hold::clock;
  const auto known = sources_.find(batch.source);
  if (known == sources_.end() || known->second.accepted == 0) {
    // A name never seen that goes on exactly where a known source stands is that source with a damaged name, until a
    // second batch says otherwise.
    for (const auto& [name, source] : sources_) {
      if (source.accepted < 2 || source.epoch != batch.epoch || source.newest_end.run != batch.run) continue;
      const auto log = source.logs.find(batch.epoch);
      if (batch.seq > 0 && log != source.logs.end() && log->second.next() == batch.seq &&
          batch.first_orbit > source.newest_end.last_orbit) {
        return Hold::new_name;
      }
    }
    return Hold::none;
  }
  const SourceState& source = known->second;
  if (!run->first_ls.contains(batch.source)) return Hold::clock;
  if (batch.epoch > source.epoch) return Hold::clock;
  const auto log = source.logs.find(batch.epoch);
  if (log == source.logs.end()) return Hold::none;
  const auto newest = log->second.newest();
  if (!newest || batch.seq <= *newest) return Hold::none;
  if (batch.seq - *newest > kMaxSequenceJump) return Hold::clock;
  return batch.seq > log->second.next().value_or(batch.seq) ? Hold::sequence : Hold::none;
}

bool Sequencer::confirms(const Held& held, const BatchFacts& batch) const {
  const BatchFacts& first = held.batch;
  if (first.run != batch.run || first.epoch != batch.epoch) return false;
  const auto distance = [](auto a, auto b) { return a > b ? a - b : b - a; };
  if (distance(first.ls, batch.ls) > settings_.max_jump_ls) return false;
  if (distance(first.seq, batch.seq) > kMaxSequenceJump) return false;
  const auto run = std::find_if(runs_.begin(), runs_.end(), [&](const Run& r) { return r.run == batch.run; });
  const auto ls_jump = [&](const BatchFacts& b) {
    return run != runs_.end() && b.ls > run->newest_ls && b.ls - run->newest_ls > settings_.max_jump_ls;
  };
  const auto seq_jump = [&](const BatchFacts& b) {
    const auto source = sources_.find(b.source);
    if (source == sources_.end()) return false;
    const auto log = source->second.logs.find(b.epoch);
    if (log == source->second.logs.end()) return false;
    const auto newest = log->second.newest();
    return newest && b.seq > *newest && b.seq - *newest > kMaxSequenceJump;
  };
  return (!ls_jump(first) || ls_jump(batch)) && (!seq_jump(first) || seq_jump(batch));
}

bool Sequencer::contradicts(const Held& held, const BatchFacts& batch) const {
  const BatchFacts& first = held.batch;
  return first.epoch == batch.epoch && first.run == batch.run && batch.seq <= first.seq &&
         batch.first_orbit > first.last_orbit;
}

bool Sequencer::is_late(const BatchFacts& batch) {
  if (closed_runs_.contains(batch.run)) return true;
  const Run* run = find_run(batch.run);
  if (run != nullptr && run->any_closed && batch.ls < run->next_ls) return true;
  const auto source = sources_.find(batch.source);
  return source != sources_.end() && source->second.accepted > 0 && batch.epoch < source->second.epoch;
}

void Sequencer::resolve_held(const BatchFacts& next, std::vector<Step>& steps) {
  const auto it = held_.find(next.source);
  if (it == held_.end()) return;
  Held held = std::move(it->second);
  held_.erase(it);
  bool accept = false;
  switch (held.why) {
    case Hold::clock:
      accept = confirms(held, next);
      break;
    case Hold::sequence:
      accept = !contradicts(held, next);
      break;
    case Hold::new_name:
      accept = held.batch.epoch == next.epoch && held.batch.run == next.run;
      break;
    case Hold::none:
      break;
  }
  if (!accept) {
    refuse(held.batch, Rejection::clock_jump, steps);
    return;
  }
  use(held.batch, std::move(held.payload), steps);
  advance(steps);
}

std::vector<Step> Sequencer::offer(const BatchFacts& batch, Payload payload) {
  std::vector<Step> steps;
  const auto known = sources_.find(batch.source);
  if (known == sources_.end() && !held_.contains(batch.source) && sources_.size() + held_.size() >= kMostSources) {
    refuse(batch, Rejection::sources, steps);
    return steps;
  }
  if (const Run* run = find_run(batch.run); run != nullptr && run->selection != batch.selection) {
    refuse(batch, Rejection::selection, steps);
    return steps;
  }
  resolve_held(batch, steps);
  const auto source = sources_.find(batch.source);
  const bool repeat = source != sources_.end() && source->second.logs.contains(batch.epoch) &&
                      source->second.logs.at(batch.epoch).received(batch.seq);
  const Hold why = repeat || is_late(batch) ? Hold::none : hold_reason(batch);
  if (why == Hold::none) {
    use(batch, std::move(payload), steps);
  } else {
    if (why == Hold::sequence) move_clock(batch);  // its time is not in doubt, only its number
    held_[batch.source] = Held{batch, std::move(payload), why, hold_order_++};
  }
  advance(steps);
  return steps;
}

void Sequencer::move_clock(const BatchFacts& batch) {
  Run* run = find_run(batch.run);
  SourceState& source = sources_[batch.source];
  if (!run->any_closed && (run->newest_ls == 0 || batch.ls < run->next_ls)) run->next_ls = batch.ls;
  run->newest_ls = std::max(run->newest_ls, batch.ls);
  const auto [first, is_new] = run->first_ls.emplace(batch.source, batch.ls);
  if (!is_new) first->second = std::min(first->second, batch.ls);
  std::uint32_t& newest = run->newest_of[batch.source];
  newest = std::max(newest, batch.ls);
  const Position position{run->index, batch.ls};
  if (source.accepted == 0 || position > source.newest) source.newest = position;
}

// Counts one batch as what it is: duplicate, late, or placed.
void Sequencer::use(const BatchFacts& batch, Payload payload, std::vector<Step>& steps) {
  if (const Run* run = find_run(batch.run); run != nullptr && run->selection != batch.selection) {
    refuse(batch, Rejection::selection, steps);  // was held while another selection opened the run
    return;
  }
  const bool late = is_late(batch);
  SourceState& source = sources_[batch.source];
  SequenceLog& log = log_of(source, batch.epoch);
  if (log.received(batch.seq)) {
    ++counts_for(batch.source, batch.run, batch.ls).duplicate;
    steps.emplace_back(Refused{batch.source, Refused::What::duplicate, {}, batch.run, batch.ls, {}});
    return;
  }
  const BatchEnd end{batch.run, batch.last_orbit};
  log.receive(batch.seq, end);
  if (late) {
    ++pending_[batch.source].late;
    steps.emplace_back(Refused{batch.source, Refused::What::late, {}, batch.run, batch.ls, {}});
    return;
  }
  Run* run = find_run(batch.run);
  if (run == nullptr) {
    Run begun;
    begun.run = batch.run;
    begun.index = next_run_index_++;
    begun.selection = batch.selection;
    runs_.push_back(std::move(begun));
    run = &runs_.back();
  }
  move_clock(batch);
  OpenLumisection& open = run->open[batch.ls];
  SourceCounts& counts = open.counts[batch.source];
  ++counts.batches;
  counts.ignored_annotations += batch.ignored_annotations;
  if (source.accepted > 0 && batch.epoch > source.epoch) ++counts.restarts;
  open.orbits[batch.source].insert(batch.first_orbit, batch.last_orbit);
  if (source.accepted == 0 || batch.epoch > source.epoch) source.epoch = batch.epoch;
  if (source.accepted == 0 || source.newest == Position{run->index, batch.ls}) source.newest_end = end;
  ++source.accepted;
  steps.emplace_back(Placed{std::move(payload), batch.run, batch.ls});
}

}  // namespace vigil::ingest
