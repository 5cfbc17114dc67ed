// The closing half of the sequencer: which lumisection closes when, and with which counts.
#include <algorithm>
#include <utility>

#include "core/lhc.h"
#include "ingest/sequencer.h"

namespace vigil::ingest {

// Whether a source that sent in this run is in the set at lumisection `ls` of it. The set is the run's own: what a
// source did in another run does not show in this run's lines.
bool Sequencer::in_set(const Run& run, const std::string& source, std::uint32_t ls) const {
  const auto first = run.first_ls.find(source);
  return first != run.first_ls.end() && first->second <= ls &&
         ls <= run.newest_of.at(source) + settings_.source_timeout_ls;
}

bool Sequencer::closes(const Run& run, std::uint32_t ls) const {
  const Position here{run.index, ls};
  bool all_later = true;
  for (const auto& [name, newest] : run.newest_of) {
    if (newest >= ls + settings_.close_after_ls) return true;
    const bool silent = run.newest_ls > newest + settings_.source_timeout_ls;
    if (!silent && sources_.at(name).newest <= here) all_later = false;
  }
  return all_later;
}

bool Sequencer::run_closes(const Run& run) const {
  bool all_left = true;
  for (const auto& [name, newest] : run.newest_of) {
    const bool silent = run.newest_ls > newest + settings_.source_timeout_ls;
    if (!silent && sources_.at(name).newest.run_index <= run.index) all_left = false;
  }
  if (all_left) return true;
  for (const Run& later : runs_) {
    if (later.index <= run.index) continue;
    for (const auto& [source, first] : later.first_ls) {
      if (later.newest_of.at(source) >= first + settings_.close_after_ls) return true;
    }
  }
  return false;
}

void Sequencer::release_before_close(std::uint32_t run, std::uint32_t ls, std::vector<Step>& steps) {
  std::vector<Held> released;
  for (auto it = held_.begin(); it != held_.end();) {
    const Held& held = it->second;
    const bool due =
        held.why == Hold::sequence || (held.why == Hold::new_name && held.batch.run == run && held.batch.ls <= ls);
    if (due) released.push_back(std::move(it->second));
    it = due ? held_.erase(it) : std::next(it);
  }
  std::sort(released.begin(), released.end(), [](const Held& a, const Held& b) { return a.order < b.order; });
  for (Held& held : released) {
    if (held.why == Hold::sequence) {
      use(held.batch, std::move(held.payload), steps);
    } else {
      refuse(held.batch, Rejection::clock_jump, steps);
    }
  }
}

void Sequencer::advance(std::vector<Step>& steps) {
  while (!runs_.empty()) {
    Run& run = runs_.front();
    const bool run_ends = runs_.size() > 1 && run_closes(run);
    if (run.next_ls <= run.newest_ls) {
      if (!run_ends && !closes(run, run.next_ls)) return;
      release_before_close(run.run, run.next_ls, steps);
      close(runs_.front(), steps);
    } else {
      if (!run_ends) return;
      for (auto& [ls, open] : run.open) {
        for (auto& [source, counts] : open.counts) {
          add_counts(pending_[source], counts);
        }
      }
      closed_runs_.insert(run.run);
      runs_.pop_front();
    }
  }
}

std::uint64_t Sequencer::covered(const Run& run, std::uint32_t ls, const OpenLumisection& open) const {
  bool any = false;
  IntervalSet all;
  for (const auto& [name, first] : run.first_ls) {
    if (!in_set(run, name, ls)) continue;
    const auto orbits = open.orbits.find(name);
    const IntervalSet own = orbits == open.orbits.end() ? IntervalSet{} : orbits->second;
    if (!any || settings_.split_sources) {
      all |= own;
    } else {
      all &= own;
    }
    any = true;
  }
  return all.size();
}

void Sequencer::close(Run& run, std::vector<Step>& steps) {
  const std::uint32_t ls = run.next_ls;
  OpenLumisection open = std::move(run.open[ls]);
  run.open.erase(ls);
  Closed closed{run.run, ls, covered(run, ls, open), std::move(open.counts)};
  for (const auto& [name, counts] : pending_) add_counts(closed.sources[name], counts);
  pending_.clear();
  const auto due = [&](const BatchEnd& end) {
    if (end.run != run.run) return closed_runs_.contains(end.run);
    return end.last_orbit == ~0u || lhc::lumisection_of(end.last_orbit + 1) <= ls;
  };
  for (auto& [name, source] : sources_) {
    std::uint64_t missing = 0;
    for (auto& [epoch, log] : source.logs) missing += log.settle(due);
    if (!in_set(run, name, ls) && missing == 0 && !closed.sources.contains(name)) continue;
    SourceCounts& counts = closed.sources[name];
    counts.missing += missing;
    const auto orbits = open.orbits.find(name);
    counts.covered_orbits = orbits == open.orbits.end() ? 0 : orbits->second.size();
  }
  run.any_closed = true;
  run.next_ls = ls + 1;
  steps.emplace_back(std::move(closed));
}

std::vector<Step> Sequencer::end() {
  std::vector<Step> steps;
  std::vector<Held> released;
  for (auto& [name, held] : held_) released.push_back(std::move(held));
  held_.clear();
  std::sort(released.begin(), released.end(), [](const Held& a, const Held& b) { return a.order < b.order; });
  for (Held& held : released) {
    if (held.why == Hold::new_name) {
      refuse(held.batch, Rejection::clock_jump, steps);  // a damaged name, as far as anyone can tell
    } else {
      use(held.batch, std::move(held.payload), steps);
    }
  }
  advance(steps);
  while (!runs_.empty()) {
    Run& run = runs_.front();
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
    closed_runs_.insert(run.run);
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
