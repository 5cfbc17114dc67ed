// A journal of version 1 (its schema as it was written then) goes on as one of the present version.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "alerting/audit_chain.h"
#include "alerting/journal_store.h"
#include "core/error.h"
#include "journals.h"
#include "persons.h"

namespace vigil::alerting {
namespace {

using S = ActionState;

constexpr const char* kVersion1 = R"sql(
PRAGMA journal_mode=WAL;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE position (only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT NOT NULL);
CREATE TABLE lumisections (seq INTEGER PRIMARY KEY, model TEXT NOT NULL, model_hash TEXT NOT NULL, stream TEXT NOT NULL,
  run INTEGER NOT NULL, ls INTEGER NOT NULL, line TEXT NOT NULL);
CREATE TABLE windows (seq INTEGER PRIMARY KEY, model TEXT NOT NULL, model_hash TEXT NOT NULL, stream TEXT NOT NULL,
  name TEXT NOT NULL, run INTEGER NOT NULL, first_ls INTEGER NOT NULL, last_ls INTEGER NOT NULL, quality TEXT NOT NULL,
  line TEXT NOT NULL);
CREATE TABLE verdicts (seq INTEGER PRIMARY KEY, model TEXT NOT NULL, model_hash TEXT NOT NULL, stream TEXT NOT NULL,
  window TEXT NOT NULL, run INTEGER NOT NULL, first_ls INTEGER NOT NULL, last_ls INTEGER NOT NULL, monitor TEXT NOT NULL,
  statistic TEXT NOT NULL, quality TEXT NOT NULL, line TEXT NOT NULL);
CREATE TABLE kept_events (seq INTEGER PRIMARY KEY, model TEXT NOT NULL, model_hash TEXT NOT NULL, stream TEXT NOT NULL,
  run INTEGER NOT NULL, ls INTEGER NOT NULL, line TEXT NOT NULL);
CREATE TABLE actions (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, cause TEXT NOT NULL,
  model TEXT NOT NULL, model_hash TEXT NOT NULL, stream TEXT NOT NULL, subject TEXT NOT NULL, run INTEGER NOT NULL,
  first_ls INTEGER NOT NULL, last_ls INTEGER NOT NULL, line TEXT NOT NULL, cloudevent TEXT NOT NULL,
  open INTEGER NOT NULL DEFAULT 1);
CREATE TABLE outbox (action INTEGER NOT NULL REFERENCES actions(seq), sink TEXT NOT NULL, pipeline INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'rejected', 'expired')),
  attempts INTEGER NOT NULL DEFAULT 0, first_seen_ns INTEGER, last_attempt_ns INTEGER, next_attempt_ns INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '', PRIMARY KEY (action, sink)) WITHOUT ROWID;
CREATE INDEX outbox_pending ON outbox (sink, action) WHERE status = 'pending';
CREATE TABLE audit (seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ns INTEGER NOT NULL, actor TEXT NOT NULL, verb TEXT NOT NULL,
  action_id TEXT NOT NULL, reason TEXT NOT NULL, until_ns INTEGER NOT NULL DEFAULT 0);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
PRAGMA application_id=0x56474a4c;
PRAGMA user_version=1;
)sql";

// What became of an action in version 1, and the state that is.
struct Case {
  std::string name, entries;  // "sink pipeline status attempts" each, ';' between
  std::string audit;          // verbs, ' ' between
  S state;
  DeliveryState delivery;
};
const std::vector<Case>& cases() {
  using D = DeliveryState;
  static const std::vector<Case> all = {
      {"never queued", "", "", S::proposed, D::pending},
      {"pending", "zeromq 1 pending 0", "", S::approved, D::pending},
      {"delivered", "zeromq 1 delivered 1;file 0 pending 2", "delivered", S::dispatched, D::delivered},
      {"refused", "zeromq 1 rejected 1;file 0 delivered 1", "rejected", S::failed, D::rejected},
      {"expired", "zeromq 1 expired 7", "expired", S::expired, D::expired},
      {"rejected by a person", "zeromq 1 pending 0;file 0 pending 0", "reject", S::rejected, D::rejected},
      {"rejected and tried", "zeromq 1 pending 3", "approve reject", S::rejected, D::rejected},
      {"rejected, then retried", "zeromq 1 pending 3", "reject retry", S::approved, D::pending},
      {"rejected too late", "zeromq 1 delivered 1", "delivered reject", S::dispatched, D::delivered},
      {"file alone", "file 0 delivered 1", "delivered", S::approved, D::delivered},
  };
  return all;
}

