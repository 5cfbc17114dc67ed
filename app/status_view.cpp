#include "app/status_view.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "app/text.h"
#include "core/json_text.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;
using Table = alerting::JournalRow::Table;

constexpr const char* kLost[] = {"missing", "late", "duplicate", "rejected", "dropped"};

// Seconds since a time of the table, or null.
ordered_json age(const ordered_json& live, const char* key, std::int64_t now_ns) {
  const auto it = live.find(key);
  if (it == live.end() || !it->is_number_integer()) return nullptr;
  return json_number(static_cast<double>(now_ns - it->get<std::int64_t>()) / 1e9);
}

bool older(const ordered_json& age_s, double seconds) { return !age_s.is_number() || age_s.get<double>() > seconds; }

std::string seconds_text(const ordered_json& seconds) {
  if (!seconds.is_number()) return "-";
  const double s = seconds.get<double>();
  if (s < 120) return fmt::format("{:.0f} s", s);
  if (s < 7200) return fmt::format("{:.0f} min", s / 60);
  if (s < 48 * 3600) return fmt::format("{:.0f} h", s / 3600);
  return fmt::format("{:.0f} d", s / 86400);
}

ordered_json sum(const ordered_json& sources, const char* scope) {
  ordered_json total = ordered_json::object();
  for (const char* key :
       {"batches", "missing", "duplicate", "late", "rejected", "dropped", "restarts", "ignored_annotations"}) {
    std::uint64_t all = 0;
    for (const auto& [name, source] : sources.items()) all += source.at(scope).value(key, std::uint64_t{0});
    total[key] = all;
  }
  return total;
}

// The counts of the lines of this run, where the journal knows no live ones (an older program wrote it).
struct Stream {
  ordered_json lumisection;
  ordered_json windows = ordered_json::array();
  ordered_json live;
  std::int64_t updated_ns = 0;
};

// Why it is stale, or nothing.
std::string stale_reason(const Stream& stream, const ordered_json& ages, const ordered_json& program) {
  if (stream.live.is_null()) return "no program has said anything of it";
  std::string why;
  if (older(ages["newest_frame_s"], kStaleFrameSeconds)) {
    why =
        ages["newest_frame_s"].is_null() ? "no message yet" : "no message for " + seconds_text(ages["newest_frame_s"]);
  } else if (older(ages["newest_lumisection_s"], kStaleLumisectionSeconds)) {
    why = ages["newest_lumisection_s"].is_null()
              ? "no lumisection yet"
              : "no lumisection for " + seconds_text(ages["newest_lumisection_s"]) + " though messages arrive";
  }
  if (why.empty()) return {};
  if (program.value("ended", false)) return why + "; vigil has ended";
  if (!program.value("running", false)) return why + "; vigil is not running";
  return why;
}

ordered_json stream_document(const std::string& model, const std::string& name, Stream&& stream,
                             const ordered_json& program, std::int64_t now_ns) {
  ordered_json ages = {{"newest_frame_s", age(stream.live, "newest_frame_ns", now_ns)},
                       {"newest_batch_s", age(stream.live, "newest_batch_ns", now_ns)},
                       {"newest_lumisection_s", age(stream.live, "newest_lumisection_ns", now_ns)},
                       {"status_s", nullptr}};
  if (stream.updated_ns > 0) ages["status_s"] = json_number(static_cast<double>(now_ns - stream.updated_ns) / 1e9);
  const std::string stale = stale_reason(stream, ages, program);
  std::string quality = "unknown", reason = "no window yet";
  if (!stream.windows.empty()) {
    quality = stream.windows.back()["quality"].get<std::string>();
    reason = stream.windows.back()["reason"].get<std::string>();
  }
  if (!stale.empty()) {
    quality = "stale";
    reason = stale;
    for (ordered_json& window : stream.windows) {
      window["quality_when_closed"] = window["quality"];
      window["quality"] = "stale";
    }
  }
  ordered_json out = {{"model", model}, {"stream", name}, {"quality", quality}, {"reason", reason}, {"age_s", ages}};
  if (stream.live.is_object()) {
    const ordered_json& live = stream.live;
    ordered_json sources = live.value("sources", ordered_json::object());
    ordered_json silent = ordered_json::array();
    for (auto& [source, state] : sources.items()) {
      state["age_s"] = age(state, "newest_batch_ns", now_ns);
      if (state.contains("silent_since")) silent.push_back({{"source", source}, {"since", state["silent_since"]}});
    }
    // Nothing flows where nothing arrives.
    const bool flows = stale.empty();
    out["rates"] = {{"frames_per_s", flows ? live.value("frames_per_s", ordered_json()) : ordered_json(0)},
                    {"events_per_s", flows ? live.value("events_per_s", ordered_json()) : ordered_json(0)},
                    {"seed_rate_hz", live.value("seed_rate_hz", ordered_json::object())}};
    out["lag_s"] = live.value("lag_s", ordered_json());
    out["run"] = live.value("run", 0u);
    out["in_run"] = sum(sources, "in_run");
    out["in_program"] = sum(sources, "in_program");
    out["silent"] = std::move(silent);
    out["sources"] = std::move(sources);
  }
  out["lumisection"] = std::move(stream.lumisection);
  out["windows"] = std::move(stream.windows);
  return out;
}

