#include "alerting/journal.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "core/cloud_event.h"
#include "core/error.h"
#include "journals.h"

namespace vigil::alerting {
namespace {

using Table = JournalRow::Table;

TEST(Journal, HoldsWhatWasCommittedAcrossRestarts) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  const std::string bytes("\0\xff\x01 state", 9);
  {
    Journal journal(file);
    journal.set_meta({{"configuration", "window_ls: 10"}, {"model", "hash"}});
    journal.commit(commit_of(1));
    Commit second = commit_of(2);
    second.state = {{"policy", std::nullopt}, {"windows", bytes}};
    second.closed_action_ids = {test_action(1).id};
    journal.commit(second);
  }
  Journal journal(file);
  EXPECT_EQ(journal.position(), "2");
  EXPECT_EQ(journal.state(), (std::map<std::string, std::string>{{"windows", bytes}}));
  EXPECT_EQ(journal.meta().at("configuration"), "window_ls: 10");
  for (const Table table : {Table::lumisection, Table::window, Table::verdict, Table::kept_event}) {
    EXPECT_EQ(journal.lines(table), (std::vector<std::string>{R"({"ls":1})", R"({"ls":2})"}));
  }
  const auto actions = journal.actions();
  ASSERT_EQ(actions.size(), 2u);
  EXPECT_EQ(actions[0].line, action_line(test_action(1)));
  EXPECT_FALSE(actions[0].open);
  EXPECT_TRUE(actions[1].open);
  EXPECT_EQ(actions[1].delivery, DeliveryState::pending);
  const auto counts = journal.counts();
  EXPECT_EQ(counts.lumisections, 2u);
  EXPECT_EQ(counts.verdicts, 2u);
  EXPECT_EQ(counts.open, 1u);
  EXPECT_EQ(counts.pending, 2u);
}

TEST(Journal, AnEmptyPositionLeavesTheOldOne) {
  Journal journal(":memory:");
  journal.commit(commit_of(7));
  journal.commit(Commit{});
  EXPECT_EQ(journal.position(), "7");
}

TEST(Journal, TheListedLineSaysDeliveryAndOpen) {
  Journal journal("");
  journal.commit(commit_of(1));
  const auto json = nlohmann::json::parse(listed_line(journal.actions().at(0)));
  EXPECT_EQ(json["delivery"], "pending");
  EXPECT_EQ(json["open"], true);
  EXPECT_EQ(json["state"], "proposed");
  EXPECT_EQ(json["id"], test_action(1).id);
}

TEST(Journal, AnIdIsInsertedAndQueuedOnce) {
  Journal journal(":memory:");
  journal.set_sinks({{"zeromq", {}}});
  journal.commit(commit_of(1));
  journal.record_attempt(test_action(1).id, "zeromq", Delivery::delivered, "", 5, 0);
  journal.commit(commit_of(1));
  EXPECT_EQ(journal.actions().size(), 1u);
  EXPECT_EQ(journal.pending(), 0u);
  EXPECT_FALSE(head_of(journal, "zeromq", 10));
  // Also within one commit, and beside a new one.
  Commit twice = commit_of(2);
  twice.actions.push_back(action_row(test_action(1)));
  twice.actions.push_back(action_row(test_action(2)));
  twice.actions.push_back(action_row(test_action(3)));
  journal.commit(twice);
  EXPECT_EQ(journal.actions().size(), 3u);
  EXPECT_EQ(journal.pending(), 2u);
}

TEST(Journal, ReplayRecordsButNeverQueues) {
  Journal journal(":memory:");
  journal.set_sinks({{"zeromq", {}}});
  Commit c = commit_of(1);
  c.queue_actions = false;
  journal.commit(c);
  EXPECT_EQ(journal.actions().size(), 1u);
  EXPECT_EQ(journal.pending(), 0u);
}

TEST(Journal, TheOutboxIsInOrderOfCreation) {
  Journal journal(":memory:");
  journal.set_sinks({{"log", {SendWhen::proposed, {}, {}}}, {"zeromq", {}}});
  for (const std::uint32_t ls : {9u, 3u, 5u}) journal.commit(commit_of(ls));
  for (const std::uint32_t ls : {9u, 3u, 5u}) {
    const auto head = head_of(journal, "zeromq", 100);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->action.id, test_action(ls).id);
    EXPECT_EQ(head->action.line, action_line(test_action(ls)));
    EXPECT_EQ(head->action.cloudevent, cloud_event(test_action(ls)));
    journal.record_attempt(head->action.id, "zeromq", Delivery::retry, "no reply", 100, 200);
    const auto again = head_of(journal, "zeromq", 150);
    EXPECT_EQ(again->action.id, head->action.id);
    EXPECT_EQ(again->attempts, 1u);
    EXPECT_EQ(again->first_seen_ns, 100);
    EXPECT_EQ(again->next_attempt_ns, 200);
    journal.record_attempt(head->action.id, "zeromq", Delivery::refused, "not now", 200, 0);
  }
  EXPECT_FALSE(head_of(journal, "zeromq", 300));
  EXPECT_EQ(head_of(journal, "log", 300)->action.id, test_action(9).id);
}

