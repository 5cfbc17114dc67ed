#include "alerting/journal_note.h"

#include <filesystem>

#include "alerting/journal_store.h"

namespace vigil::alerting {

void note_action(const std::string& file, const AuditRow& row, const JournalSettings& settings) {
  if (!std::filesystem::is_regular_file(file)) throw Error("journal " + file, "no such file", "a journal of vigil");
  store::guarded(file, [&] {
    SQLite::Database db = store::open_for_writing(file, settings);
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement insert(
        db, "INSERT INTO audit (at_ns, actor, verb, action_id, reason, until_ns) VALUES (?, ?, ?, ?, ?, ?)");
    insert.bind(1, row.at_ns);
    insert.bind(2, row.actor);
    insert.bind(3, row.verb);
    insert.bind(4, row.action_id);
    insert.bind(5, row.reason);
    insert.bind(6, row.until_ns);
    insert.exec();
    if (row.verb == "retry") {
      SQLite::Statement again(
          db,
          "UPDATE outbox SET status = 'pending', first_seen_ns = NULL, next_attempt_ns = 0 "
          "WHERE status IN ('rejected', 'expired') AND action = (SELECT seq FROM actions WHERE id = ?)");
      again.bind(1, row.action_id);
      again.exec();
    }
    transaction.commit();
  });
}

}  // namespace vigil::alerting