void write_version_1(const std::string& file) {
  SQLite::Database db(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  db.exec(kVersion1);
  int seq = 0;
  for (const Case& c : cases()) {
    ++seq;
    const ActionRow row = action_row(test_action(static_cast<std::uint32_t>(seq)));
    SQLite::Statement action(
        db,
        "INSERT INTO actions (id, kind, cause, model, model_hash, stream, subject, run, first_ls, "
        "last_ls, line, cloudevent) VALUES (?,'notify','input','axol1tl','a','scouting','',1,1,1,?,?)");
    action.bind(1, row.action.id);
    action.bind(2, row.outgoing.line);
    action.bind(3, row.outgoing.cloudevent);
    action.exec();
    std::stringstream entries(c.entries);
    for (std::string entry; std::getline(entries, entry, ';');) {
      std::stringstream words(entry);
      std::string sink, status;
      int pipeline = 0, attempts = 0;
      words >> sink >> pipeline >> status >> attempts;
      SQLite::Statement outbox(db,
                               "INSERT INTO outbox (action, sink, pipeline, status, attempts, first_seen_ns, "
                               "last_attempt_ns) VALUES (?,?,?,?,?,1000,2000)");
      outbox.bind(1, seq);
      outbox.bind(2, sink);
      outbox.bind(3, pipeline);
      outbox.bind(4, status);
      outbox.bind(5, attempts);
      outbox.exec();
    }
    std::stringstream verbs(c.audit);
    for (std::string verb; verbs >> verb;) {
      SQLite::Statement audit(db, "INSERT INTO audit (at_ns, actor, verb, action_id, reason) VALUES (5,'anna',?,?,'')");
      audit.bind(1, verb);
      audit.bind(2, row.action.id);
      audit.exec();
    }
  }
}

void expect_states(const std::vector<JournalAction>& actions) {
  ASSERT_EQ(actions.size(), cases().size());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    EXPECT_EQ(to_string(actions[i].state), to_string(cases()[i].state)) << cases()[i].name;
    EXPECT_EQ(to_string(actions[i].delivery), to_string(cases()[i].delivery)) << cases()[i].name;
  }
}

// Columns of every table, in no order: where an upgrade adds one it is last.
std::map<std::string, std::set<std::string>> columns(const std::string& file) {
  SQLite::Database db(file, SQLite::OPEN_READONLY);
  std::map<std::string, std::set<std::string>> found;
  SQLite::Statement query(db,
                          "SELECT m.name, c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || "
                          "coalesce(c.dflt_value, '-') FROM sqlite_schema m, pragma_table_info(m.name) c "
                          "WHERE m.type = 'table'");
  while (query.executeStep()) found[query.getColumn(0).getString()].insert(query.getColumn(1).getString());
  SQLite::Statement others(db, "SELECT type, name FROM sqlite_schema WHERE type <> 'table'");
  while (others.executeStep()) found[others.getColumn(0).getString()].insert(others.getColumn(1).getString());
  return found;
}

TEST(JournalUpgrade, AnOldJournalIsReadAsItIs) {
  TemporaryFolder folder;
  const std::string file = folder / "old.db";
  write_version_1(file);
  const JournalReader reader(file);
  expect_states(reader.actions());
  EXPECT_EQ(reader.counts().actions, cases().size());
  EXPECT_EQ(reader.audit_trail().at(0).verb, "delivered");
  SQLite::Database db(file, SQLite::OPEN_READONLY);
  EXPECT_EQ(store::version(db), 1);
}

TEST(JournalUpgrade, AWriterBringsItToThePresentVersion) {
  TemporaryFolder folder;
  const std::string file = folder / "old.db", fresh = folder / "new.db";
  write_version_1(file);
  {
    Journal journal(file);
    expect_states(journal.actions());
  }
  { Journal journal(fresh); }
  EXPECT_EQ(columns(file), columns(fresh));
  SQLite::Database db(file, SQLite::OPEN_READWRITE);
  EXPECT_EQ(store::version(db), store::kVersion);
  EXPECT_EQ(db.execAndGet("PRAGMA integrity_check").getString(), "ok");
  EXPECT_THROW(db.exec("UPDATE audit SET actor = 'x'"), SQLite::Exception);
  // Rows that were there are the first of the chain.
  const auto trail = JournalReader(file).audit_trail();
  SQLite::Statement rows(db, "SELECT prev, hash FROM audit ORDER BY seq");
  std::string prev(64, '0');
  for (std::size_t i = 0; rows.executeStep(); ++i) {
    EXPECT_EQ(rows.getColumn(0).getString(), prev);
    prev = store::audit_hash(prev, static_cast<std::int64_t>(i + 1), trail.at(i));
    EXPECT_EQ(rows.getColumn(1).getString(), prev);
  }
}

