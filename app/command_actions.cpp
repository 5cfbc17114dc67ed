// vigil actions: the actions a journal holds.
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "alerting/journal.h"
#include "alerting/person_verbs.h"
#include "app/command.h"
#include "app/shared_options.h"
#include "app/text.h"
#include "app/wall_clock.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

struct ActionsOptions {
  std::string journal, id, actor, reason, output;
  double hours = 0;  // of a shelve
  bool json = false;
};

using nlohmann::ordered_json;

std::string user() {
  const passwd* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(geteuid());
}

alerting::JournalAction find_action(const alerting::JournalReader& journal, const ActionsOptions& options) {
  for (const auto& action : journal.actions()) {
    if (action.id == options.id) return action;
  }
  throw Error(options.journal, "no action '" + shown(options.id) + "'", "an id that `vigil actions list` prints");
}

// Actions that are out of sight now: id -> until when. The newest shelve of an action counts.
std::map<std::string, std::int64_t> shelved(const std::vector<alerting::AuditRow>& trail) {
  std::map<std::string, std::int64_t> until;
  for (const auto& row : trail) {
    if (row.verb == "shelve") until[row.action_id] = row.until_ns;
  }
  std::erase_if(until, [now = wall_clock_ns()](const auto& entry) { return entry.second <= now; });
  return until;
}

ordered_json audit_json(const std::vector<alerting::AuditRow>& trail, const std::string& id) {
  ordered_json audit = ordered_json::array();
  for (const auto& row : trail) {
    if (row.action_id != id) continue;
    audit.push_back({{"at_ns", row.at_ns}, {"actor", row.actor}, {"verb", row.verb}, {"reason", row.reason}});
    audit.back()["detail"] = ordered_json::parse(row.detail);
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
  const auto text = [&](const char* key) {
    return shown(line.at(key).get<std::string>(), std::string_view(key) == "reason" ? kShownReason : kShownCharacters);
  };
  fmt::print("{}  {:<16} {:<10} {:<10} {:<7} run {} LS {}-{} {} {}: {}\n", action.id, text("kind"), text("cause"),
             to_string(action.state),
             is_shelved    ? "shelved"
             : action.open ? "open"
                           : "closed",
             line.at("run").dump(), line.at("first_ls").dump(), line.at("last_ls").dump(), shown(text("model")),
             shown(text("stream")), shown(text("reason"), 200));
}

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
  fmt::print("proposal  {}\n", ordered_json::parse(action.line).at("proposal").dump(2, ' ', true));
  fmt::print("delivery  {}, {} attempts{}\n", to_string(action.delivery), action.attempts,
             action.last_reason.empty() ? "" : ", last: " + shown(action.last_reason, kShownReason));
  for (const auto& row : audit) {
    const auto text = [&](const char* key) { return shown(row[key].get<std::string>(), kShownReason); };
    const std::string sink =
        row["detail"].contains("sink") ? " at " + shown(row["detail"]["sink"].get<std::string>()) : "";
    fmt::print("audit     {} {}{} {}\n", text("actor"), text("verb"), sink, text("reason"));
  }
  return 0;
}

int run_actions_note(const ActionsOptions& options, const std::string& verb) {
  const std::int64_t now = wall_clock_ns();
  const alerting::ActionState state = alerting::act_on_action(
      options.journal, {.at_ns = now,
                        .actor = options.actor.empty() ? user() : options.actor,
                        .verb = verb,
                        .action_id = options.id,
                        .reason = options.reason,
                        .until_ns = verb == "shelve" ? now + static_cast<std::int64_t>(options.hours * 3600e9) : 0});
  if (options.json) {
    fmt::print("{}\n", ordered_json{{"id", options.id}, {"recorded", verb}, {"state", to_string(state)}}.dump());
  } else {
    fmt::print("{} recorded for {}, which is {}\n", verb, options.id, to_string(state));
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

Options journal_options(ActionsOptions& o) {
  return {{"--journal", &o.journal, "journal file", Presence::required},
          {"--json", &o.json, "JSON on standard output"}};
}

Option id_option(ActionsOptions& o) { return {"ID", &o.id, "action id", Presence::required}; }

// A verb that people record about an action.
Command note_command(const std::string& verb) {
  const auto o = std::make_shared<ActionsOptions>();
  Options options = {id_option(*o), {"--actor", &o->actor, "who (default: the user)"}, {"--reason", &o->reason, "why"}};
  std::string example = "vigil actions " + verb + " ID --journal vigil.db --actor anna --reason 'seen'";
  if (verb == "shelve") {
    example += " --hours 8";
    options.push_back({"--hours", &o->hours, "out of sight for so long", Presence::required, {}, {{0.01, 24.0 * 365}}});
  }
  return {"actions " + verb, verb + " an action; recorded with actor and reason", example,
          joined({options, journal_options(*o)}), [o, verb] { return run_actions_note(*o, verb); }};
}

}  // namespace

Command actions_list_command() {
  const auto o = std::make_shared<ActionsOptions>();
  return {"actions list", "every action, with its delivery", "vigil actions list --journal vigil.db --json",
          journal_options(*o), [o] { return run_actions_list(*o); }};
}

Command actions_show_command() {
  const auto o = std::make_shared<ActionsOptions>();
  return {"actions show", "one action and what was done about it", "vigil actions show ID --journal vigil.db",
          joined({{id_option(*o)}, journal_options(*o)}), [o] { return run_actions_show(*o); }};
}

Command actions_export_command() {
  const auto o = std::make_shared<ActionsOptions>();
  return {"actions export", "every action with its audit trail, JSON Lines",
          "vigil actions export --journal vigil.db -o actions.jsonl",
          joined({{{"-o,--output", &o->output, "file to write (default standard output)"}}, journal_options(*o)}),
          [o] { return run_actions_export(*o); }};
}

Command actions_approve_command() { return note_command("approve"); }
Command actions_reject_command() { return note_command("reject"); }
Command actions_ack_command() { return note_command("ack"); }
Command actions_shelve_command() { return note_command("shelve"); }
Command actions_retry_command() { return note_command("retry"); }

}  // namespace vigil::app
