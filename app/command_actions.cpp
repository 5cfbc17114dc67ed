// vigil actions, vigil status: what a journal holds.
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "alerting/journal.h"
#include "alerting/journal_note.h"
#include "app/commands.h"
#include "app/text.h"
#include "core/error.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

std::string user() {
  const passwd* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(geteuid());
}

alerting::JournalAction find_action(const alerting::JournalReader& journal, const ActionsOptions& options) {
  for (const auto& action : journal.actions()) {
    if (action.id == options.id) return action;
  }
  throw Error(options.journal, "no action '" + options.id + "'", "an id that `vigil actions list` prints");
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Actions that are out of sight now: id -> until when. The newest shelve of an action counts.
std::map<std::string, std::int64_t> shelved(const std::vector<alerting::AuditRow>& trail) {
  std::map<std::string, std::int64_t> until;
  for (const auto& row : trail) {
    if (row.verb == "shelve") until[row.action_id] = row.until_ns;
  }
  std::erase_if(until, [now = now_ns()](const auto& entry) { return entry.second <= now; });
  return until;
}

ordered_json audit_json(const std::vector<alerting::AuditRow>& trail, const std::string& id) {
  ordered_json audit = ordered_json::array();
  for (const auto& row : trail) {
    if (row.action_id != id) continue;
    audit.push_back({{"at_ns", row.at_ns}, {"actor", row.actor}, {"verb", row.verb}, {"reason", row.reason}});
    if (row.until_ns > 0) audit.back()["until_ns"] = row.until_ns;
  }
  return audit;
}

ordered_json exported(const std::vector<alerting::AuditRow>& trail, const alerting::JournalAction& action) {
  auto out = ordered_json::parse(alerting::listed_line(action));
  out["attempts"] = action.attempts;
  out["audit"] = audit_json(trail, action.id);
  return out;
}

void print_action(const alerting::JournalAction& action, bool is_shelved) {
  const auto line = ordered_json::parse(action.line);
  const auto text = [&](const char* key) { return line.at(key).get<std::string>(); };
  fmt::print("{}  {:<16} {:<10} {:<9} {:<7} run {} LS {}-{} {} {}: {}\n", action.id, text("kind"), text("cause"),
             to_string(action.delivery),
             is_shelved    ? "shelved"
             : action.open ? "open"
                           : "closed",
             line.at("run").dump(), line.at("first_ls").dump(), line.at("last_ls").dump(), text("model"),
             text("stream"), text("reason"));
}

}  // namespace

int run_actions_list(const ActionsOptions& options) {
  const alerting::JournalReader journal(options.journal);
  const auto actions = journal.actions();
  const auto out_of_sight = shelved(journal.audit_trail());
  for (const auto& action : actions) {
    if (options.json) {
      fmt::print("{}\n", alerting::listed_line(action));
    } else {
      print_action(action, out_of_sight.contains(action.id));
    }
  }
  if (actions.empty() && !options.json) fmt::print("no actions\n");
  return 0;
}

int run_actions_show(const ActionsOptions& options) {
  const alerting::JournalReader journal(options.journal);
  const auto action = find_action(journal, options);
  const auto trail = journal.audit_trail();
  const ordered_json full = exported(trail, action);
  if (options.json) {
    fmt::print("{}\n", full.dump());
    return 0;
  }
  const ordered_json& audit = full["audit"];
  print_action(action, shelved(trail).contains(action.id));
  fmt::print("proposal  {}\n", ordered_json::parse(action.line).at("proposal").dump(2));
  fmt::print("attempts  {}{}\n", action.attempts, action.last_reason.empty() ? "" : ", last: " + action.last_reason);
  for (const auto& row : audit) {
    fmt::print("audit     {} {} {}\n", row["actor"].get<std::string>(), row["verb"].get<std::string>(),
               row["reason"].get<std::string>());
  }
  return 0;
}