TEST(JournalUpgrade, TheDeskReadsAnOldJournalAsItIs) {
  TemporaryFolder folder;
  const std::string file = folder / "old.db";
  write_version_1(file);
  const auto desk = make_desk(file, {});
  const auto actions = desk->list({}).body.at("actions");
  ASSERT_EQ(actions.size(), cases().size());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    EXPECT_EQ(actions[i]["state"], to_string(cases()[i].state)) << cases()[i].name;
    EXPECT_EQ(actions[i]["delivery"], to_string(cases()[i].delivery)) << cases()[i].name;
    EXPECT_EQ(desk->show(actions[i]["id"]).status, 200);
  }
  EXPECT_THROW((void)JournalReader(file).verify_audit({}), Error);
  SQLite::Database db(file, SQLite::OPEN_READONLY);
  EXPECT_EQ(store::version(db), 1);
}

TEST(JournalUpgrade, TheAuditOfAnUpgradedJournalHolds) {
  TemporaryFolder folder;
  const std::string file = folder / "old.db";
  write_version_1(file);
  { Journal journal(file); }
  const AuditCheck check = JournalReader(file).verify_audit({});
  EXPECT_TRUE(check.ok) << check.what;
}

// The first files of this version had no approvals, no events of changes and no request.
TEST(JournalUpgrade, AnEarlyFileOfThisVersionIsReadAndCompleted) {
  TemporaryFolder folder;
  const std::string file = folder / "early.db";
  {
    Journal journal(file);
    journal.set_sinks({{"pipeline", {}}});
    journal.commit(commit_of(1));
    Commit replayed = commit_of(2);
    replayed.queue_actions = false;
    journal.commit(replayed);
  }
  {
    SQLite::Database db(file, SQLite::OPEN_READWRITE);
    db.exec("DROP TABLE status_outbox; DROP TABLE status_events; DROP TABLE sinks; DROP INDEX audit_action");
    for (const char* column : {"needed", "queued", "requests", "request_sha256", "supersedes", "superseded_by", "job",
                               "job_url", "mark_run", "mark_ls", "gone"}) {
      db.exec(std::string("ALTER TABLE actions DROP COLUMN ") + column);
    }
    for (const char* column : {"discarded", "run", "url"})
      db.exec(std::string("ALTER TABLE outbox DROP COLUMN ") + column);
  }
  const auto desk = make_desk(file, {});
  EXPECT_EQ(desk->list({}).body.at("actions").size(), 2u);
  EXPECT_EQ(desk->show(test_action(1).id).body.at("request_sha256"), nullptr);
  Journal journal(file);
  journal.set_sinks({{"pipeline", {}}});
  EXPECT_EQ(head_of(journal, "pipeline", 5)->action.id, test_action(1).id);  // rendered and approved now
  EXPECT_EQ(desk->show(test_action(1).id).body.at("state"), "approved");
  EXPECT_EQ(desk->show(test_action(2).id).body.at("state"), "proposed");  // recorded only
  EXPECT_TRUE(JournalReader(file).verify_audit({}).ok);
}

TEST(JournalUpgrade, ItGoesOnFromThere) {
  TemporaryFolder folder;
  const std::string file = folder / "old.db";
  write_version_1(file);
  Journal journal(file);
  // The rejected ones are not sent; the others are, oldest first.
  EXPECT_EQ(head_of(journal, "zeromq", 3000)->action.id, test_action(2).id);
  EXPECT_EQ(head_of(journal, "zeromq", 3000)->first_seen_ns, 1000);
  journal.record_attempt(test_action(2).id, "zeromq", Delivery::delivered, "", 3000, 0);
  EXPECT_EQ(head_of(journal, "zeromq", 3000)->action.id, test_action(8).id);
  EXPECT_EQ(head_of(journal, "file", 3000)->action.id, test_action(3).id);
  journal.expire(5000, 1000);
  EXPECT_EQ(journal.actions().at(7).state, S::expired);
}

TEST(JournalUpgrade, APersonUpgradesItToo) {
  TemporaryFolder folder;
  const std::string file = folder / "old.db";
  write_version_1(file);
  EXPECT_EQ(act_on_action(
                file, {.at_ns = 1, .actor = "anna", .verb = "reject", .action_id = test_action(2).id, .reason = ""}),
            S::rejected);
  EXPECT_EQ(JournalReader(file).actions().at(1).state, S::rejected);
}

TEST(JournalUpgrade, NotWhileAnotherProcessWritesIt) {
  TemporaryFolder folder;
  const std::string file = folder / "old.db";
  write_version_1(file);
  const store::WriterLock writer(file);
  EXPECT_THROW((void)act_on_action(
                   file, {.at_ns = 1, .actor = "anna", .verb = "reject", .action_id = test_action(2).id, .reason = ""}),
               Error);
  SQLite::Database db(file, SQLite::OPEN_READONLY);
  EXPECT_EQ(store::version(db), 1);
}

}  // namespace
}  // namespace vigil::alerting
