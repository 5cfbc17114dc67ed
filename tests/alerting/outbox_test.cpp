// The states of actions in the journal: what dispatcher and people do to them, and the audit rows that says so.
#include "alerting/outbox.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "alerting/audit_chain.h"
#include "core/error.h"
#include "journals.h"
#include "persons.h"

namespace vigil::alerting {
namespace {

using D = DeliveryState;
using S = ActionState;

std::string id_of(std::uint32_t ls) { return test_action(ls).id; }

class Outbox : public ::testing::Test {
 protected:
  Outbox() { journal.set_sinks({{"file", {SendWhen::proposed, {}, {}}}, {"pipeline", {}}}); }

  JournalAction action(std::uint32_t ls = 1) const {
    for (const JournalAction& a : journal.actions()) {
      if (a.id == id_of(ls)) return a;
    }
    return {};
  }
  // One whole attempt at the head.
  void attempt(const std::string& sink, Delivery delivery, const std::string& reason = {}) {
    const auto head = head_of(journal, sink, 10);
    ASSERT_TRUE(head);
    ASSERT_TRUE(journal.begin_attempt(head->action.id, sink, 20));
    journal.record_attempt(head->action.id, sink, delivery, reason, 30, delivery == Delivery::retry ? 40 : 0);
  }
  S person(const std::string& verb, std::uint32_t ls = 1) {
    return act_on_action(file, {.at_ns = 50, .actor = "anna", .verb = verb, .action_id = id_of(ls), .reason = "why"});
  }
  std::string refusal(const std::string& verb, std::uint32_t ls = 1) {
    const auto before = journal.audit_trail().size();
    std::string what = "not refused";
    try {
      (void)person(verb, ls);
    } catch (const Error& error) {
      what = error.what();
    }
    EXPECT_EQ(journal.audit_trail().size(), before) << "a refused verb left a row";
    return what;
  }
  std::vector<std::string> verbs() const {
    std::vector<std::string> all;
    for (const AuditRow& row : journal.audit_trail()) all.push_back(row.verb);
    return all;
  }