std::uint64_t lost(const ordered_json& counts) {
  std::uint64_t all = 0;
  for (const char* key : kLost) all += counts.value(key, std::uint64_t{0});
  return all;
}

std::string loss_text(const ordered_json& stream) {
  std::string text;
  for (const auto& [name, source] : stream["sources"].items()) {
    std::string parts;
    for (const char* key : {"missing", "late", "duplicate", "rejected", "dropped", "restarts", "ignored_annotations"}) {
      const auto in_run = source["in_run"].value(key, std::uint64_t{0});
      const auto in_program = source["in_program"].value(key, std::uint64_t{0});
      if (in_program == 0) continue;
      parts += fmt::format("  {} {}", key, in_run);
      if (in_program != in_run) parts += fmt::format(" ({} since vigil started)", in_program);
      if (std::string_view(key) != "rejected" || !source["in_program"].contains("rejected_by")) continue;
      std::string causes;
      for (const auto& [cause, count] : source["in_program"]["rejected_by"].items()) {
        causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ", cause, count.dump());
      }
      parts += " [" + causes + "]";
    }
    if (source.contains("silent_since")) {
      parts += fmt::format("  SILENT since run {} LS {}", source["silent_since"]["run"].dump(),
                           source["silent_since"]["ls"].dump());
    }
    if (parts.empty()) continue;
    text += fmt::format("  source {:<12} newest batch {} ago{}\n", name.empty() ? "(unknown)" : shown(name),
                        seconds_text(source["age_s"]), parts);
  }
  return text;
}

}  // namespace

ordered_json status_document(const std::string& file, const alerting::JournalReader& journal, std::int64_t now_ns) {
  const auto counts = journal.counts();
  ordered_json program = nullptr;
  std::map<std::pair<std::string, std::string>, Stream> streams;
  for (const alerting::LiveRow& row : journal.live()) {
    ordered_json live = ordered_json::parse(row.line, nullptr, false);
    if (!live.is_object()) continue;
    if (row.model.empty() && row.stream.empty()) {
      program = std::move(live);
      const double age_s = static_cast<double>(now_ns - row.updated_ns) / 1e9;
      program["age_s"] = json_number(age_s);
      program["running"] = !program.value("ended", false) && age_s <= kLiveSeconds;
      continue;
    }
    Stream& stream = streams[{row.model, row.stream}];
    stream.live = std::move(live);
    stream.updated_ns = row.updated_ns;
  }
  if (program.is_null()) program = {{"running", false}};
  const auto of = [&](const ordered_json& line) -> Stream& {
    return streams[{line["model"].get<std::string>(), line["stream"].get<std::string>()}];
  };
  for (const std::string& text : journal.newest_lines(Table::lumisection)) {
    auto line = ordered_json::parse(text);
    Stream& stream = of(line);  // first: an assignment takes what is on its right before it looks at its left
    stream.lumisection = std::move(line);
  }
  for (const std::string& text : journal.newest_lines(Table::window)) {
    auto line = ordered_json::parse(text);
    of(line).windows.push_back(std::move(line));
  }
  ordered_json out = {{"journal", file},
                      {"program", program},
                      {"lumisections", counts.lumisections},
                      {"windows", counts.windows},
                      {"actions",
                       {{"all", counts.actions},
                        {"open", counts.open},
                        {"pending", counts.pending},
                        {"delivered", counts.delivered},
                        {"rejected", counts.rejected},
                        {"expired", counts.expired}}},
                      {"streams", ordered_json::array()}};
  for (auto& [name, stream] : streams) {
    out["streams"].push_back(stream_document(name.first, name.second, std::move(stream), program, now_ns));
  }
  return out;
}

