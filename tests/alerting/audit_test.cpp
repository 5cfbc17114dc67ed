// The audit trail as its reader checks it: any change, any cut, any state that the rows do not tell of shows.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "alerting/audit_chain.h"
#include "core/digest.h"
#include "journals.h"

namespace vigil::alerting {
namespace {

class Audit : public ::testing::Test {
 protected:
  Audit() {
    Journal journal{file};
    journal.set_sinks({{"pipeline", {}}});
    for (std::uint32_t ls = 1; ls <= 3; ++ls) journal.commit(commit_of(ls));
    while (const auto head = head_of(journal, "pipeline", 10)) {
      (void)journal.begin_attempt(head->action.id, "pipeline", 20);
      journal.record_attempt(head->action.id, "pipeline", Delivery::delivered, "", 30, 0);
    }
    journal.audit({.at_ns = 5, .actor = "ann\xc3\xa9 \xff", .verb = "ack", .action_id = "x", .reason = "\"<\n\\>"});
  }
  AuditCheck check(const std::optional<std::string>& expect = {}) const {
    return JournalReader(file).verify_audit(expect);
  }
  // A change that only somebody with the file in hand can make.
  void tamper(const std::string& sql) {
    SQLite::Database db(file, SQLite::OPEN_READWRITE);
    db.exec("DROP TRIGGER IF EXISTS audit_no_update; DROP TRIGGER IF EXISTS audit_no_delete");
    ASSERT_GT(db.exec(sql), 0) << sql;
  }
  TemporaryFolder folder;
  std::string file = folder / "vigil.db";
};

TEST_F(Audit, AWholeChainHolds) {
  const AuditCheck found = check();
  EXPECT_TRUE(found.ok) << found.what;
  EXPECT_EQ(found.rows, 10);
  EXPECT_EQ(found.head, JournalReader(file).audit_entries(9, 1).at(0).hash);
  EXPECT_TRUE(check(found.head).ok);
  EXPECT_TRUE(check(std::string(64, '0')).ok);  // what an empty chain ends with
}

TEST_F(Audit, HashesAreThoseOfTheCanonicalText) {
  const AuditEntry row = JournalReader(file).audit_entries(9, 1).at(0);
  Sha256 sha;
  sha.update(row.prev +
             "\n{\"action_id\":\"x\",\"actor\":\"ann\xc3\xa9 \xef\xbf\xbd\",\"at_ns\":5,\"detail\":{},"
             "\"reason\":\"\\\"<\\n\\\\>\",\"seq\":10,\"until_ns\":0,\"verb\":\"ack\"}");
  EXPECT_EQ(row.hash, sha.hex());
}

TEST_F(Audit, AnyChangeOfAnyRowShows) {
  for (const char* column : {"actor", "verb", "action_id", "reason", "detail", "prev", "hash", "at_ns", "until_ns"}) {
    SQLite::Database db(file, SQLite::OPEN_READWRITE);
    db.exec("DROP TRIGGER IF EXISTS audit_no_update");
    for (int row = 1; row <= 10; ++row) {
      const std::string where = " WHERE seq = " + std::to_string(row);
      db.exec("CREATE TABLE kept AS SELECT * FROM audit" + where);
      const bool number = std::string(column).ends_with("_ns");
      db.exec("UPDATE audit SET " + std::string(column) + " = " + column + (number ? " + 1" : " || ' '") + where);
      const AuditCheck found = check();
      // A space in the text of `detail` is none in the object.
      if (std::string(column) == "detail") {
        EXPECT_TRUE(found.ok);
      } else {
        EXPECT_FALSE(found.ok) << column << row;
        EXPECT_EQ(found.seq, row) << column;
      }
      db.exec("UPDATE audit SET " + std::string(column) + " = (SELECT " + column + " FROM kept)" + where);
      db.exec("DROP TABLE kept");
    }
  }
  EXPECT_TRUE(check().ok);
}

TEST_F(Audit, AMissingRowShowsAndACutTailToWhoKnowsItsHash) {
  const std::string head = check().head;
  tamper("DELETE FROM audit WHERE seq = 10");
  EXPECT_TRUE(check().ok);
  EXPECT_FALSE(check(head).ok);
  EXPECT_EQ(check(head).seq, 10);
  tamper("DELETE FROM audit WHERE seq = 4");
  EXPECT_EQ(check().seq, 4);
}

TEST_F(Audit, AStateThatTheRowsDoNotTellOfShows) {
  tamper("UPDATE actions SET state = 'verified' WHERE seq = 2");
  const AuditCheck found = check();
  EXPECT_FALSE(found.ok);
  EXPECT_NE(found.what.find(test_action(2).id + " is verified"), std::string::npos) << found.what;
  EXPECT_GT(found.seq, 0);
}

TEST_F(Audit, ACutTailThatHeldAChangeShowsWithoutAHash) {
  tamper("DELETE FROM audit WHERE seq >= 9");
  EXPECT_FALSE(check().ok);
}

}  // namespace
}  // namespace vigil::alerting
