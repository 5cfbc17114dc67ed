#include "ingest/sequencer.h"

#include <algorithm>
#include <utility>

#include "core/lhc.h"

namespace vigil::ingest {

using Fit = SourceHistory::Fit;
using What = Refused::What;
using Why = Refused::Why;

OpenRun* Sequencer::find_run(std::uint32_t run) {
  const auto it = std::find_if(runs_.begin(), runs_.end(), [&](const OpenRun& r) { return r.run == run; });
  return it == runs_.end() ? nullptr : &*it;
}
const OpenRun* Sequencer::find_run(std::uint32_t run) const { return const_cast<Sequencer*>(this)->find_run(run); }

bool Sequencer::is_closed(const BatchFacts& batch) const {
  if (closed_runs_.contains(batch.run)) return true;
  const OpenRun* run = find_run(batch.run);
  return run != nullptr && run->any_closed && batch.ls < run->next_ls;
}

std::string Sequencer::accounted_name(const std::optional<std::string>& source) const {
  if (!source) return {};
  const auto it = sources_.find(*source);
  return it != sources_.end() && it->second.history.accepted() ? *source : std::string{};
}

// Names nobody has heard of may not fill the memory where nothing closes: beyond the bound they count without a name.
SourceCounts& Sequencer::pending_of(const std::string& source) {
  return pending_[pending_.size() < kMostSources || pending_.contains(source) ? source : std::string{}];
}

SourceCounts& Sequencer::counts_for(const std::string& source, std::optional<std::uint32_t> run,
                                    std::optional<std::uint32_t> ls) {
  if (run && ls) {
    OpenRun* open = find_run(*run);
    if (open != nullptr && *ls >= open->next_ls && *ls <= open->newest_ls + 1) return open->open[*ls].counts[source];
  }
  return pending_of(source);
}

void Sequencer::excuse(const LostFacts& batch) {
  if (!batch.source || !batch.seq) return;
  const auto it = sources_.find(*batch.source);
  if (it == sources_.end()) return;
  it->second.history.excuse(batch.epoch, *batch.seq);
  note_continuation(it);
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

void Sequencer::refuse(const BatchFacts& batch, Refused&& refused, std::vector<Step>& steps) {
  LostFacts lost{batch.source, batch.epoch, batch.seq, batch.run, batch.ls};
  // What a jump claims of run and time is not to be believed; its number is, and may be of the epoch before the jump.
  const bool jump = refused.cause == Rejection::clock_jump;
  if (jump) lost.run = lost.ls = std::nullopt;
  reject(lost, refused.cause);
  if (jump) {
    lost.epoch = std::nullopt;
    excuse(lost);
  }
  refused.source = batch.source;
  refused.counted_as = accounted_name(batch.source);
  refused.run = batch.run;
  refused.ls = batch.ls;
  steps.emplace_back(std::move(refused));
}

std::vector<Step> Sequencer::offer(const BatchFacts& batch, Payload payload) {
  std::vector<Step> steps;
  if (!has_room_for(batch.source, steps)) {
    Refused refused;
    refused.cause = Rejection::sources;
    refused.why = Why::too_many_sources;
    refused.expected = kMostSources;
    refuse(batch, std::move(refused), steps);
    return steps;
  }
  if (const OpenRun* run = find_run(batch.run); run != nullptr && run->selection != batch.selection) {
    use(batch, std::move(payload), false, steps);  // refuses it
    return steps;
  }
  resolve_held(batch, steps);
  const auto source = sources_.find(batch.source);
  const bool closed = is_closed(batch);
  Fit fit = Fit::goes_on;
  if (source != sources_.end()) {
    const OpenRun* run = find_run(batch.run);
    fit = source->second.history.fit(batch, run ? std::optional(run->index) : std::nullopt, closed);
  }
  Hold why = Hold::none;
  if (fit == Fit::restart) why = Hold::clock;
  if (fit == Fit::goes_on && !closed) why = hold_reason(batch);
  if (why == Hold::none) {
    use(batch, std::move(payload), false, steps);
  } else {
    if (why == Hold::sequence) move_clock(batch, source);  // its time is not in doubt, only its number
    hold(batch, std::move(payload), why, fit == Fit::restart);
  }
  advance(steps);
  return steps;
}

OpenRun& Sequencer::begin_run(const BatchFacts& batch) {
  OpenRun& run = runs_.emplace_back(batch.run, next_run_index_++, settings_.source_timeout_ls);
  run.selection = batch.selection;
  expect_sources(run);
  return run;
}

void Sequencer::move_clock(const BatchFacts& batch, Sources::iterator source) {
  OpenRun& run = *find_run(batch.run);
  const SourceHistory& history = source->second.history;
  const Position position{run.index, batch.ls};
  run.send(batch.source, batch.ls, history.accepted() && history.newest.run_index > run.index);
  if (history.accepted() && position <= history.newest) return;
  if (!history.accepted() || history.newest.run_index != run.index) {
    for (OpenRun& earlier : runs_) {
      if (earlier.index < run.index) earlier.leave(batch.source);
    }
  }
  set_newest(source, position);
}

void Sequencer::count_late(const BatchFacts& batch, Sources::iterator source, bool closed, std::vector<Step>& steps) {
  SourceHistory& history = source->second.history;
  const OpenRun* run = find_run(batch.run);
  history.receive_late(batch, run ? std::optional(run->index) : std::nullopt);
  ++pending_of(batch.source).late;
  Refused refused;
  refused.source = refused.counted_as = batch.source;
  refused.what = What::late;
  refused.run = batch.run;
  refused.ls = batch.ls;
  if (!closed) {
    refused.why = Why::older_epoch;
    refused.found = batch.epoch;
    refused.expected = history.epoch();
    refused.expected_run = history.newest_end().run;
    refused.expected_ls = lhc::lumisection_of(history.newest_end().last_orbit);
  } else if (run == nullptr) {
    refused.why = Why::closed_run;
    refused.expected_run = runs_.empty() ? 0 : runs_.back().run;
  } else {
    refused.expected_ls = run->next_ls;
  }
  steps.emplace_back(std::move(refused));
}

// Counts one batch as what it is: refused for its selection, duplicate, late, or placed.
void Sequencer::use(const BatchFacts& batch, Payload payload, bool restart, std::vector<Step>& steps) {
  OpenRun* run = find_run(batch.run);
  if (run != nullptr && run->selection != batch.selection) {  // perhaps held while another selection opened the run
    Refused refused;
    refused.cause = Rejection::selection;
    refused.why = Why::other_selection;
    refused.found_text = batch.selection;
    refused.expected_text = run->selection;
    refuse(batch, std::move(refused), steps);
    return;
  }
  const bool closed = is_closed(batch);
  const auto source = source_of(batch.source);
  SourceHistory& history = source->second.history;
  const Fit fit = history.fit(batch, run ? std::optional(run->index) : std::nullopt, closed);
  if (fit == Fit::duplicate || (fit == Fit::restart && !restart)) {
    ++counts_for(batch.source, batch.run, batch.ls).duplicate;
    Refused refused;
    refused.source = refused.counted_as = batch.source;
    refused.what = What::duplicate;
    refused.run = batch.run;
    refused.ls = batch.ls;
    refused.why = Why::used_number;
    refused.found = batch.seq;
    const SequenceLog* log = history.current();
    refused.expected = log != nullptr ? log->next().value_or(0) : batch.seq + 1;
    refused.expected_run = history.accepted() ? history.newest_end().run : batch.run;
    refused.expected_ls = history.accepted() ? lhc::lumisection_of(history.newest_end().last_orbit) : batch.ls;
    steps.emplace_back(std::move(refused));
    return;
  }
  if (closed || fit == Fit::old) {
    count_late(batch, source, closed, steps);
    return;
  }
  if (run == nullptr) run = &begin_run(batch);
  if (!history.accepted()) meet_expectation(batch.source);
  move_clock(batch, source);
  OpenLumisection& open = run->open[batch.ls];
  SourceCounts& counts = open.counts[batch.source];
  ++counts.batches;
  counts.ignored_annotations += batch.ignored_annotations;
  if (history.accept(batch, run->index, fit == Fit::restart)) ++counts.restarts;
  open.accounting.add(batch.source, batch.epoch, batch.seq, batch.first_orbit, batch.last_orbit);
  note_continuation(source);
  steps.emplace_back(Placed{std::move(payload), batch.run, batch.ls});
}

}  // namespace vigil::ingest
