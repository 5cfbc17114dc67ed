// vigil actions list, show, export: the actions a journal holds.
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "alerting/journal.h"
#include "alerting/life_cycle.h"
#include "app/action_desk.h"
#include "app/shared_options.h"
#include "app/text.h"
#include "app/wall_clock.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

// Actions that are out of sight now: id -> until when. The newest shelve or unshelve of an action counts.
std::map<std::string, std::int64_t> shelved(const std::string& journal) {
  std::map<std::string, std::int64_t> until;
  for (const auto& row : alerting::JournalReader(journal).audit_trail()) {
    if (row.verb == "shelve") until[row.action_id] = row.until_ns;
    if (row.verb == "unshelve") until.erase(row.action_id);
  }
  std::erase_if(until, [now = wall_clock_ns()](const auto& entry) { return entry.second <= now; });
  return until;
}

std::string text_of(const ordered_json& action, const char* key, std::size_t most = kShownCharacters) {
  return shown(action.value(key, ""), most);
}

void print_action(const ordered_json& action, bool is_shelved) {
  const std::string approvals =
      action.at("needed") == "auto" || action.at("state") != "proposed"
          ? ""
          : fmt::format(" ({} of {} approvals)", action.at("approvals").size(), action.at("needed") == "two" ? 2 : 1);
  fmt::print("{}  {:<16} {:<10} {:<10} {:<7} run {} LS {}-{} {} {}: {}{}\n", text_of(action, "id"),
             text_of(action, "kind"), text_of(action, "cause"), text_of(action, "state"),
             is_shelved                      ? "shelved"
             : action.at("open").get<bool>() ? "open"
                                             : "closed",
             action.at("run").dump(), action.at("first_ls").dump(), action.at("last_ls").dump(),
             text_of(action, "model"), text_of(action, "stream"), text_of(action, "reason", 200), approvals);
}

// Every action, page by page, to `take`.
template <class Take>
void each(alerting::Desk& desk, alerting::ActionFilter filter, Take&& take) {
  filter.limit = 1000;
  while (true) {
    const ordered_json page = document(desk.list(filter), "", "list");
    for (const ordered_json& action : page.at("actions")) take(action);
    if (page.at("next").is_null()) return;
    filter.after = page.at("next").get<std::string>();
  }
}

int run_actions_list(const ActionsOptions& options) {
  const auto desk = desk_on(options.journal);
  alerting::ActionFilter filter;
  if (!options.state.empty()) filter.state = options.state;
  filter.dead = options.dead;
  const auto out_of_sight = options.json ? std::map<std::string, std::int64_t>{} : shelved(options.journal);
  bool any = false;
  each(*desk, filter, [&](const ordered_json& action) {
    any = true;
    if (options.json) {
      fmt::print("{}\n", line_text(action));
    } else {
      print_action(action, out_of_sight.contains(action.at("id").get<std::string>()));
    }
  });
  if (!any && !options.json) fmt::print("no actions\n");
  return 0;
}

// What is shown of one action, with the attempts over all sinks.
ordered_json whole(alerting::Desk& desk, const std::string& id) {
  ordered_json action = document(desk.show(id), id, "show");
  std::int64_t attempts = 0;
  for (const ordered_json& sink : action.at("sinks")) attempts += sink.at("attempts").get<std::int64_t>();
  action["attempts"] = attempts;
  action["audit"] = action.at("history");
  return action;
}

int run_actions_show(const ActionsOptions& options) {
  const auto desk = desk_on(options.journal);
  const ordered_json action = whole(*desk, options.id);
  if (options.json) {
    fmt::print("{}\n", line_text(action));
    return 0;
  }
  print_action(action, shelved(options.journal).contains(options.id));
  fmt::print("proposal  {}\n", action.at("proposal").dump(2, ' ', true));
  fmt::print("delivery  {}, {} attempts\n", text_of(action, "delivery"), action.at("attempts").dump());
  for (const ordered_json& sink : action.at("sinks")) {
    fmt::print("sink      {} {} {}\n", text_of(sink, "sink"), text_of(sink, "status"),
               text_of(sink, "reason", kShownReason));
  }
  if (action.at("requests").is_array()) {
    for (const ordered_json& request : action.at("requests")) {
      fmt::print("request   {} {} {} {}\n", text_of(request, "sink"), text_of(request, "method"),
                 text_of(request, "url", 200), text_of(request, "body", kShownReason));
    }
    fmt::print("sha256    {}\n", text_of(action, "request_sha256"));
  }
  for (const ordered_json& row : action.at("history")) {
    const auto sink = row.at("detail").find("sink");
    const bool at_sink = sink != row.at("detail").end() && sink->is_string();
    fmt::print("audit     {} {}{} {}\n", text_of(row, "actor"), text_of(row, "verb"),
               at_sink ? " at " + shown(sink->get<std::string>()) : "", text_of(row, "reason", kShownReason));
  }
  return 0;
}

int run_actions_export(const ActionsOptions& options) {
  const auto desk = desk_on(options.journal);
  std::string text;
  each(*desk, {},
       [&](const ordered_json& action) { text += line_text(whole(*desk, action.at("id").get<std::string>())) + "\n"; });
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

std::vector<std::string> states() {
  std::vector<std::string> names;
  for (std::size_t s = 0; s < alerting::kActionStates; ++s) {
    names.emplace_back(to_string(static_cast<alerting::ActionState>(s)));
  }
  return names;
}

}  // namespace

Command actions_list_command() {
  const auto o = std::make_shared<ActionsOptions>();
  return {"actions list", "every action, with its state and its delivery",
          "vigil actions list --journal vigil.db --json",
          joined({{{"--state", &o->state, "only those in this state", Presence::optional, states()},
                   {"--dead", &o->dead, "only those with entries refused or expired at a sink"}},
                  journal_options(*o)}),
          [o] { return run_actions_list(*o); }};
}

Command actions_show_command() {
  const auto o = std::make_shared<ActionsOptions>();
  return {"actions show", "one action, what would be sent of it, and what was done about it",
          "vigil actions show ID --journal vigil.db", joined({{id_option(*o)}, journal_options(*o)}),
          [o] { return run_actions_show(*o); }};
}

Command actions_export_command() {
  const auto o = std::make_shared<ActionsOptions>();
  return {"actions export", "every action with its audit trail, JSON Lines",
          "vigil actions export --journal vigil.db -o actions.jsonl",
          joined({{{"-o,--output", &o->output, "file to write (default standard output)"}}, journal_options(*o)}),
          [o] { return run_actions_export(*o); }};
}

}  // namespace vigil::app
