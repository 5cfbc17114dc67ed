#include "monitors/learned_references.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"

namespace vigil::monitors {
namespace {

std::string spans(const Reference& reference) {
  std::string text;
  for (std::size_t i = 0; i < reference.ranges.size(); ++i) {
    const ReferenceRange& r = reference.ranges[i];
    if (i == 3) return text + " and more";
    text += (i == 0 ? "run " : ", run ") + std::to_string(r.run) + " LS " + std::to_string(r.first_ls) + "-" +
            std::to_string(r.last_ls);
  }
  return text;
}

std::string content(const Learner& learner) {
  return std::to_string(learner.learned()) + " lumisections, " + std::to_string(learner.events()) + " events, " +
         spans(learner.reference());
}

}  // namespace

std::string in_words(const LearnedFor& c) {
  return "selection " + shown(c.selection) +
         (c.beam_mode ? ", beam mode " + shown(*c.beam_mode) : std::string(", no beam mode"));
}

LearnedReferences::LearnedReferences(std::uint32_t learn_ls, std::uint64_t events)
    : learn_ls_(learn_ls), events_(events) {
  entries_[current_].learner = Learner(learn_ls, events);
}

std::string LearnedReferences::select(const LearnedFor& conditions) {
  if (conditions == current_) return {};
  const bool was_empty = entries_.at(current_).learner.learned() == 0;
  if (was_empty) entries_.erase(current_);
  const auto [it, is_new] = entries_.try_emplace(conditions);
  Entry& entry = it->second;
  if (is_new) entry.learner = Learner(learn_ls_, events_);
  entry.used = ++selections_;
  current_ = conditions;
  if (entries_.size() > kMost) {
    entries_.erase(std::min_element(entries_.begin(), entries_.end(),
                                    [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  if (entry.ordinal != 0) return "reference taken up for " + in_words(conditions) + ": " + content(entry.learner);
  if (was_empty && is_new) return {};  // nothing is given up
  return "no reference yet for " + in_words(conditions) + ": " + entry.learner.progress();
}

std::string LearnedReferences::learn(std::uint32_t run, std::uint32_t ls, const Summary& lumisection) {
  Entry& entry = entries_.at(current_);
  if (entry.learner.done()) return {};
  entry.learner.learn(run, ls, lumisection);
  if (!entry.learner.done()) return {};
  entry.ordinal = ++completed_;
  return "reference learned for " + in_words(current_) + ": " + content(entry.learner);
}

std::string LearnedReferences::save() const {
  std::string text = "{\"completed\":" + std::to_string(completed_) + ",\"entries\":[";
  std::vector<const std::pair<const LearnedFor, Entry>*> by_use;
  for (const auto& entry : entries_) by_use.push_back(&entry);
  std::sort(by_use.begin(), by_use.end(), [](auto a, auto b) { return a->second.used < b->second.used; });
  for (const auto* entry : by_use) {  // the current one last
    if (text.back() != '[') text += ',';
    const auto& [key, value] = *entry;
    text += "{\"selection\":" + json_text(key.selection) +
            ",\"beam_mode\":" + (key.beam_mode ? json_text(*key.beam_mode) : "null") +
            ",\"ordinal\":" + std::to_string(value.ordinal) + ",\"learner\":" + value.learner.save() + "}";
  }
  return text + "]}";
}

std::vector<std::string> LearnedReferences::load(std::string_view text, const ModelInfo& model,
                                                 const std::string& where) {
  using nlohmann::json;
  LearnedReferences read(learn_ls_, events_);
  read.entries_.clear();
  std::vector<std::string> dropped;
  try {
    const json state = json::parse(text);
    read.completed_ = state.at("completed").get<std::uint64_t>();
    for (const json& saved : state.at("entries")) {
      read.current_ = {saved.at("selection").get<std::string>(), {}};
      if (!saved.at("beam_mode").is_null()) read.current_.beam_mode = saved.at("beam_mode").get<std::string>();
      Entry& entry = read.entries_[read.current_];
      entry.learner = Learner(learn_ls_, events_);
      entry.learner.load(json_text(saved.at("learner")), model, where);
      entry.ordinal = saved.at("ordinal").get<std::uint64_t>();
      entry.used = ++read.selections_;
      if (entry.ordinal != 0 && !entry.learner.done()) {
        entry.ordinal = 0;
        dropped.push_back("the reference for " + in_words(read.current_) +
                          " is learned on: " + entry.learner.progress());
      } else if (entry.ordinal == 0 && entry.learner.done()) {
        entry.ordinal = ++read.completed_;
      }
    }
  } catch (const json::exception& error) {
    throw Error(where, error.what(), "what an earlier vigil saved");
  }
  if (read.entries_.empty()) throw Error(where, "no learned reference", "what an earlier vigil saved");
  *this = std::move(read);
  return dropped;
}

}  // namespace vigil::monitors
