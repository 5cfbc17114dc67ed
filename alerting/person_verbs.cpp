#include "alerting/person_verbs.h"

#include <filesystem>
#include <optional>

#include "alerting/audit_chain.h"
#include "alerting/journal_store.h"
#include "alerting/outbox.h"

namespace vigil::alerting {
namespace {

struct Asked {
  Verb verb;
  Role by;     // an approval is a person's; with the last one needed the action is approved by vigil
  bool noted;  // the audit has a row of its own for what was asked, beside that of the change
};

std::optional<Asked> asked(const std::string& verb) {
  if (verb == "approve") return Asked{Verb::approve, Role::vigil, true};
  if (verb == "reject") return Asked{Verb::reject, Role::expert, false};
  if (verb == "retry") return Asked{Verb::retry, Role::expert, true};
  return std::nullopt;
}

// When `verb` would have been possible, for whoever reads the refusal.
std::string possible(Verb verb) {
  switch (verb) {
    case Verb::approve:
      return "state proposed";
    case Verb::reject:
      return "state proposed, or approved and not sent";
    default:
      return "state failed, and delivered nowhere";
  }
}

void act(SQLite::Database& db, store::ActionNow& action, const AuditRow& row) {
  const auto change = asked(row.verb);
  if (!change) return store::append_audit(db, row);
  if (!next_state(action.state, change->verb, change->by, action.facts)) {
    const char* sent = action.facts.delivered ? " and is delivered" : action.facts.sent ? " and is sent" : "";
    throw Error("action " + action.id, "cannot " + row.verb + ": it is " + std::string(to_string(action.state)) + sent,
                possible(change->verb));
  }
  if (change->noted) store::append_audit(db, row);
  const std::string actor = change->by == Role::vigil ? "vigil" : row.actor;
  (void)store::change_state(db, action, change->verb, change->by, actor, row.reason, row.at_ns);
}

}  // namespace

ActionState act_on_action(const std::string& file, const AuditRow& row, const JournalSettings& settings) {
  if (!std::filesystem::is_regular_file(file)) throw Error("journal " + file, "no such file", "a journal of vigil");
  return store::guarded(file, [&] {
    std::optional<store::WriterLock> lock;
    {
      SQLite::Database reader = store::open_for_reading(file, settings);
      // No process must be writing a journal while another brings it to a newer version.
      if (store::version(reader) < store::kVersion) lock.emplace(file);
    }
    SQLite::Database db = store::open_for_writing(file, settings);
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    auto action = store::find_action(db, row.action_id);
    if (!action) {
      throw Error(file, "no action '" + shown(row.action_id) + "'", "an id that `vigil actions list` prints");
    }
    act(db, *action, row);
    transaction.commit();
    return action->state;
  });
}

}  // namespace vigil::alerting
