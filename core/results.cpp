#include "core/results.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace vigil {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kCloudEventBytes = 64 * 1024;

// Names come from the network and from files: bytes that are not UTF-8 become U+FFFD instead of an exception.
std::string dump_leaf(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Shortest digits that read back the same, always with a point or an exponent (as Python prints floats). The library's
// own writer is not used: its Grisu2 gives up to 17 digits for one double in a thousand.
void append_number(std::string& text, double value) {
  const double size = std::abs(value);
  const auto format =
      size != 0 && (size < 1e-4 || size >= 1e16) ? std::chars_format::scientific : std::chars_format::fixed;
  std::array<char, 32> digits{};
  const std::string_view written(
      digits.data(),
      static_cast<std::size_t>(std::to_chars(digits.data(), digits.data() + digits.size(), value, format).ptr -
                               digits.data()));
  text += written;
  if (format == std::chars_format::fixed && written.find('.') == std::string_view::npos) text += ".0";
}

void append(std::string& text, const Json& json) {
  if (json.is_object() || json.is_array()) {
    text += json.is_object() ? '{' : '[';
    bool first = true;
    for (auto it = json.begin(); it != json.end(); ++it) {
      if (!first) text += ',';
      first = false;
      if (json.is_object()) text += dump_leaf(it.key()) + ':';
      append(text, *it);
    }
    text += json.is_object() ? '}' : ']';
  } else if (json.is_number_float()) {
    append_number(text, json.get<double>());
  } else {
    text += dump_leaf(json);
  }
}

std::string dump(const Json& json) {
  std::string text;
  append(text, json);
  return text;
}

// JSON has no NaN and no infinity.
Json number(double value) { return std::isfinite(value) ? Json(round9(value)) : Json(nullptr); }
Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }

// Appends without looking for the key: every object here is written once, key after key.
void put(Json& object, std::string key, Json value) {
  object.get_ref<Json::object_t&>().push_back({std::move(key), std::move(value)});
}

Json output_json(const OutputSummary& o) {
  Json json = {{"compared", o.compared},
               {"mismatches", o.mismatches},
               {"hardware_above", o.hardware_above},
               {"hardware_below", o.hardware_below}};
  if (o.bits_compared > 0) {
    put(json, "bits_compared", o.bits_compared);
    put(json, "bits_outside", o.bits_outside);
    put(json, "bits_contradictory", o.bits_contradictory);
  }
  return json;
}

Json seed_json(const SeedSummary& s) {
  return {{"compared", s.compared},
          {"hardware", s.hardware},
          {"emulator", s.emulator},
          {"hardware_only", s.hardware_only},
          {"emulator_only", s.emulator_only}};
}

Json source_json(const SourceCounts& s) {
  Json json = {{"batches", s.batches}, {"covered_orbits", s.covered_orbits},
               {"missing", s.missing}, {"duplicate", s.duplicate},
               {"late", s.late},       {"rejected", s.rejected},
               {"dropped", s.dropped}, {"restarts", s.restarts}};
  if (!s.rejected_by.empty()) {
    Json causes = Json::object();
    for (const auto& [cause, count] : s.rejected_by) put(causes, cause, count);
    put(json, "rejected_by", std::move(causes));
  }
  return json;
}

Json proposal_json(const Retrain& r, std::size_t names) {
  const auto end = r.monitors.begin() + static_cast<std::ptrdiff_t>(std::min(names, r.monitors.size()));
  return {{"first", {{"run", r.first_run}, {"ls", r.first_ls}}},
          {"last", {{"run", r.last_run}, {"ls", r.last_ls}}},
          {"monitors", std::vector<std::string>(r.monitors.begin(), end)}};
}

