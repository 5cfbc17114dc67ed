// The sequencer's sources: who is known and in which order they were last heard, who is expected, who is given up.
#include <algorithm>
#include <utility>

#include "ingest/sequencer.h"

namespace vigil::ingest {

bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Sequencer::Sources::iterator Sequencer::source_of(const std::string& name) {
  const auto [it, is_new] = sources_.try_emplace(name);
  if (is_new) by_age_.emplace(it->second.history.newest, it->first);
  return it;
}

void Sequencer::set_newest(Sources::iterator source, Position newest) {
  Position& known = source->second.history.newest;
  if (known == newest) return;
  auto node = by_age_.extract({known, source->first});
  node.value().first = known = newest;
  by_age_.insert(std::move(node));
}

// Keeps continuations_ at what the source would send next.
void Sequencer::note_continuation(Sources::iterator source) {
  const SourceHistory& history = source->second.history;
  if (history.batches() < 2) return;
  const Continuation now{history.newest_end().run, history.epoch(), history.current()->next().value_or(0),
                         history.newest_end().last_orbit, source->first};
  std::optional<Continuation>& known = source->second.continuation;
  if (known == now) return;
  if (known) {
    auto node = continuations_.extract(*known);
    node.value() = now;
    continuations_.insert(std::move(node));
  } else {
    continuations_.insert(now);
  }
  known = now;
}

// A source that was never seen again makes room: the one heard longest ago that has sent in no open run. Its numbers
// that nobody has counted yet count in the next line.
bool Sequencer::give_up_oldest() {
  for (const auto& [position, name] : by_age_) {
    const auto source = sources_.find(std::string(name));
    SourceHistory& history = source->second.history;
    if (history.accepted() && !runs_.empty() && position.run_index >= runs_.front().index) return false;
    if (held_.contains(source->first)) continue;
    const std::uint64_t missing = history.settle([](const BatchEnd&) { return true; });
    if (missing > 0) pending_of(source->first).missing += missing;
    if (source->second.continuation) continuations_.erase(*source->second.continuation);
    by_age_.erase({position, name});
    sources_.erase(source);
    return true;
  }
  return false;
}

bool Sequencer::has_room_for(const std::string& name, std::vector<Step>& steps) {
  if (sources_.size() + held_strangers_.size() < kMostSources) return true;
  if (sources_.contains(name) || held_.contains(name)) return true;
  if (give_up_oldest()) return true;
  if (held_strangers_.empty()) return false;
  const std::string oldest = held_strangers_.begin()->second;
  refuse_held(*take_held(oldest), nullptr, steps);
  return true;
}

bool Sequencer::is_optional(const std::string& name) const {
  return std::any_of(settings_.optional_sources.begin(), settings_.optional_sources.end(),
                     [&](const std::string& pattern) { return matches(pattern, name); });
}

void Sequencer::expect_sources(OpenRun& run) const {
  for (const std::string& pattern : settings_.expected_sources) {
    bool met = false;
    if (pattern.find('*') != std::string::npos) {
      for (const auto& [name, source] : sources_) {
        if (!source.history.accepted() || !matches(pattern, name)) continue;
        met = true;
        if (!is_optional(name)) run.expect(name, source.history.newest.run_index > run.index);
      }
    }
    if (met || is_optional(pattern)) continue;
    const auto source = sources_.find(pattern);
    run.expect(pattern, source != sources_.end() && source->second.history.newest.run_index > run.index);
  }
}

// The first batch of a source: it takes the place of the patterns that stood for it.
void Sequencer::meet_expectation(const std::string& name) {
  for (const std::string& pattern : settings_.expected_sources) {
    if (pattern.find('*') == std::string::npos || pattern == name || !matches(pattern, name)) continue;
    for (OpenRun& run : runs_) {
      if (!run.members().contains(pattern)) continue;
      if (!is_optional(name)) run.expect(name, false);
      run.expect_no_more(pattern);
    }
  }
}

}  // namespace vigil::ingest
