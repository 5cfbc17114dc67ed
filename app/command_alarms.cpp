// vigil alarms: what people are told of, and what they say to it, on a journal that a program may be writing.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "alerting/alarm_board.h"
#include "app/action_desk.h"
#include "app/command.h"
#include "app/shared_options.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

struct AlarmsOptions {
  std::string journal, node, named_node, actor, reason, until;
  double hours = 0, for_s = 0;
  bool json = false;
};

std::string text(const ordered_json& value, std::size_t most = kShownCharacters) {
  return shown(value.get<std::string>(), most);
}

void print(const ordered_json& document, bool json) {
  if (json) {
    fmt::print("{}\n", json_text(document));
    return;
  }
  for (const auto& group : document["groups"]) {
    fmt::print("{}: {}, {} raised, {} of them not acknowledged, {} shelved; speaks: {}\n",
               text(group["node"], 4 * kShownCharacters), text(group["severity"]), group["raised"].dump(),
               group["unacknowledged"].dump(), group["shelved"].dump(), group["spoken"].size());
  }
  for (const auto& alarm : document["alarms"]) {
    std::string line = fmt::format("{:<5} {:<16} now {:<5} since run {} LS {}  {}", text(alarm["latched"]),
                                   alarm["latched"] == "ok"            ? "-"
                                   : alarm["acknowledged"].get<bool>() ? "acknowledged"
                                                                       : "NOT ACKNOWLEDGED",
                                   text(alarm["severity"]), alarm["run"].dump(), alarm["ls"].dump(),
                                   text(alarm["node"], 4 * kShownCharacters));
    if (!alarm["known"].get<bool>()) line += "  (nothing known now)";
    if (alarm["shelved_until"].is_string()) line += "  shelved until " + text(alarm["shelved_until"]);
    for (const char* key : {"guidance", "contact"}) {
      if (const auto& said = alarm[key]; !said.get_ref<const std::string&>().empty()) {
        line += fmt::format("  {}: {}", key, text(said, 4 * kShownCharacters));
      }
    }
    fmt::print("{}\n", line);
  }
}

std::string node_of(const AlarmsOptions& o, bool required) {
  if (!o.node.empty() && !o.named_node.empty()) throw Error("NODE, --node", "both given", "one of them");
  const std::string& node = o.node.empty() ? o.named_node : o.node;
  if (required && node.empty()) throw Error("NODE", "not given", "MODEL, MODEL/STREAM or MODEL/STREAM/MONITOR");
  return node;
}

int run_alarms_list(const AlarmsOptions& o) {
  const alerting::AlarmBoard board(o.journal);
  print(board.alarms(node_of(o, false)).body, o.json);
  return 0;
}

int run_alarms_verb(const AlarmsOptions& o, const std::string& verb) {
  ordered_json body = {{"node", node_of(o, true)}};
  if (!o.reason.empty()) body["reason"] = o.reason;
  if (verb == "shelve") {
    if ((o.hours > 0) + (o.for_s > 0) + !o.until.empty() != 1) {
      throw Error("alarms shelve", "not one of --until, --hours, --for-s", "one of them");
    }
    if (!o.until.empty()) body["until"] = o.until;
    if (o.for_s > 0) body["for_s"] = o.for_s;
    if (o.hours > 0) body["for_s"] = o.hours * 3600;
  }
  const alerting::Asker asker{.actor = o.actor.empty() ? user() : o.actor, .shifter = true};
  const alerting::DeskAnswer answer = alerting::AlarmBoard(o.journal).act(asker, verb, body);
  if (answer.problem) throw Error("alarms " + verb + " " + shown(node_of(o, true)), answer.problem->detail);
  print(answer.body, o.json);
  return 0;
}

Options common_options(AlarmsOptions& o, const std::string& about) {
  return {{"NODE", &o.node, about},
          {"--node", &o.named_node, "the same, for names that begin with a dash"},
          {"--journal", &o.journal, "journal file", Presence::required},
          {"--json", &o.json, "one JSON document"}};
}

Command verb_command(const std::string& verb, const std::string& about, const std::string& rest) {
  const auto o = std::make_shared<AlarmsOptions>();
  Options options = {{"--actor", &o->actor, "who (default: the user)"}, {"--reason", &o->reason, "why"}};
  if (verb == "shelve") {
    constexpr double kYear = 365 * 24;
    options.push_back({"--until", &o->until, "a time like 2026-11-26T12:00:00Z"});
    options.push_back({"--hours", &o->hours, "for so long [h]", Presence::optional, {}, {{1.0 / 3600, kYear}}});
    options.push_back({"--for-s", &o->for_s, "for so long [s]", Presence::optional, {}, {{1, kYear * 3600}}});
  }
  return {"alarms " + verb, about,
          "vigil alarms " + verb + " axol1tl/scouting/score --journal vigil.db --actor anna" + rest,
          joined({common_options(*o, "MODEL, MODEL/STREAM or MODEL/STREAM/MONITOR: all below it"), options}),
          [o, verb] { return run_alarms_verb(*o, verb); }};
}

}  // namespace

Command alarms_list_command() {
  const auto o = std::make_shared<AlarmsOptions>();
  return {"alarms list", "what is raised or shelved", "vigil alarms list --journal vigil.db --json",
          common_options(*o, "only what is below it: MODEL, MODEL/STREAM or MODEL/STREAM/MONITOR"),
          [o] { return run_alarms_list(*o); }};
}

Command alarms_ack_command() {
  return verb_command("ack", "acknowledge: seen; gone once it is ok again too", " --reason seen");
}
Command alarms_shelve_command() {
  return verb_command("shelve", "out of sight for a while; it goes on underneath", " --hours 8 --reason known");
}
Command alarms_unshelve_command() { return verb_command("unshelve", "in sight again", ""); }

}  // namespace vigil::app
