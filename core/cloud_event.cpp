#include "core/cloud_event.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <variant>

#include "core/json_text.h"
#include "core/lhc.h"

namespace vigil {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kCloudEventBytes = 64 * 1024;

Json proposal_json(const Retrain& r, std::size_t names) {
  const auto end = r.monitors.begin() + static_cast<std::ptrdiff_t>(std::min(names, r.monitors.size()));
  return {{"first", {{"run", r.first_run}, {"ls", r.first_ls}}},
          {"last", {{"run", r.last_run}, {"ls", r.last_ls}}},
          {"monitors", std::vector<std::string>(r.monitors.begin(), end)}};
}

Json proposal_json(const ThresholdProposal& t, std::size_t) {
  return {
      {"seed", t.seed},
      {"current_threshold", t.current_threshold},
      {"proposed_threshold", t.proposed_threshold},
      {"target_rate_hz", json_number(t.target_rate_hz)},
      {"current_rate_hz", json_number(t.current_rate_hz)},
      {"expected_rate_hz",
       {json_number(t.expected_rate_hz[0]), json_number(t.expected_rate_hz[1]), json_number(t.expected_rate_hz[2])}}};
}

Json proposal_json(const Revalidate& r, std::size_t names) {
  const auto end = r.outputs.begin() + static_cast<std::ptrdiff_t>(std::min(names, r.outputs.size()));
  Json json = {{"outputs", std::vector<std::string>(r.outputs.begin(), end)}, {"first_event", nullptr}};
  if (const auto& e = r.first_event) {
    json["first_event"] = {{"run", e->run}, {"ls", e->ls}, {"orbit", e->orbit}, {"bx", e->bx}};
  }
  return json;
}

Json proposal_json(const Notify& n, std::size_t names) {
  const auto end = n.monitors.begin() + static_cast<std::ptrdiff_t>(std::min(names, n.monitors.size()));
  return {{"monitor", n.monitor}, {"monitors", std::vector<std::string>(n.monitors.begin(), end)}};
}

Json proposal_json(const SourceNotice& n, std::size_t) {
  return {{"source", n.source}, {"since", {{"run", n.since_run}, {"ls", n.since_ls}}}};
}

// The action line without evidence, `names` names at most in each list and `reason_bytes` bytes of reason.
Json action_json(const Action& a, std::size_t names, std::size_t reason_bytes) {
  Json proposal = std::visit([names](const auto& p) { return proposal_json(p, names); }, a.proposal);
  return {{"type", "action"},
          {"id", a.id},
          {"kind", to_string(a.kind)},
          {"model", a.model},
          {"stream", a.stream},
          {"cause", to_string(a.cause)},
          {"run", a.run},
          {"first_ls", a.first_ls},
          {"last_ls", a.last_ls},
          {"reason", a.reason.substr(0, reason_bytes)},
          {"proposal", std::move(proposal)},
          {"subject", a.subject},
          {"model_hash", a.model_hash}};
}

// 2^18 orbits at 11245.5 Hz = 2^18 * 2e9 / 22491 ns a lumisection: integers only, rounded down.
std::string utc_of(std::uint64_t run_start_ns, std::uint32_t last_ls) {
  const __int128 elapsed = static_cast<__int128>(last_ls) * lhc::kOrbitsPerLumisection * 2'000'000'000 / 22491;
  const __int128 ns = static_cast<__int128>(run_start_ns) + elapsed;
  const auto seconds = static_cast<std::int64_t>(ns / 1'000'000'000);
  const auto micros = static_cast<unsigned>(ns % 1'000'000'000 / 1000);
  const std::chrono::sys_seconds at{std::chrono::seconds{seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{at - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06uZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), micros);
  return text.data();
}

Json envelope_json(const Action& a) {
  Json json = {{"specversion", "1.0"},
               {"id", a.id},
               {"source", "/vigil/" + a.stream + "/" + a.model},
               {"type", "ch.cern.vigil.action." + std::string(to_string(a.kind)) + ".proposed.v1"},
               {"subject", a.model + "@" + a.model_hash.substr(0, 12)}};
  if (a.run_start_ns) put(json, "time", utc_of(*a.run_start_ns, a.last_ls));
  put(json, "datacontenttype", "application/json");
  return json;
}

// The action line, cut so that the CloudEvent around it keeps its limit: evidence goes first, then the tails of the
// lists of names, then the reason. What was left out is counted in the line.
Json bounded_action_json(const Action& a) {
  const std::size_t room = kCloudEventBytes - std::min(kCloudEventBytes, line_text(envelope_json(a)).size() + 128);
  std::size_t names = SIZE_MAX;
  std::size_t reason = SIZE_MAX;
  Json json = action_json(a, names, reason);
  std::size_t size = line_text(json).size();
  for (std::size_t limit = 1024; size > room && limit > 0; limit /= 2) {
    names = limit;
    reason = 8 * limit;
    json = action_json(a, names, reason);
    put(json, "shortened", true);
    size = line_text(json).size();
  }
  Json evidence = Json::array();
  std::size_t left_out = 0;
  for (const Verdict& v : a.evidence) {
    Json item = {{"monitor", v.monitor},
                 {"statistic", v.statistic},
                 {"value", json_number(v.value)},
                 {"limit", json_number(v.limit)},
                 {"reason", v.reason}};
    const std::size_t bytes = line_text(item).size() + 1;
    if (left_out > 0 || size + bytes > room) {
      ++left_out;
      continue;
    }
    size += bytes;
    evidence.push_back(std::move(item));
  }
  put(json, "evidence", std::move(evidence));
  if (left_out > 0) put(json, "evidence_left_out", left_out);
  return json;
}

}  // namespace

std::string action_line(const Action& action) { return line_text(bounded_action_json(action)); }

std::string cloud_event(const Action& action) {
  Json json = envelope_json(action);
  put(json, "data", bounded_action_json(action));
  return line_text(json);
}

}  // namespace vigil
