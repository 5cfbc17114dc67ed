#include "app/action_desk.h"

#include <pwd.h>
#include <unistd.h>

#include "alerting/desk_actions.h"
#include "app/alarm_desk.h"
#include "core/error.h"

namespace vigil::app {

std::string user() {
  const passwd* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(geteuid());
}

std::unique_ptr<alerting::Desk> desk_on(const std::string& journal) {
  alerting::DeskSettings settings;
  constexpr std::string_view kModel = "model/";
  for (const auto& [key, value] : alerting::JournalReader(journal).meta()) {
    if (key.starts_with(kModel)) settings.models[key.substr(kModel.size())] = value;
  }
  settings.alarms = alarm_desk(journal);
  return alerting::make_desk(journal, std::move(settings));
}

nlohmann::ordered_json document(const alerting::DeskAnswer& answer, const std::string& id, const std::string& verb) {
  if (!answer.problem) return answer.body;
  const std::string& detail = answer.problem->detail;
  const std::string named = "action " + id + ": ";
  if (detail.starts_with(named)) throw Error("action " + id, detail.substr(named.size()));
  throw Error(id.empty() ? verb : "action " + shown(id) + ": cannot " + verb, detail);
}

alerting::Asker asker(const std::string& actor) { return {actor.empty() ? user() : actor, true, true, true}; }

std::vector<Option> journal_options(ActionsOptions& o) {
  return {{"--journal", &o.journal, "journal file", Presence::required},
          {"--json", &o.json, "JSON on standard output"}};
}

Option id_option(ActionsOptions& o) { return {"ID", &o.id, "action id", Presence::required}; }

}  // namespace vigil::app