  TemporaryFolder folder;
  std::string file = folder / "vigil.db";
  Journal journal{file};
};

TEST_F(Outbox, ProposedApprovedDispatched) {
  journal.commit(commit_of(1));
  EXPECT_EQ(action().state, S::proposed);
  EXPECT_TRUE(head_of(journal, "pipeline", 5));  // seen by a running vigil: approval is automatic
  EXPECT_EQ(action().state, S::approved);
  attempt("file", Delivery::delivered);
  EXPECT_EQ(action().state, S::approved);  // people were told; no pipeline has it
  EXPECT_EQ(action().delivery, D::pending);
  attempt("pipeline", Delivery::retry, "busy");
  attempt("pipeline", Delivery::delivered);
  EXPECT_EQ(action().state, S::dispatched);
  EXPECT_EQ(action().delivery, D::delivered);
  EXPECT_EQ(action().attempts, 3u);
  EXPECT_EQ(verbs(), (std::vector<std::string>{"approved", "delivered", "delivered", "dispatched"}));
  const auto trail = journal.audit_trail();
  EXPECT_EQ(trail[0].detail, R"({"from":"proposed","n":1,"to":"approved"})");
  EXPECT_EQ(trail[1].detail, R"({"sink":"file"})");
  EXPECT_EQ(trail[3].detail, R"({"from":"approved","n":2,"to":"dispatched"})");
  for (const AuditRow& row : trail) EXPECT_EQ(row.actor, "vigil");
}

TEST_F(Outbox, ARejectedActionIsSentNowhere) {
  journal.commit(commit_of(1));
  journal.commit(commit_of(2));
  ASSERT_TRUE(head_of(journal, "pipeline", 5));
  EXPECT_EQ(person("reject"), S::rejected);
  EXPECT_EQ(action().delivery, D::rejected);
  EXPECT_EQ(head_of(journal, "pipeline", 6)->action.id, id_of(2));
  EXPECT_EQ(head_of(journal, "file", 6)->action.id, id_of(2));
  EXPECT_EQ(journal.audit_trail().back().actor, "anna");
  EXPECT_EQ(journal.audit_trail().back().reason, "why");
  EXPECT_NE(refusal("reject").find("cannot reject: it is rejected"), std::string::npos);
  EXPECT_NE(refusal("approve").find("cannot approve: it is rejected"), std::string::npos);
  EXPECT_NE(refusal("retry").find("cannot retry: it is rejected"), std::string::npos);
}

TEST_F(Outbox, AProposedActionIsRejectedBeforeAnybodySawIt) {
  journal.commit(commit_of(1));
  EXPECT_EQ(person("reject"), S::rejected);
  EXPECT_FALSE(head_of(journal, "pipeline", 5));
  EXPECT_EQ(action().state, S::rejected);
}

TEST_F(Outbox, ARejectionBetweenTheHeadAndTheFirstByteCounts) {
  journal.commit(commit_of(1));
  ASSERT_TRUE(head_of(journal, "pipeline", 5));
  EXPECT_EQ(person("reject"), S::rejected);
  EXPECT_FALSE(journal.begin_attempt(id_of(1), "pipeline", 6));
  EXPECT_EQ(action().attempts, 0u);
}

TEST_F(Outbox, WhatIsSentCannotBeRejected) {
  journal.commit(commit_of(1));
  ASSERT_TRUE(head_of(journal, "pipeline", 5));
  // A try that found no connection sent nothing.
  journal.record_attempt(id_of(1), "pipeline", Delivery::retry, "no connection", 6, 7);
  EXPECT_EQ(action().attempts, 1u);
  ASSERT_TRUE(journal.begin_attempt(id_of(1), "pipeline", 8));
  EXPECT_EQ(refusal("reject"), "action " + id_of(1) +
                                   ": cannot reject: it is approved and is sent, expected state proposed, or approved "
                                   "and not sent");
  journal.record_attempt(id_of(1), "pipeline", Delivery::retry, "no reply", 9, 10);
  EXPECT_NE(refusal("reject").find("is sent"), std::string::npos);
  EXPECT_EQ(action().attempts, 2u);
  attempt("pipeline", Delivery::delivered);
  EXPECT_NE(refusal("reject").find("it is dispatched and is delivered"), std::string::npos);
  EXPECT_NE(refusal("approve").find("it is dispatched"), std::string::npos);
}

TEST_F(Outbox, WhatOnlyPeopleWereToldCanBeRejected) {
  journal.commit(commit_of(1));
  attempt("file", Delivery::delivered);
  EXPECT_EQ(person("reject"), S::rejected);
  EXPECT_EQ(action().delivery, D::rejected);
}

TEST_F(Outbox, RefusedByAllIsFailedAndMayBeRetried) {
  journal.set_sinks({{"pipeline", {}}, {"second", {}}});
  journal.commit(commit_of(1));
  attempt("pipeline", Delivery::refused, "no");
  EXPECT_EQ(action().state, S::approved);
  EXPECT_NE(refusal("retry").find("it is approved"), std::string::npos);
  attempt("second", Delivery::refused, "nor I");
  EXPECT_EQ(action().state, S::failed);
  EXPECT_EQ(action().delivery, D::rejected);
  EXPECT_EQ(person("retry"), S::approved);
  EXPECT_EQ(action().delivery, D::pending);
  EXPECT_TRUE(journal.expire(1'000'000, 100).empty());  // a fresh expiry
  attempt("second", Delivery::delivered);
  attempt("pipeline", Delivery::refused, "no");
  EXPECT_EQ(action().state, S::dispatched);
  EXPECT_NE(refusal("retry").find("it is dispatched"), std::string::npos);
  EXPECT_EQ(verbs(), (std::vector<std::string>{"approved", "refused", "refused", "failed", "retry", "approved",
                                               "delivered", "dispatched", "refused"}));
}

TEST_F(Outbox, ExpiryEndsStateAndEntries) {
  journal.commit(commit_of(1));
  journal.commit(commit_of(2));
  ASSERT_TRUE(head_of(journal, "pipeline", 100));
  journal.record_attempt(id_of(1), "pipeline", Delivery::delivered, "", 110, 0);
  const auto expired = journal.expire(1100, 1000);
  ASSERT_EQ(expired.size(), 3u);
  EXPECT_EQ(action(1).state, S::dispatched);  // a pipeline has it; the file alone lapsed
  EXPECT_EQ(action(1).delivery, D::delivered);
  EXPECT_EQ(action(2).state, S::expired);
  EXPECT_EQ(action(2).delivery, D::expired);
  EXPECT_FALSE(head_of(journal, "file", 1200));
  EXPECT_NE(refusal("retry", 2).find("it is expired"), std::string::npos);
  EXPECT_TRUE(journal.expire(5000, 1000).empty());
}

TEST_F(Outbox, AnAttemptUnderWayIsNotExpiredUnderIt) {
  journal.commit(commit_of(1));
  ASSERT_TRUE(head_of(journal, "pipeline", 100));
  ASSERT_TRUE(journal.begin_attempt(id_of(1), "pipeline", 150));
  EXPECT_TRUE(journal.expire(2000, 100).empty());
  journal.record_attempt(id_of(1), "pipeline", Delivery::delivered, "", 2100, 0);
  EXPECT_EQ(action().state, S::dispatched);
}

TEST_F(Outbox, AnActionThatWasNeverQueuedStaysProposed) {
  Commit replayed = commit_of(1);
  replayed.queue_actions = false;
  journal.commit(replayed);
  EXPECT_FALSE(head_of(journal, "pipeline", 5));
  EXPECT_EQ(action().state, S::proposed);
  EXPECT_EQ(person("approve"), S::approved);
  EXPECT_EQ(verbs(), (std::vector<std::string>{"approve", "approved"}));
  EXPECT_FALSE(head_of(journal, "pipeline", 6));  // approved, and still nothing to send
}

TEST_F(Outbox, NotesChangeNoState) {
  journal.commit(commit_of(1));
  EXPECT_EQ(person("ack"), S::proposed);
  EXPECT_EQ(person("shelve"), S::proposed);
  EXPECT_EQ(verbs(), (std::vector<std::string>{"ack", "shelve"}));
  EXPECT_THROW(
      (void)act_on_action(file, {.at_ns = 1, .actor = "a", .verb = "reject", .action_id = "x'; --", .reason = ""}),
      Error);
}

TEST_F(Outbox, ASinkGetsItsKindsAndModelsOnly) {
  journal.set_sinks({{"retrains", {SendWhen::approved, {ActionKind::retrain}, {}}},
                     {"others", {SendWhen::approved, {}, {"topo*"}}},
                     {"notes", {SendWhen::approved, {ActionKind::notify}, {"x", "axo*"}}}});
  journal.commit(commit_of(1));  // a notify of axol1tl
  EXPECT_EQ(journal.pending(), 1u);
  EXPECT_TRUE(head_of(journal, "notes", 1));
}

// Whatever is done in whatever order: states change as the table says, every change has its row, and the chain holds.
TEST_F(Outbox, AnyOrderOfEventsStaysWithinTheTable) {
  std::mt19937 random(7);
  const auto any = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  const std::vector<std::string> persons{"approve", "reject", "retry", "ack"}, sinks{"file", "pipeline"};
  std::uint32_t ls = 0;
  for (std::int64_t now = 1000; now < 1400; ++now) {
    const std::uint32_t one = static_cast<std::uint32_t>(any(std::max(ls, 1u)) + 1);
    const std::string& sink = sinks[any(2)];
    switch (any(6)) {
      case 0:
        journal.commit(commit_of(++ls));
        break;
      case 1:
        (void)head_of(journal, sink, now);
        break;
      case 2:
        (void)journal.begin_attempt(id_of(one), sink, now);
        break;
      case 3:
        journal.record_attempt(id_of(one), sink, static_cast<Delivery>(any(3)), "r", now, now + 1);
        break;
      case 4:
        (void)journal.expire(now, 60);
        break;
      default:
        try {
          (void)person(persons[any(4)], one);
        } catch (const Error&) {  // refused, or not there yet
        }
    }
  }
  std::map<std::string, std::pair<std::string, int>> state;  // id -> (state, n)
  const auto trail = journal.audit_trail();
  for (const AuditRow& row : trail) {
    const auto detail = nlohmann::json::parse(row.detail);
    if (!detail.contains("to")) continue;
    const auto [it, first] = state.try_emplace(row.action_id, "proposed", 0);
    const std::string from = detail["from"], to = detail["to"];
    EXPECT_EQ(from, it->second.first);
    EXPECT_EQ(detail["n"], it->second.second + 1);
    EXPECT_EQ(row.verb, to);
    EXPECT_TRUE(std::any_of(transitions().begin(), transitions().end(),
                            [&](const Transition& t) {
                              return to_string(t.from) == from && to_string(t.to) == to &&
                                     (t.by == Role::vigil) == (row.actor == "vigil");
                            }))
        << from << " -> " << to << " by " << row.actor;
    it->second = {to, detail["n"].get<int>()};
  }
  EXPECT_GT(state.size(), 20u);
  for (const JournalAction& a : journal.actions()) {
    EXPECT_EQ(to_string(a.state), state.contains(a.id) ? state[a.id].first : "proposed");
  }
  SQLite::Database db(file, SQLite::OPEN_READONLY);
  SQLite::Statement rows(db, "SELECT seq, prev, hash FROM audit ORDER BY seq");
  std::string prev(64, '0');
  for (std::int64_t seq = 1; rows.executeStep(); ++seq) {
    EXPECT_EQ(rows.getColumn(0).getInt64(), seq);
    EXPECT_EQ(rows.getColumn(1).getString(), prev);
    prev = store::audit_hash(prev, seq, trail[static_cast<std::size_t>(seq - 1)]);
    EXPECT_EQ(rows.getColumn(2).getString(), prev);
  }
}

}  // namespace
}  // namespace vigil::alerting