Json proposal_json(const ThresholdProposal& t, std::size_t) {
  return {{"seed", t.seed},
          {"current_threshold", t.current_threshold},
          {"proposed_threshold", t.proposed_threshold},
          {"target_rate_hz", number(t.target_rate_hz)},
          {"current_rate_hz", number(t.current_rate_hz)},
          {"expected_rate_hz",
           {number(t.expected_rate_hz[0]), number(t.expected_rate_hz[1]), number(t.expected_rate_hz[2])}}};
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
  const std::size_t room = kCloudEventBytes - std::min(kCloudEventBytes, dump(envelope_json(a)).size() + 128);
  std::size_t names = SIZE_MAX;
  std::size_t reason = SIZE_MAX;
  Json json = action_json(a, names, reason);
  std::size_t size = dump(json).size();
  for (std::size_t limit = 1024; size > room && limit > 0; limit /= 2) {
    names = limit;
    reason = 8 * limit;
    json = action_json(a, names, reason);
    put(json, "shortened", true);
    size = dump(json).size();
  }
  Json evidence = Json::array();
  std::size_t left_out = 0;
  for (const Verdict& v : a.evidence) {
    Json item = {{"monitor", v.monitor},
                 {"statistic", v.statistic},
                 {"value", number(v.value)},
                 {"limit", number(v.limit)},
                 {"reason", v.reason}};
    const std::size_t bytes = dump(item).size() + 1;
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

double round9(double value) {
  if (!std::isfinite(value)) return value;
  if (value == 0) return 0;  // -0.0 prints as 0.0
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::scientific, 8);
  double rounded = value;
  // Out of range only where rounding up passes the largest double: the value then stays as it is.
  if (std::from_chars(digits.data(), end.ptr, rounded).ec != std::errc{}) return value;
  return rounded;
}

std::string lumisection_line(const Lumisection& l, const Summary& summary, const ModelInfo& info) {
  Json json = {{"type", "lumisection"},
               {"model", l.model},
               {"stream", l.stream},
               {"model_hash", l.model_hash},
               {"run", l.run},
               {"ls", l.ls},
               {"events", summary.events},
               {"n_bx", summary.n_bx},
               {"expected_orbits", l.expected_orbits},
               {"covered_orbits", l.covered_orbits}};
  // A default-constructed summary (nothing arrived) still names every output and seed.
  Json outputs = Json::object();
  for (std::size_t i = 0; i < info.outputs.size(); ++i) {
    put(outputs, info.outputs[i].name, output_json(i < summary.outputs.size() ? summary.outputs[i] : OutputSummary{}));
  }
  Json seeds = Json::object();
  for (std::size_t i = 0; i < info.seeds.size(); ++i) {
    put(seeds, info.seeds[i].name, seed_json(i < summary.seeds.size() ? summary.seeds[i] : SeedSummary{}));
  }
  Json sources = Json::object();
  for (const auto& [id, counts] : l.sources) put(sources, id, source_json(counts));
  put(json, "outputs", std::move(outputs));
  put(json, "seeds", std::move(seeds));
  put(json, "sources", std::move(sources));
  put(json, "wrong_model_events", summary.wrong_model_events);
  return dump(json);
}

std::string window_line(const Window& w) {
  return dump({{"type", "window"},
               {"model", w.model},
               {"stream", w.stream},
               {"name", w.name},
               {"run", w.run},
               {"first_ls", w.first_ls},
               {"last_ls", w.last_ls},
               {"events", w.events},
               {"n_bx", w.n_bx},
               {"coverage", number(w.coverage)},
               {"closed_by", to_string(w.closed_by)},
               {"quality", to_string(w.quality)},
               {"reason", w.reason}});
}

std::string verdict_line(const Verdict& v) {
  return dump({{"type", "verdict"},
               {"model", v.model},
               {"stream", v.stream},
               {"window", v.window},
               {"run", v.run},
               {"first_ls", v.first_ls},
               {"last_ls", v.last_ls},
               {"monitor", v.monitor},
               {"statistic", v.statistic},
               {"quality", to_string(v.quality)},
               {"value", number(v.value)},
               {"p_value", number(v.p_value)},
               {"limit", number(v.limit)},
               {"reason", v.reason}});
}

std::string action_line(const Action& action) { return dump(bounded_action_json(action)); }

std::string digest_line(const std::string& sha256, const Totals& t) {
  return dump({{"type", "digest"},
               {"sha256", sha256},
               {"events", t.events},
               {"lumisections", t.lumisections},
               {"windows", t.windows},
               {"verdicts", t.verdicts},
               {"actions", t.actions},
               {"unplaced",
                {{"duplicate", t.unplaced.duplicate},
                 {"late", t.unplaced.late},
                 {"rejected", t.unplaced.rejected},
                 {"dropped", t.unplaced.dropped}}}});
}

std::string cloudevent(const Action& action) {
  Json json = envelope_json(action);
  put(json, "data", bounded_action_json(action));
  return dump(json);
}

std::string kept_event_json(const KeptEvent& e, const ModelInfo& info) {
  Json outputs = Json::object();
  for (const Output& output : info.outputs) {
    const auto words = [&](const std::vector<std::int64_t>& all) -> Json {
      if (all.size() < output.first_word + output.words) return nullptr;
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(output.first_word);
      return std::vector<std::int64_t>(first, first + static_cast<std::ptrdiff_t>(output.words));
    };
    put(outputs, output.name, {{"hardware", words(e.hardware_outputs)}, {"emulator", words(e.emulator_outputs)}});
  }
  return dump({{"model", info.name},
               {"model_hash", info.hash},
               {"run", e.run},
               {"ls", e.ls},
               {"orbit", e.orbit},
               {"bx", e.bx},
               {"disagreeing", e.disagreeing},
               {"inputs", e.inputs},
               {"outputs", std::move(outputs)},
               {"hardware_bits", e.has_bits ? Json(e.hardware_bits) : Json(nullptr)}});
}

}  // namespace vigil
