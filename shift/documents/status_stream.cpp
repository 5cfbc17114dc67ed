#include "shift/documents/status_stream.h"

#include <algorithm>
#include <array>

#include "core/json_text.h"
#include "core/lhc.h"
#include "core/utc_time.h"
#include "shift/documents/json_values.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

// ---- ages

// The end of the newest lumisection by the data's clock; nullopt: the run's start is not known.
std::optional<std::int64_t> data_time_ns(const ordered_json& facts, std::uint32_t ls) {
  const auto start = facts.find("run_start_ns");
  if (start == facts.end() || !start->is_number_integer()) return {};
  return start->get<std::int64_t>() + static_cast<std::int64_t>(ls * lhc::kLumisectionSeconds * 1e9);
}

double seconds_between(std::int64_t from_ns, std::int64_t to_ns) {
  return std::max(0.0, static_cast<double>(to_ns - from_ns) / 1e9);
}

std::string in_seconds(double s) { return std::to_string(static_cast<std::int64_t>(s)) + " s"; }

// Why a stream is stale; empty: it is not.
std::string stale_reason(const Outlook& outlook, std::optional<double> age_s) {
  if (outlook.mode != Mode::live || !age_s || *age_s <= outlook.stale_after_s) return {};
  return "no lumisection closed for " + in_seconds(*age_s) + ", stale after " + in_seconds(outlook.stale_after_s);
}

// ---- parts

ordered_json context_json(const ordered_json& facts) {
  const ordered_json& context = object_at(facts, "context");
  ordered_json out = ordered_json::object();
  for (const char* key : {"fill", "menu", "prescale_column", "beam_mode", "pileup", "filling_scheme"}) {
    out[key] = value_at(context, key);
  }
  return out;
}

ordered_json reference_json(const ordered_json& facts) {
  const ordered_json& reference = object_at(facts, "reference");
  if (reference.empty()) return nullptr;
  ordered_json out = ordered_json::object();
  for (const char* key : {"name", "learned", "wanted", "events", "ranges"}) out[key] = value_at(reference, key);
  return out;
}

ordered_json budget_json(const ordered_json& facts) {
  const ordered_json& budget = object_at(facts, "budget");
  ordered_json out = ordered_json::object();
  for (const char* key : {"judged_ls", "pages", "warnings"}) out[key] = count_at(budget, key);
  for (const char* key : {"expected_pages", "expected_warnings"}) {
    out[key] = json_number(number_at(budget, key).value_or(0.0));
  }
  return out;
}

// As configured, then whatever else there is, in the order in which it was last judged.
void sort_windows(std::vector<alerting::RecordRow>& rows, const std::vector<std::string>& configured) {
  const auto rank = [&](const std::string& name) {
    return std::find(configured.begin(), configured.end(), name) - configured.begin();
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const alerting::RecordRow& a, const alerting::RecordRow& b) {
    return std::pair(rank(a.window), a.seq) < std::pair(rank(b.window), b.seq);
  });
}

ordered_json windows_json(const std::vector<alerting::RecordRow>& rows) {
  ordered_json out = ordered_json::array();
  for (const alerting::RecordRow& row : rows) {
    const ordered_json line = parsed_line(row.line);
    ordered_json window = {{"name", row.window}};
    for (const char* key : {"run", "first_ls", "last_ls", "events", "coverage", "quality", "reason"}) {
      window[key] = value_at(line, key);
    }
    out.push_back(std::move(window));
  }
  return out;
}

// Of the newest lumisection. Crossings of batches of another model are none of the loaded one's, and a line does not
// tell them apart: then no rate is said.
ordered_json rates_json(const Outlook& outlook, const ordered_json& line,
                        const std::optional<alerting::RecordedModel>& model) {
  ordered_json out = ordered_json::array();
  const auto n_bx = static_cast<double>(count_at(line, "n_bx"));
  const bool is_known = n_bx > 0 && count_at(line, "wrong_model_events") == 0;
  for (const auto& [name, seed] : object_at(line, "seeds").items()) {
    std::optional<double> rate_hz, target_hz;
    std::array<std::optional<double>, 2> bounds_hz;
    if (is_known) {
      const std::uint64_t passes = count_at(seed, "emulator");
      rate_hz = lhc::rate_hz(static_cast<double>(passes), n_bx);
      if (outlook.interval) {
        const std::array<double, 2> interval = outlook.interval(passes);
        for (std::size_t i = 0; i < 2; ++i) bounds_hz[i] = lhc::rate_hz(interval[i], n_bx);
      }
    }
    if (model) {
      for (const Seed& known : model->info.seeds) {
        if (known.name == name) target_hz = known.target_rate_hz;
      }
    }
    out.push_back({{"seed", name},
                   {"rate_hz", json_number(rate_hz)},
                   {"low_hz", json_number(bounds_hz[0])},
                   {"high_hz", json_number(bounds_hz[1])},
                   {"target_rate_hz", json_number(target_hz)}});
  }
  return out;
}

ordered_json counts_json(const RunSums& sums) {
  return {{"events", sums.events},
          {"batches", sums.all.batches},
          {"missing", sums.all.missing},
          {"duplicate", sums.all.duplicate},
          {"late", sums.all.late},
          {"rejected", sums.all.rejected},
          {"dropped", sums.all.dropped},
          {"uncovered_orbits", sums.uncovered_orbits},
          {"wrong_model_events", sums.wrong_model_events}};
}

// ---- the family `data`