int run_actions_note(const ActionsOptions& options, const std::string& verb) {
  {
    const alerting::JournalReader journal(options.journal);
    (void)find_action(journal, options);
  }
  const std::int64_t now = now_ns();
  alerting::note_action(options.journal,
                        {.at_ns = now,
                         .actor = options.actor.empty() ? user() : options.actor,
                         .verb = verb,
                         .action_id = options.id,
                         .reason = options.reason,
                         .until_ns = verb == "shelve" ? now + static_cast<std::int64_t>(options.hours * 3600e9) : 0});
  if (options.json) {
    fmt::print("{}\n", ordered_json{{"id", options.id}, {"recorded", verb}}.dump());
  } else {
    fmt::print("{} recorded for {}\n", verb, options.id);
  }
  return 0;
}

int run_actions_export(const ActionsOptions& options) {
  const alerting::JournalReader journal(options.journal);
  const auto trail = journal.audit_trail();  // once, however many actions
  std::string text;
  for (const auto& action : journal.actions()) text += exported(trail, action).dump() + "\n";
  if (options.output.empty()) {
    fmt::print("{}", text);
    return 0;
  }
  std::ofstream file(options.output, std::ios::binary | std::ios::trunc);
  if (!file.write(text.data(), static_cast<std::streamsize>(text.size())).flush()) {
    throw Error(options.output, "cannot be written", "a file on a disk with room");
  }
  return 0;
}

int run_status(const std::string& file, bool json) {
  const alerting::JournalReader journal(file);
  const auto counts = journal.counts();
  const auto lumisections = journal.newest_lines(alerting::JournalRow::Table::lumisection);
  const auto windows = journal.newest_lines(alerting::JournalRow::Table::window);
  ordered_json out = {{"journal", file},
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
  for (const std::string& text : lumisections) {
    auto line = ordered_json::parse(text);
    ordered_json stream = {{"lumisection", line}, {"windows", ordered_json::array()}};
    for (const std::string& window_text : windows) {
      const auto window = ordered_json::parse(window_text);
      if (window["model"] == line["model"] && window["stream"] == line["stream"]) stream["windows"].push_back(window);
    }
    out["streams"].push_back(std::move(stream));
  }
  if (json) {
    fmt::print("{}\n", out.dump());
    return 0;
  }
  fmt::print("{:<12} {:<10} {:>8} {:>6} {:>10} {:>8} {:>6} {:>9}  {:<8} {}\n", "model", "stream", "run", "LS", "events",
             "coverage", "lost", "mismatch", "quality", "reason");
  for (const auto& stream : out["streams"]) {
    const auto& line = stream["lumisection"];
    std::uint64_t lost = 0, mismatches = 0;
    for (const auto& [name, source] : line["sources"].items()) {
      for (const char* key : {"missing", "late", "rejected", "dropped"}) lost += source[key].get<std::uint64_t>();
    }
    for (const auto& [name, output] : line["outputs"].items()) mismatches += output["mismatches"].get<std::uint64_t>();
    const double coverage = line["covered_orbits"].get<double>() / line["expected_orbits"].get<double>();
    std::string quality = "unknown", reason = "no window yet";
    if (!stream["windows"].empty()) {
      quality = stream["windows"].back()["quality"].get<std::string>();
      reason = stream["windows"].back()["reason"].get<std::string>();
    }
    const Quality level = quality == "good"     ? Quality::good
                          : quality == "medium" ? Quality::medium
                          : quality == "bad"    ? Quality::bad
                                                : Quality::unknown;
    fmt::print("{:<12} {:<10} {:>8} {:>6} {:>10} {:>8.2f} {:>6} {:>9}  {} {}\n", line["model"].get<std::string>(),
               line["stream"].get<std::string>(), line["run"].dump(), line["ls"].dump(), line["events"].dump(),
               coverage, lost, mismatches, paint(level, fmt::format("{:<8}", quality)), reason);
  }
  fmt::print("{} lumisections, {} windows, {} actions ({} open, {} pending, {} delivered, {} rejected, {} expired)\n",
             counts.lumisections, counts.windows, counts.actions, counts.open, counts.pending, counts.delivered,
             counts.rejected, counts.expired);
  return 0;
}

}  // namespace vigil::app
