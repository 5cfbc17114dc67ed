// StreamMonitor's memory as JSON text for the journal, and back.
#include "monitors/stream_state.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"

namespace vigil::monitors {
namespace {

using nlohmann::json;
constexpr std::string_view kFormat = "vigil-monitor-state";
constexpr int kVersion = 1;
constexpr const char* kWhere = "monitor state";

json identity(const ModelInfo& model, const std::string& stream, const MonitorSettings& settings) {
  json windows = json::array();
  for (const WindowSettings& w : settings.windows) windows.push_back({w.name, w.window_ls, w.hop_ls});
  return {
      {"format", kFormat}, {"version", kVersion}, {"model_hash", model.hash}, {"stream", stream}, {"windows", windows}};
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

}  // namespace

std::string StreamMonitor::save() const {
  const State& s = *state_;
  json state = identity(*s.model, s.stream, s.settings);
  state["run"] = s.has_run ? json(s.run) : json();
  state["context"] = s.context ? json(*s.context) : json();
  state["any_context"] = s.any_context;
  state["run_start_ns"] = s.run_start_ns ? json(*s.run_start_ns) : json();
  for (std::size_t i = 0; i < s.cutters.size(); ++i) {
    const WindowCutter::State& c = s.cutters[i].state();
    state["cutters"].push_back({c.started, c.start, c.last, c.covered});
    json rings = json::object();
    for (std::size_t r = 0; r < s.rules.size(); ++r) {
      // By monitor and statistic: after a change of configuration what still exists goes on.
      if (s.rings[i][r].size() > 0)
        rings[s.rules[r].monitor + " " + std::string(s.rules[r].statistic->name)] = letters(s.rings[i][r]);
    }
    state["rings"].push_back(std::move(rings));
  }
  std::string text = json_text(state);
  text.pop_back();
  text += ",\"learner\":" + (s.given ? std::string("null") : s.learner.save()) + ",\"kept\":[";
  for (const KeptLumisection& l : s.kept) {
    if (l.summary_json.empty()) l.summary_json = l.summary.strata.empty() ? "null" : to_json(l.summary);
    if (text.back() != '[') text += ',';
    text += "{\"ls\":" + std::to_string(l.ls) + ",\"expected_orbits\":" + std::to_string(l.expected_orbits) +
            ",\"covered_orbits\":" + std::to_string(l.covered_orbits) + ",\"selection\":" + json_text(l.selection) +
            ",\"foreign_hash\":" + json_text(l.foreign_hash) + ",\"summary\":" + l.summary_json + "}";
  }
  return text + "]}";
}

void StreamMonitor::load(std::string_view text) {
  State& s = *state_;
  const json state = json::parse(text, nullptr, false);
  if (!state.is_object()) throw Error(kWhere, "not a JSON object");
  const json expected = identity(*s.model, s.stream, s.settings);
  for (const auto& [key, value] : expected.items()) {
    if (!state.contains(key) || state[key] != value) {
      throw Error(kWhere, std::string(key) + " " + (state.contains(key) ? json_text(state[key]).substr(0, 100) : "missing"),
                  json_text(value));
    }
  }
  try {
    std::deque<KeptLumisection> kept;
    for (const json& entry : state.at("kept")) {
      KeptLumisection l;
      l.ls = entry.at("ls").get<std::uint32_t>();
      l.expected_orbits = entry.at("expected_orbits").get<std::uint64_t>();
      l.covered_orbits = entry.at("covered_orbits").get<std::uint64_t>();
      l.selection = entry.at("selection").get<std::string>();
      l.foreign_hash = entry.at("foreign_hash").get<std::string>();
      if (!entry.at("summary").is_null()) l.summary = summary_from_json(json_text(entry.at("summary")), *s.model, kWhere);
      kept.push_back(std::move(l));
    }
    std::vector<WindowCutter> cutters = s.cutters;
    std::vector<std::vector<Ring>> rings(s.cutters.size(), std::vector<Ring>(s.rules.size()));
    for (std::size_t i = 0; i < cutters.size(); ++i) {
      const json& c = state.at("cutters").at(i);
      cutters[i].restore({c.at(0).get<bool>(), c.at(1).get<std::uint32_t>(), c.at(2).get<std::uint32_t>(),
                          c.at(3).get<std::uint32_t>()});
      const json& saved = state.at("rings").at(i);
      for (std::size_t r = 0; r < s.rules.size(); ++r) {
        const auto it = saved.find(s.rules[r].monitor + " " + std::string(s.rules[r].statistic->name));
        if (it != saved.end()) rings[i][r].restore(readings(it->get<std::string>(), s.rules[r]));
      }
    }
    const auto optional = [&](const char* key, auto& value) {
      value.reset();
      if (!state.at(key).is_null()) state.at(key).get_to(value.emplace());
    };
    std::optional<std::uint32_t> run;
    std::optional<std::string> context;
    std::optional<std::uint64_t> run_start_ns;
    optional("run", run);
    optional("context", context);
    optional("run_start_ns", run_start_ns);
    const bool any_context = state.at("any_context").get<bool>();
    Learner learner = s.learner;
    if (!s.given && !state.at("learner").is_null()) learner.load(json_text(state.at("learner")), *s.model, kWhere);

    s.kept = std::move(kept);
    s.cutters = std::move(cutters);
    s.rings = std::move(rings);
    s.has_run = run.has_value();
    s.run = run.value_or(0);
    s.context = std::move(context);
    s.any_context = any_context;
    s.run_start_ns = run_start_ns;
    s.learner = std::move(learner);
  } catch (const json::exception& error) {
    throw Error(kWhere, error.what());
  }
}

}  // namespace vigil::monitors
