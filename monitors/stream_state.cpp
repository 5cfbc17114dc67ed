// StreamMonitor's memory as JSON text for the journal, and back: what still fits the settings goes on.
#include "monitors/stream_state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"
#include "monitors/subject.h"

namespace vigil::monitors {

nlohmann::json rule_name(const VerdictSubject& subject, std::string_view statistic) {
  return {static_cast<int>(subject.target), subject.name, subject.word, subject.of_seed, statistic};
}
nlohmann::json rule_name(const Rule& rule) { return rule_name(verdict_subject(rule.subject), rule.statistic->name); }

namespace {

using nlohmann::json;
constexpr std::string_view kFormat = "vigil-monitor-state";
constexpr int kVersion = 3;
constexpr const char* kWhere = "monitor state";

json identity(const ModelInfo& model, const std::string& stream) {
  return {{"format", kFormat}, {"version", kVersion}, {"model_hash", model.hash}, {"stream", stream}};
}

std::string letters(const Ring& ring) {  // one letter a reading, oldest first
  std::string text;
  for (const Quality q : ring.readings()) text += q == Quality::bad ? 'b' : q == Quality::medium ? 'm' : 'g';
  return text;
}

std::deque<Quality> readings(const std::string& letters, const Rule& rule) {
  std::deque<Quality> result;
  for (const char c : letters) result.push_back(c == 'b' ? Quality::bad : c == 'm' ? Quality::medium : Quality::good);
  while (result.size() > rule.n) result.pop_front();
  return result;
}

json json_of(const Conditions& c) {
  return {{"menu", c.menu ? json(*c.menu) : json()},
          {"prescale_column", c.prescale_column ? json(*c.prescale_column) : json()},
          {"beam_mode", c.beam_mode ? json(*c.beam_mode) : json()},
          {"selection", c.selection},
          {"model_hash", c.model_hash}};
}

template <class T>
void read_optional(const json& object, const char* key, std::optional<T>& value) {
  value.reset();
  if (!object.at(key).is_null()) object.at(key).get_to(value.emplace());
}

Conditions conditions_from(const json& j) {
  Conditions c;
  read_optional(j, "menu", c.menu);
  read_optional(j, "prescale_column", c.prescale_column);
  read_optional(j, "beam_mode", c.beam_mode);
  j.at("selection").get_to(c.selection);
  j.at("model_hash").get_to(c.model_hash);
  return c;
}

json json_of(const std::vector<SilentSource>& silent) {
  json list = json::array();
  for (const SilentSource& s : silent) list.push_back({s.source, s.run, s.ls});
  return list;
}

KeptLumisection kept_from(const json& entry, const ModelInfo& model) {
  KeptLumisection l;
  l.ls = entry.at("ls").get<std::uint32_t>();
  l.expected_orbits = entry.at("expected_orbits").get<std::uint64_t>();
  l.covered_orbits = entry.at("covered_orbits").get<std::uint64_t>();
  l.selection = entry.at("selection").get<std::string>();
  l.foreign_hash = entry.at("foreign_hash").get<std::string>();
  l.mode_not_judged = entry.value("mode_not_judged", std::string());
  if (entry.contains("prescale_column")) read_optional(entry, "prescale_column", l.prescale_column);
  for (const json& s : entry.at("silent")) {
    l.silent.push_back({s.at(0).get<std::string>(), s.at(1).get<std::uint32_t>(), s.at(2).get<std::uint32_t>()});
  }
  l.compared = entry.at("compared").get<bool>();
  l.judged = entry.at("judged").get<bool>();
  if (!entry.at("summary").is_null()) l.summary = summary_from_json(json_text(entry.at("summary")), model, kWhere);
  return l;
}

std::string window_words(const std::string& name, std::uint32_t window_ls, std::uint32_t hop_ls) {
  return "window " + shown(name) + " of " + std::to_string(window_ls) + " lumisections every " + std::to_string(hop_ls);
}

// The saved entry of `list` whose "rule" is this; null for none.
const json* named(const json& list, const json& name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const json& entry) { return entry.at("rule") == name; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

std::string StreamMonitor::save() const {
  const State& s = *state_;
  json state = identity(*s.model, s.stream);
  state["run"] = s.has_run ? json(s.run) : json();
  state["conditions"] = s.conditions ? json_of(*s.conditions) : json();
  state["any_before"] = s.any_before;
  state["hold_learning"] = s.hold_learning;
  state["tally"] = s.tally.save();
  state["run_start_ns"] = s.run_start_ns ? json(*s.run_start_ns) : json();
  for (std::size_t i = 0; i < s.cutters.size(); ++i) {
    const WindowSettings& w = s.settings.windows[i];
    const WindowCutter::State& c = s.cutters[i].state();
    json rings = json::array();
    for (std::size_t r = 0; r < s.rules.size(); ++r) {
      if (s.rings[i][r].size() == 0) continue;
      rings.push_back({{"rule", rule_name(s.rules[r])}, {"readings", letters(s.rings[i][r])}});
    }
    state["windows"].push_back({{"name", w.name},
                                {"window_ls", w.window_ls},
                                {"hop_ls", w.hop_ls},
                                {"cutter", {c.started, c.start, c.last, c.covered}},
                                {"rings", std::move(rings)}});
  }
  std::string text = json_text(state);
  text.pop_back();
  text += ",\"learned\":" + s.learned.save() + ",\"sequential\":[";
  const auto add = [&text](const auto& rule) {
    const Verdict v = rule.blank();
    if (text.back() != '[') text += ',';
    text += "{\"rule\":" + json_text(rule_name(v.subject, v.statistic)) + ",\"state\":" + rule.save() + "}";
  };
  for (const SequentialDrift& rule : s.drifts) add(rule);
  for (const SequentialMismatch& rule : s.mismatches) add(rule);
  for (const SequentialMultivariate& rule : s.together) add(rule);
  text += "],\"kept\":[";
  for (const KeptLumisection& l : s.kept) {
    if (l.summary_json.empty()) l.summary_json = l.summary.is_blank() ? "null" : to_json(l.summary);
    if (text.back() != '[') text += ',';
    text += "{\"ls\":" + std::to_string(l.ls) + ",\"expected_orbits\":" + std::to_string(l.expected_orbits) +
            ",\"covered_orbits\":" + std::to_string(l.covered_orbits) + ",\"selection\":" + json_text(l.selection) +
            ",\"foreign_hash\":" + json_text(l.foreign_hash) + ",\"mode_not_judged\":" + json_text(l.mode_not_judged) +
            ",\"prescale_column\":" + (l.prescale_column ? std::to_string(*l.prescale_column) : "null") +
            ",\"compared\":" + (l.compared ? "true" : "false") + ",\"judged\":" + (l.judged ? "true" : "false") +
            ",\"silent\":" + json_text(json_of(l.silent)) + ",\"summary\":" + l.summary_json + "}";
  }
  text += ']';
  if (s.given) text += ",\"effects\":" + s.effects.save(s.reference_sha256());
  return text + "}";
}

// Windows, with their readings, that are cut as they were; fills `gone` with what is not.
void StreamMonitor::State::load_windows(const nlohmann::json& saved, std::vector<std::string>& gone) {
  std::size_t lost = 0;
  for (const json& entry : saved) {
    const auto name = entry.at("name").get<std::string>();
    const auto window_ls = entry.at("window_ls").get<std::uint32_t>(), hop_ls = entry.at("hop_ls").get<std::uint32_t>();
    std::size_t i = 0;
    while (i < cutters.size() && !(settings.windows[i] == WindowSettings{name, window_ls, hop_ls})) ++i;
    if (i == cutters.size()) {
      gone.push_back(window_words(name, window_ls, hop_ls) + " as it was open");
      continue;
    }
    const json& c = entry.at("cutter");
    cutters[i].restore({c.at(0).get<bool>(), c.at(1).get<std::uint32_t>(), c.at(2).get<std::uint32_t>(),
                        c.at(3).get<std::uint32_t>()});
    const json& readings_of = entry.at("rings");
    std::size_t found = 0;
    for (std::size_t r = 0; r < rules.size(); ++r) {
      rings[i][r].clear();
      const json* ring = named(readings_of, rule_name(rules[r]));
      if (ring == nullptr) continue;
      rings[i][r].restore(readings(ring->at("readings").get<std::string>(), rules[r]));
      ++found;
    }
    lost += readings_of.size() - found;
  }
  if (lost > 0) gone.push_back("readings of " + std::to_string(lost) + " rules");
}

// Sequential rules as they were; after the references, which they are of.
void StreamMonitor::State::load_sequential(const nlohmann::json& saved, std::vector<std::string>& gone) {
  std::size_t lost = saved.size();
  const auto saved_state = [&](const auto& rule) {
    const Verdict v = rule.blank();
    const json* found = named(saved, rule_name(v.subject, v.statistic));
    if (found != nullptr) --lost;
    return found == nullptr ? std::string() : json_text(found->at("state"));
  };
  const Summary* const compared_with = reference() == nullptr ? nullptr : &reference()->summary;
  for (SequentialDrift& rule : drifts) {
    rule.restart();
    const std::string state = saved_state(rule);
    if (!state.empty()) rule.load(state, compared_with, reference_id(), kWhere);
  }
  for (SequentialMismatch& rule : mismatches) {
    rule.restart();
    const std::string state = saved_state(rule);
    if (!state.empty()) rule.load(state, kWhere);
  }
  for (SequentialMultivariate& rule : together) {
    rule.restart();
    const std::string state = saved_state(rule);
    if (!state.empty()) rule.load(state, compared_with == nullptr ? 0 : reference_id(), kWhere);
  }
  if (lost > 0) gone.push_back(std::to_string(lost) + " sequential rules");
}

std::vector<std::string> StreamMonitor::load(std::string_view text) {
  State& s = *state_;
  const json state = json::parse(text, nullptr, false);
  if (!state.is_object()) throw Error(kWhere, "not a JSON object");
  const json expected = identity(*s.model, s.stream);
  for (const auto& [key, value] : expected.items()) {
    if (!state.contains(key) || state[key] != value) {
      throw Error(kWhere,
                  std::string(key) + " " + (state.contains(key) ? json_text(state[key]).substr(0, 100) : "missing"),
                  json_text(value));
    }
  }
  std::vector<std::string> gone;
  State read = s;
  try {
    read.kept.clear();
    for (const json& entry : state.at("kept")) read.kept.push_back(kept_from(entry, *s.model));
    read.load_windows(state.at("windows"), gone);
    for (std::string& words : read.learned.load(json_text(state.at("learned")), *s.model, kWhere)) {
      if (!s.given) gone.push_back(std::move(words));
    }
    read.conditions.reset();
    if (!state.at("conditions").is_null()) read.conditions = conditions_from(state.at("conditions"));
    if (read.conditions) read.choose(*read.conditions);
    read.load_sequential(state.at("sequential"), gone);
    read.tally.load(state.at("tally"));
    if (s.given && state.contains("effects")) {  // not of an earlier vigil
      for (std::string& words :
           read.effects.load(json_text(state["effects"]), *s.given, s.reference_sha256(), *s.model, kWhere)) {
        gone.push_back(std::move(words));
      }
    }
    std::optional<std::uint32_t> run;
    read_optional(state, "run", run);
    read.has_run = run.has_value();
    read.run = run.value_or(0);
    read_optional(state, "run_start_ns", read.run_start_ns);
    read.any_before = state.at("any_before").get<bool>();
    read.hold_learning = state.at("hold_learning").get<bool>();
  } catch (const json::exception& error) {
    throw Error(kWhere, error.what());
  }
  read.forget();
  s = std::move(read);
  return gone;
}

}  // namespace vigil::monitors