std::string status_text(const ordered_json& document) {
  std::string text =
      fmt::format("{:<12} {:<10} {:>8} {:>6} {:>10} {:>8} {:>9} {:>8} {:>8} {:>7} {:>9} {:>10}  {:<8} {}\n", "model",
                  "stream", "run", "LS", "events", "coverage", "lost(run)", "mismatch", "age", "lag", "LS age",
                  "events/s", "quality", "reason");
  for (const auto& stream : document["streams"]) {
    const auto& line = stream["lumisection"];
    std::uint64_t mismatches = 0;
    std::string run = "-", ls = "-", events = "-", coverage = "-";
    if (line.is_object()) {
      for (const auto& [name, output] : line["outputs"].items())
        mismatches += output["mismatches"].get<std::uint64_t>();
      run = line["run"].dump();
      ls = line["ls"].dump();
      events = line["events"].dump();
      coverage = fmt::format("{:.2f}", line["covered_orbits"].get<double>() / line["expected_orbits"].get<double>());
    }
    const bool live = stream.contains("in_run");
    const std::string quality = stream["quality"].get<std::string>();
    const Quality level = quality == "good"     ? Quality::good
                          : quality == "medium" ? Quality::medium
                          : quality == "bad"    ? Quality::bad
                                                : Quality::unknown;
    text += fmt::format("{:<12} {:<10} {:>8} {:>6} {:>10} {:>8} {:>9} {:>8} {:>8} {:>7} {:>9} {:>10}  {} {}\n",
                        shown(stream["model"].get<std::string>()), shown(stream["stream"].get<std::string>()), run, ls,
                        events, coverage, live ? std::to_string(lost(stream["in_run"])) : "-", mismatches,
                        seconds_text(stream["age_s"]["newest_frame_s"]), live ? seconds_text(stream["lag_s"]) : "-",
                        seconds_text(stream["age_s"]["newest_lumisection_s"]),
                        live && stream["rates"]["events_per_s"].is_number()
                            ? short_number(stream["rates"]["events_per_s"].get<double>())
                            : "-",
                        paint(level, fmt::format("{:<8}", quality)),
                        shown(stream["reason"].get<std::string>(), 4 * kShownCharacters));
    if (!live) continue;
    std::string rates;
    for (const auto& [seed, rate] : stream["rates"]["seed_rate_hz"].items()) {
      if (rate.is_number()) rates += fmt::format("  {} {} Hz", shown(seed), short_number(rate.get<double>()));
    }
    if (!rates.empty()) {
      text += fmt::format("  rates of LS {}, {} old:{}\n", ls, seconds_text(stream["age_s"]["newest_lumisection_s"]),
                          rates);
    }
    text += loss_text(stream);
  }
  const auto& actions = document["actions"];
  text += fmt::format(
      "{} lumisections, {} windows, {} actions ({} open, {} pending, {} delivered, {} rejected, {} expired)\n",
      document["lumisections"].dump(), document["windows"].dump(), actions["all"].dump(), actions["open"].dump(),
      actions["pending"].dump(), actions["delivered"].dump(), actions["rejected"].dump(), actions["expired"].dump());
  const auto& program = document["program"];
  if (!program.contains("mode")) return text + "vigil is not running, and never said what is going on\n";
  text += fmt::format("vigil {} {}, status {} old", shown(program["mode"].get<std::string>()),
                      program.value("ended", false)     ? "has ended"
                      : program.value("running", false) ? "is running"
                                                        : "is NOT running and did not end",
                      seconds_text(program["age_s"]));
  if (const auto recording = program.find("recording"); recording != program.end()) {
    text += recording->value("stopped", false) ? "; recording STOPPED" : "; recording";
    if (const auto frames = recording->value("frames_left_out", std::uint64_t{0}); frames > 0)
      text += fmt::format(", {} frames left out", frames);
  }
  if (const auto lines = program.value("result_lines_left_out", std::uint64_t{0}); lines > 0)
    text += fmt::format("; {} result lines left out, nobody reads standard output", lines);
  if (const auto it = program.find("unplaced"); it != program.end() && lost(*it) > 0)
    text += fmt::format("; {} batches of no known stream rejected or dropped", lost(*it));
  return text + "\n";
}

}  // namespace vigil::app
