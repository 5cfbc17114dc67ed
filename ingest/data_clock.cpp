// The closing half of the sequencer: which lumisection closes when, and with which counts.
#include <algorithm>
#include <iterator>
#include <utility>

#include "ingest/sequencer.h"

namespace vigil::ingest {
namespace {
// Above this many separate stretches of closed runs the two oldest are joined: a run between them that was never seen
// then counts as closed.
constexpr std::size_t kMostClosedStretches = 4096;
}  // namespace

bool Sequencer::closes(const OpenRun& run, std::uint32_t ls) const {
  return run.newest_ls >= ls + settings_.close_after_ls || !run.waits_for_any(ls);
}

bool Sequencer::run_closes(const OpenRun& run) const {
  if (!run.waits_for_any(~0u)) return true;
  // Runs shorter than close_after_ls: each has a lumisection, so that with this many later ones somebody is far enough.
  if (runs_.back().index - run.index > settings_.close_after_ls) return true;
  return std::any_of(runs_.begin(), runs_.end(), [&](const OpenRun& later) {
    return later.index > run.index && later.longest >= settings_.close_after_ls;
  });
}

void Sequencer::close_run(std::uint32_t run) {
  closed_runs_.insert(run, run);
  const auto& stretches = closed_runs_.intervals();
  if (stretches.size() > kMostClosedStretches) {
    closed_runs_.insert(stretches.begin()->first, std::next(stretches.begin())->second);
  }
}

void Sequencer::release_before_close(std::uint32_t run, std::uint32_t ls, std::vector<Step>& steps) {
  std::vector<std::pair<std::uint64_t, std::string>> due;
  for (const auto& [source, held] : held_) {
    if (held.why == Hold::sequence || (held.why == Hold::new_name && held.batch.run == run && held.batch.ls <= ls)) {
      due.emplace_back(held.order, source);
    }
  }
  std::sort(due.begin(), due.end());
  for (const auto& [order, source] : due) {
    Held held = *take_held(source);
    if (held.why == Hold::sequence) {
      use(held.batch, std::move(held.payload), false, steps);
    } else {
      refuse_held(held, nullptr, steps);
    }
  }
}

void Sequencer::advance(std::vector<Step>& steps) {
  while (!runs_.empty()) {
    OpenRun& run = runs_.front();
    const bool run_ends = runs_.size() > 1 && run_closes(run);
    if (run.next_ls <= run.newest_ls) {
      if (!run_ends && !closes(run, run.next_ls)) return;
      release_before_close(run.run, run.next_ls, steps);
      close(runs_.front(), steps);
    } else {
      if (!run_ends) return;
      for (auto& [ls, open] : run.open) {
        for (auto& [source, counts] : open.counts) {
          add_counts(pending_of(source), counts);
        }
      }
      close_run(run.run);
      runs_.pop_front();
    }
  }
}

void Sequencer::close(OpenRun& run, std::vector<Step>& steps) {
  const std::uint32_t ls = run.next_ls;
  OpenLumisection open = run.close();
  Closed closed{run.run, ls, 0, std::move(open.counts), {}};
  for (const auto& [name, counts] : pending_) add_counts(closed.sources[name], counts);
  pending_.clear();

  static const IntervalSet nothing;
  const auto orbits_of = [&](const std::string& name) -> const IntervalSet& {
    const auto it = open.accounting.sources.find(name);
    return it == open.accounting.sources.end() ? nothing : it->second.orbits;
  };
  std::optional<IntervalSet> covered;
  for (const auto& [name, member] : run.members()) {
    switch (run.membership(member)) {
      case OpenRun::Membership::none:
        break;
      case OpenRun::Membership::in_set:
        closed.sources[name];
        if (!covered) {
          covered = orbits_of(name);
        } else if (settings_.split_sources) {
          *covered |= orbits_of(name);
        } else {
          *covered &= orbits_of(name);
        }
        break;
      case OpenRun::Membership::silent:
        if (is_optional(name)) break;
        closed.sources[name].silent_since_ls = run.silent_since(member);
        closed.silent.push_back({name, run.run, run.silent_since(member)});
        break;
    }
  }
  if (covered) closed.covered_orbits = covered->size();

  const auto due = [&](const BatchEnd& end) {
    return end.run == run.run ? lumisection_after(end) <= ls : closed_runs_.contains(end.run);
  };
  for (auto& [name, source] : sources_) {
    if (const std::uint64_t missing = source.history.settle(due); missing > 0) closed.sources[name].missing += missing;
  }
  for (const auto& [name, batches] : open.accounting.sources) {
    closed.sources[name].covered_orbits = batches.orbits.size();
  }
  steps.emplace_back(std::move(closed));
}

std::vector<Step> Sequencer::end() {
  std::vector<Step> steps;
  std::vector<Held> released;
  for (auto& [name, held] : held_) released.push_back(std::move(held));
  held_.clear();
  held_strangers_.clear();
  std::sort(released.begin(), released.end(), [](const Held& a, const Held& b) { return a.order < b.order; });
  for (Held& held : released) {
    if (held.why == Hold::new_name) {
      refuse_held(held, nullptr, steps);  // a damaged name, as far as anyone can tell
    } else {
      use(held.batch, std::move(held.payload), held.restart, steps);
    }
  }
  advance(steps);
  while (!runs_.empty()) {
    OpenRun& run = runs_.front();
    while (run.next_ls <= run.newest_ls) {
      const bool last = run.next_ls == run.newest_ls;
      if (last) {  // what was lost beyond the newest batch has no line of its own
        for (auto it = run.open.upper_bound(run.newest_ls); it != run.open.end(); it = run.open.erase(it)) {
          for (auto& [source, counts] : it->second.counts) {
            add_counts(run.open[run.newest_ls].counts[source], counts);
          }
        }
      }
      close(run, steps);
    }
    if (runs_.size() == 1) break;  // the newest run stays known: the rest of its last lumisection is late
    close_run(run.run);
    runs_.pop_front();
  }
  return steps;
}

Unplaced Sequencer::take_unplaced() {
  Unplaced unplaced;
  for (const auto& [name, counts] : pending_) {
    unplaced.duplicate += counts.duplicate;
    unplaced.late += counts.late;
    unplaced.rejected += counts.rejected;
    unplaced.dropped += counts.dropped;
  }
  pending_.clear();
  return unplaced;
}

}  // namespace vigil::ingest
