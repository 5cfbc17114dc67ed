#include "core/cloud_event.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <variant>

#include "core/attribution_json.h"
#include "core/digest.h"
#include "core/json_text.h"
#include "core/lhc.h"
#include "core/utc_time.h"

namespace vigil {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kCloudEventBytes = 64 * 1024;
constexpr std::size_t kStatusReasonBytes =
    8 * 1024;  // of what a person or a pipeline said; escaped it may grow sixfold
constexpr const char* kActionSchema = "urn:vigil:schema:action:1";
constexpr const char* kStatusSchema = "urn:vigil:schema:status:1";

Json proposal_json(const Retrain& r, std::size_t names) {
  const auto end = r.monitors.begin() + static_cast<std::ptrdiff_t>(std::min(names, r.monitors.size()));
  return {{"first", {{"run", r.first_run}, {"ls", r.first_ls}}},
          {"last", {{"run", r.last_run}, {"ls", r.last_ls}}},
          {"monitors", std::vector<std::string>(r.monitors.begin(), end)},
          {"attribution", attribution_json(r.attribution, names)}};
}

Json rates_json(const std::array<double, 3>& hz) {
  return {json_number(hz[0]), json_number(hz[1]), json_number(hz[2])};
}

Json proposal_json(const ThresholdProposal& t, std::size_t names) {
  Json ladder = Json::array();
  for (std::size_t i = 0; i < std::min(names, t.ladder.size()); ++i) {
    const LadderStep& step = t.ladder[i];
    ladder.push_back({{"seed", step.seed}, {"threshold", step.threshold}, {"rate_hz", rates_json(step.rate_hz)}});
  }
  const LadderStep* other = t.switch_to();
  return {{"seed", t.seed},
          {"current_threshold", t.current_threshold},
          {"proposed_threshold", t.proposed_threshold},
          {"target_rate_hz", json_number(t.target_rate_hz)},
          {"current_rate_hz", json_number(t.current_rate_hz)},
          {"expected_rate_hz", rates_json(t.expected_rate_hz)},
          {"current_real", json_number(static_cast<double>(t.current_threshold) * t.lsb)},
          {"proposed_real", json_number(static_cast<double>(t.proposed_threshold) * t.lsb)},
          {"ladder", std::move(ladder)},
          {"switch_to", other != nullptr ? Json(other->seed) : Json(nullptr)},
          {"threshold_not_above", t.not_above ? Json(*t.not_above) : Json(nullptr)},
          {"thresholds_compatible", t.compatible ? Json(*t.compatible) : Json::array()},
          {"tie", t.tie ? Json{{"threshold", t.tie->threshold},
                               {"fraction", json_number(t.tie->fraction)},
                               {"prescale", json_number(t.tie->prescale)}}
                        : Json(nullptr)}};
}

Json proposal_json(const Rollback& r, std::size_t names) {
  const auto end = r.monitors.begin() + static_cast<std::ptrdiff_t>(std::min(names, r.monitors.size()));
  return {{"from", r.from}, {"to", r.to}, {"monitors", std::vector<std::string>(r.monitors.begin(), end)}};
}

Json proposal_json(const Revalidate& r, std::size_t names) {
  const auto end = r.outputs.begin() + static_cast<std::ptrdiff_t>(std::min(names, r.outputs.size()));
  Json attribution = Json::array();
  for (std::size_t i = 0; i < std::min(names, r.attribution.size()); ++i) {
    const InputExplanation& e = r.attribution[i];
    attribution.push_back({{"input", e.input}, {"change", e.change}, {"explains", e.explains}, {"of", e.of}});
  }
  Json made = {{"outputs", std::vector<std::string>(r.outputs.begin(), end)},
               {"first_event", nullptr},
               {"attribution", std::move(attribution)},
               {"bx", nullptr}};
  if (const auto& e = r.first_event) {
    made["first_event"] = {{"run", e->run}, {"ls", e->ls}, {"orbit", e->orbit}, {"bx", e->bx}};
  }
  if (const auto& c = r.crossings) {
    made["bx"] = {{"affected", c->affected}, {"compared", c->compared}, {"clean", c->clean}};
  }
  return made;
}

Json proposal_json(const Notify& n, std::size_t names) {
  const auto end = n.monitors.begin() + static_cast<std::ptrdiff_t>(std::min(names, n.monitors.size()));
  Json made = {{"monitor", n.monitor}, {"monitors", std::vector<std::string>(n.monitors.begin(), end)}};
  if (n.attribution) put(made, "attribution", attribution_json(*n.attribution, names));
  return made;
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
  return rfc3339_of(static_cast<std::int64_t>(ns / 1'000'000'000), static_cast<std::int64_t>(ns % 1'000'000'000), 6);
}

// What one window turned bad has one name, whatever kinds of action it led to.
std::string episode_id(const Action& a) {
  return uuid5(kUrlNamespace, "vigil:episode:1:" + a.model_hash + ":" + a.stream + ":" + std::to_string(a.run) + ":" +
                                  std::to_string(a.last_ls));
}

Json envelope_json(const Action& a) {
  Json made = {{"specversion", "1.0"},
               {"id", a.id},
               {"source", "/vigil/" + a.stream + "/" + a.model},
               {"type", "ch.cern.vigil.action." + std::string(to_string(a.kind)) + ".proposed.v1"},
               {"subject", a.model + "@" + a.model_hash.substr(0, 12)}};
  if (a.run_start_ns) put(made, "time", utc_of(*a.run_start_ns, a.last_ls));
  put(made, "datacontenttype", "application/json");
  put(made, "dataschema", kActionSchema);
  put(made, "correlationid", episode_id(a));
  return made;
}

// The action line, cut so that the CloudEvent around it keeps its limit: evidence goes first, then the tails of the
// lists of names, then the reason. What was left out is counted in the line.
Json bounded_action_json(const Action& a) {
  const std::size_t room = kCloudEventBytes - std::min(kCloudEventBytes, line_text(envelope_json(a)).size() + 128);
  std::size_t names = SIZE_MAX;
  std::size_t reason = SIZE_MAX;
  Json made = action_json(a, names, reason);
  std::size_t size = line_text(made).size();
  for (std::size_t limit = 1024; size > room && limit > 0; limit /= 2) {
    names = limit;
    reason = 8 * limit;
    made = action_json(a, names, reason);
    put(made, "shortened", true);
    size = line_text(made).size();
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
  put(made, "evidence", std::move(evidence));
  if (left_out > 0) put(made, "evidence_left_out", left_out);
  return made;
}

}  // namespace

std::string action_line(const Action& action) { return line_text(bounded_action_json(action)); }

std::string cloud_event(const Action& action) {
  Json made = envelope_json(action);
  put(made, "data", bounded_action_json(action));
  return line_text(made);
}

namespace {

// The first `bytes` of a text, no character cut in two.
std::string front_of(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

OutgoingAction status_event(const std::string& proposed, const StateChange& change) {
  const Json proposal = Json::parse(proposed, nullptr, false);
  const auto of_proposal = [&](const char* key) {
    const auto found = proposal.find(key);
    return found != proposal.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  Json data = {{"type", "status"},
               {"action", change.action},
               {"kind", to_string(change.kind)},
               {"n", change.n},
               {"from", change.from},
               {"to", change.to},
               {"at", rfc3339(change.at_ns)},
               {"actor", change.actor},
               {"reason", front_of(change.reason, kStatusReasonBytes)},
               {"run", text_or_null(change.run)},
               {"url", text_or_null(change.url)},
               {"audit", change.audit}};
  const std::string id = uuid5(kUrlNamespace, "vigil:status:1:" + change.action + ":" + std::to_string(change.n));
  Json event = {{"specversion", "1.0"},
                {"id", id},
                {"source", of_proposal("source")},
                {"type", "ch.cern.vigil.action." + std::string(to_string(change.kind)) + ".status.v1"},
                {"subject", of_proposal("subject")},
                {"time", rfc3339(change.at_ns)},
                {"datacontenttype", "application/json"},
                {"dataschema", kStatusSchema}};
  // A proposal of an earlier vigil has none.
  if (const std::string episode = of_proposal("correlationid"); !episode.empty()) put(event, "correlationid", episode);
  put(event, "causationid", change.action);
  std::string line = line_text(data);
  put(event, "data", std::move(data));
  return {id, std::move(line), line_text(event)};
}

}  // namespace vigil