// What a lumisection line says was lost; empty: nothing.
std::string lost_words(const ordered_json& line) {
  SourceCounts all;
  for (const auto& [name, counts] : object_at(line, "sources").items()) add_counts(all, nlohmann::json(counts));
  const std::uint64_t expected = count_at(line, "expected_orbits"), covered = count_at(line, "covered_orbits");
  const std::array<std::pair<std::uint64_t, const char*>, 5> losses{
      {{all.missing, "batches missing"},
       {all.late, "late"},
       {all.rejected, "rejected"},
       {all.dropped, "dropped"},
       {expected - std::min(expected, covered), "orbits uncovered"}}};
  std::string out;
  for (const auto& [n, what] : losses) {
    if (n > 0) out += (out.empty() ? "" : ", ") + std::to_string(n) + " " + what;
  }
  return out;
}

// Why a window says nothing of its data: below its minima, or of another model (monitors/stream_windows.cpp). One that
// is unknown because there is no reference yet is seen well enough.
std::string blind_reason(const ordered_json& window) {
  if (text_at(window, "quality") != "unknown") return {};
  std::string reason = text_at(window, "reason");
  const bool is_blind = reason.find(" needed") != std::string::npos || reason.starts_with("wrong emulator") ||
                        reason.starts_with("emulator failed");
  return is_blind ? reason : std::string();
}

DataFacts data_facts(const alerting::RecordedStream& stream, const std::vector<alerting::RecordRow>& windows,
                     const ordered_json& line) {
  DataFacts out;
  out.newest = "run " + std::to_string(stream.run) + " LS " + std::to_string(stream.ls);
  out.lost = lost_words(line);
  const auto newest =
      std::max_element(windows.begin(), windows.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
  if (newest != windows.end()) {
    out.blind = blind_reason(parsed_line(newest->line));
    out.blind_window = newest->window;
  }
  return out;
}

// ---- the whole

// The family that makes the stream what it is, first of those that are as bad.
std::string reason_of(State state, const std::vector<Family>& families) {
  for (const Family& family : families) {
    if (family.state != state) continue;
    if (family.worst) return state == State::good ? std::string() : in_words(*family.worst);
    return family.name + ": nothing judged yet";
  }
  return {};
}

}  // namespace

StreamStatus stream_status(const Outlook& outlook, RunTotals& totals, const alerting::RecordedStream& stream,
                           const LiveTable& live, const Shelves& shelves, std::int64_t now_ns) {
  alerting::Record& record = *outlook.record;
  const ordered_json facts = parsed_line(stream.facts);
  const auto model = record.model(stream.model_hash);
  const RunSums sums = totals.of(record, stream.model, stream.stream, stream.run);
  const ordered_json line = parsed_line(sums.newest_line);
  auto windows = record.newest_windows(stream.model, stream.stream, stream.run);
  sort_windows(windows, outlook.windows);

  auto closed_ns = live.closed_ns(stream.model, stream.stream, stream.run, stream.ls);
  // The live table comes seconds after the first lumisection.
  if (!closed_ns && outlook.mode != Mode::journal) {
    closed_ns = totals.first_seen_ns(stream.model, stream.stream, stream.run, stream.ls, now_ns);
  }
  const LiveStream* now = live.find(stream.model, stream.stream);
  const auto data_ns = data_time_ns(facts, stream.ls);
  std::optional<double> age_s;
  if (closed_ns) age_s = seconds_between(*closed_ns, now_ns);

  StreamStatus out;
  out.origin = text_at(facts, "origin");
  if (out.origin.empty()) out.origin = "detector";
  if (data_ns) {
    if (now != nullptr && now->lag_s) out.lag_s = now->lag_s;
    if (!out.lag_s && closed_ns) out.lag_s = seconds_between(*data_ns, *closed_ns);
  }

  const std::vector<Family> families =
      families_of(stream.model, stream.stream, record.newest_verdicts(stream.model, stream.stream, stream.run),
                  model ? model->monitors : std::vector<std::string>(), sums.has_hardware,
                  data_facts(stream, windows, line), shelves);
  std::vector<State> states;
  for (const Family& family : families) states.push_back(family.state);
  out.state = worst_of(states);
  out.reason = reason_of(out.state, families);
  if (const std::string stale = stale_reason(outlook, age_s); !stale.empty()) {
    out.state = State::stale;
    out.reason = stale;
  }
  if (shelves.hold(stream.model, stream.stream)) out.state = State::shelved;
  if (out.state == State::shelved) out.reason = "shelved";

  ordered_json family_list = ordered_json::array();
  for (const Family& family : families) family_list.push_back(family_json(family));
  out.document = {{"model", stream.model},
                  {"stream", stream.stream},
                  {"version", model ? model->info.version : std::string()},
                  {"model_hash", stream.model_hash},
                  {"firmware", model ? model->info.firmware : std::string()},
                  {"selection", facts.contains("selection") ? text_at(facts, "selection") : "zero_bias"},
                  {"origin", out.origin},
                  {"state", to_string(out.state)},
                  {"reason", out.reason},
                  {"run", stream.run},
                  {"ls", stream.ls},
                  {"age_s", json_number(age_s)},
                  {"data_time", data_ns ? ordered_json(rfc3339(*data_ns)) : ordered_json()},
                  {"lag_s", json_number(out.lag_s)},
                  {"context", context_json(facts)},
                  {"reference", reference_json(facts)},
                  {"windows", windows_json(windows)},
                  {"families", std::move(family_list)},
                  {"rates", rates_json(outlook, line, model)},
                  {"counts", counts_json(sums)},
                  {"budget", budget_json(facts)},
                  {"open_actions", record.open_actions(stream.model, stream.stream)}};
  return out;
}

}  // namespace vigil::shift