TEST(Journal, DeliveryIsThePipelinesWhereThereIsOne) {
  Journal journal(":memory:");
  journal.set_sinks({{"file", {SendWhen::proposed, {}, {}}}, {"zeromq", {}}});
  journal.commit(commit_of(1));
  const std::string id = test_action(1).id;
  const auto delivery = [&] { return journal.actions().at(0).delivery; };
  ASSERT_TRUE(head_of(journal, "file", 1));
  journal.record_attempt(id, "file", Delivery::delivered, "", 1, 0);
  EXPECT_EQ(delivery(), DeliveryState::pending);
  journal.record_attempt(id, "zeromq", Delivery::refused, "no", 2, 0);
  EXPECT_EQ(delivery(), DeliveryState::rejected);
  EXPECT_EQ(journal.actions().at(0).last_reason, "no");
  // What has ended stays ended.
  journal.record_attempt(id, "zeromq", Delivery::delivered, "", 3, 0);
  EXPECT_EQ(delivery(), DeliveryState::rejected);

  journal.set_sinks({{"log", {SendWhen::proposed, {}, {}}}, {"file", {SendWhen::proposed, {}, {}}}});
  journal.commit(commit_of(2));
  const auto second = [&] { return journal.actions().at(1).delivery; };
  journal.record_attempt(test_action(2).id, "log", Delivery::delivered, "", 3, 0);
  EXPECT_EQ(second(), DeliveryState::pending);
  journal.record_attempt(test_action(2).id, "file", Delivery::delivered, "", 3, 0);
  EXPECT_EQ(second(), DeliveryState::delivered);
}

TEST(Journal, ExpiryCountsFromTheFirstLookAndIsVisible) {
  Journal journal(":memory:");
  journal.set_sinks({{"zeromq", {}}});
  journal.commit(commit_of(1));
  EXPECT_TRUE(journal.expire(1000, 100).empty());  // first look: the clock starts
  EXPECT_TRUE(journal.expire(1099, 100).empty());
  const auto expired = journal.expire(1100, 100);
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0].id, test_action(1).id);
  EXPECT_EQ(expired[0].sink, "zeromq");
  EXPECT_EQ(journal.actions().at(0).delivery, DeliveryState::expired);
  EXPECT_EQ(journal.actions().at(0).last_reason, "not delivered in time");
  EXPECT_EQ(journal.counts().expired, 1u);
  EXPECT_FALSE(head_of(journal, "zeromq", 2000));
  EXPECT_TRUE(journal.expire(2000, 100).empty());
  EXPECT_EQ(journal.audit_trail().back().verb, "expired");
}

TEST(Journal, TheAuditTrailIsAppendOnly) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  {
    Journal journal(file);
    journal.set_sinks({{"zeromq", {}}});
    journal.audit({42, "shifter", "ack", "id", "seen it"});
    journal.commit(commit_of(1));
    journal.record_attempt(test_action(1).id, "zeromq", Delivery::retry, "no reply", 50, 0);
    journal.record_attempt(test_action(1).id, "zeromq", Delivery::delivered, "", 60, 0);
    const auto trail = journal.audit_trail();
    ASSERT_EQ(trail.size(), 2u);
    EXPECT_EQ(trail[0].actor, "shifter");
    EXPECT_EQ(trail[0].reason, "seen it");
    EXPECT_EQ(trail[1].verb, "delivered");
    EXPECT_EQ(trail[1].at_ns, 60);
  }
  SQLite::Database db(file, SQLite::OPEN_READWRITE);
  for (const char* sql : {"UPDATE audit SET actor = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE seq = 1"}) {
    try {
      db.exec(sql);
      FAIL() << sql << " was let through";
    } catch (const SQLite::Exception& error) {
      EXPECT_STREQ(error.what(), "audit is append-only");
    }
  }
  EXPECT_EQ(db.execAndGet("SELECT count(*) FROM audit").getInt(), 2);
}

TEST(Journal, ReadersSeeCommittedDataWhileAWriterWrites) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  Journal journal(file);
  JournalReader early(file);
  EXPECT_EQ(early.counts().actions, 0u);
  std::thread writer([&] {
    for (std::uint32_t ls = 1; ls <= 50; ++ls) journal.commit(commit_of(ls));
  });
  for (int i = 0; i < 50; ++i) {
    const JournalCounts c = JournalReader(file).counts();
    EXPECT_EQ(c.lumisections, c.verdicts);
    EXPECT_EQ(c.lumisections, c.actions);  // never half a commit
  }
  writer.join();
  EXPECT_EQ(early.counts().actions, 50u);
  EXPECT_EQ(early.integrity(), "ok");
  EXPECT_EQ(early.position(), "50");
  EXPECT_EQ(early.newest_lines(Table::window), std::vector<std::string>{R"({"ls":50})"});
  EXPECT_EQ(early.newest_lines(Table::lumisection), std::vector<std::string>{R"({"ls":50})"});
  EXPECT_EQ(early.newest_lines(Table::verdict), std::vector<std::string>{R"({"ls":50})"});
}

}  // namespace
}  // namespace vigil::alerting
