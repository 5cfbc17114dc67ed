#include "alerting/desk.h"

#include <atomic>
#include <thread>

#include "desks.h"

namespace vigil::alerting {
namespace {

using K = ActionKind;
using D = Delivery;

class TheDesk : public DeskTest {
 protected:
  // Approved and sent to `first`, no answer yet.
  std::string sent(K kind = K::retrain, std::uint32_t ls = 20) {
    const std::string id = propose(kind, ls);
    if (show(id)["needed"] != "auto") EXPECT_EQ(approve(id, "anna"), "200");
    EXPECT_TRUE(begin(id, "first"));
    return id;
  }
  std::size_t rows() { return journal.audit_trail().size(); }
};

TEST_F(TheDesk, ClaimsAreForOne) {
  const std::string id = propose(K::retrain);
  EXPECT_EQ(act(id, "claim", {{"run", "r1"}}), "409 illegal-transition");
  ASSERT_EQ(approve(id, "anna"), "200");
  EXPECT_EQ(act(id, "claim", {{"run", "r1"}}), "409 not-sent");
  EXPECT_EQ(act(id, "status", {{"state", "running"}}), "409 not-sent");
  ASSERT_TRUE(begin(id, "first"));
  EXPECT_EQ(act(id, "claim", {{"run", "r1"}, {"url", "http://job"}}, "ci"), "200");
  EXPECT_EQ(state(id), "accepted");
  const DeskAnswer second = desk->act({"ci", true, true, true}, id, "claim", {{"run", "r2"}});
  ASSERT_TRUE(second.problem);
  EXPECT_EQ(second.problem->name, "already-claimed");
  EXPECT_EQ(second.problem->more["claim"]["run"], "r1");
  EXPECT_EQ(second.problem->more["claim"]["url"], "http://job");
  EXPECT_EQ(second.problem->state, "accepted");
  EXPECT_EQ(act(id, "status", {{"state", "running"}, {"run", "r2"}}), "409 not-the-claimant");
  EXPECT_EQ(act(id, "status", {{"state", "running"}, {"run", "r1"}}), "200");
  const std::size_t before = rows();
  EXPECT_EQ(act(id, "status", {{"state", "running"}}), "200");  // what it is already
  EXPECT_EQ(rows(), before);
  EXPECT_EQ(act(id, "status", {{"state", "accepted"}}), "409 illegal-transition");
  EXPECT_EQ(act(id, "status", {{"state", "succeeded"}}), "200");
  EXPECT_EQ(act(id, "claim", {{"run", "r3"}}), "409 already-claimed");
  EXPECT_EQ(show(id)["claim"]["actor"], "ci");
  // The sink's answer comes late: what the pipeline said stays.
  journal.record_attempt(id, "first", D::delivered, "", ++now, 0);
  EXPECT_EQ(state(id), "succeeded");
}

TEST_F(TheDesk, ARunningJobMayBeClaimed) {
  const std::string id = sent();
  journal.record_attempt({id, "first", D::delivered, "", ++now, 0, "17", "http://job/17"});
  EXPECT_EQ(state(id), "accepted");  // the answer named a run
  EXPECT_EQ(show(id)["sinks"][1]["run"], "17");
  journal.record_progress(id, "first", "17", "running", "", ++now);
  EXPECT_EQ(state(id), "running");
  EXPECT_EQ(act(id, "claim", {{"run", "17"}}), "200");
  EXPECT_EQ(state(id), "running");
  journal.record_progress(id, "first", "17", "accepted", "", ++now);  // backwards: nothing
  EXPECT_EQ(state(id), "running");
  journal.record_progress(id, "first", "17", "failed", "out of memory", ++now);
  EXPECT_EQ(state(id), "failed");
  EXPECT_EQ(act(id, "retry"), "409 illegal-transition");  // it was delivered
}

TEST_F(TheDesk, RejectsWhatIsNotSentOnly) {
  const std::string id = sent();
  EXPECT_EQ(act(id, "reject", {{"reason", "no"}}), "409 illegal-transition");
  const std::string other = propose(K::retrain, 30);
  EXPECT_EQ(act(other, "reject"), "400 bad-request");
  EXPECT_EQ(act(other, "reject", {{"reason", "no"}}), "200");
  EXPECT_EQ(act(other, "reject", {{"reason", "no"}}), "409 illegal-transition");
  EXPECT_EQ(approve(other, "ben"), "409 illegal-transition");  // before request-changed and same-approver
}

TEST_F(TheDesk, RetriesAndDiscardsAtOneSinkOrAll) {
  const std::string id = sent();
  journal.record_attempt(id, "first", D::refused, "bad request", ++now, 0);
  EXPECT_EQ(act(id, "retry"), "409 illegal-transition");  // second may still take it
  EXPECT_EQ(act(id, "discard", {{"reason", "gone"}, {"sink", "second"}}), "200");
  EXPECT_EQ(state(id), "failed");
  EXPECT_EQ(act(id, "retry", {{"sink", "third"}}), "409 illegal-transition");
  EXPECT_EQ(act(id, "retry", {{"sink", "first"}}), "200");
  EXPECT_EQ(state(id), "approved");
  EXPECT_EQ(show(id)["sinks"][1]["status"], "pending");
  EXPECT_EQ(show(id)["sinks"][2]["status"], "rejected");
  EXPECT_FALSE(show(id).value("claim", OJson(nullptr)).is_object());
  deliver(id, "first");
  EXPECT_EQ(state(id), "dispatched");
  ActionFilter dead;
  dead.dead = true;
  EXPECT_EQ(desk->list(dead).body["actions"].size(), 0u);  // what was discarded is out of sight
  const std::string fresh = propose(K::retrain, 31);
  EXPECT_EQ(act(fresh, "discard", {{"reason", "x"}, {"sink", "first"}}),
            "409 illegal-transition");  // proposed: reject it
}

TEST_F(TheDesk, ChecksInOrder) {
  const std::string id = propose(K::retrain);
  const Asker nobody{"mallory"}, shifter{"sam", true, false, false};
  EXPECT_EQ(text(desk->act(nobody, "no-such-id", "approve", OJson::array())), "403 forbidden");
  EXPECT_EQ(text(desk->act(shifter, id, "claim", {{"run", "x"}})), "403 forbidden");
  EXPECT_EQ(act("no-such-id", "approve", OJson::array()), "400 bad-request");
  EXPECT_EQ(act("no-such-id", "approve", {{"sha256", std::string(64, 'f')}}), "404 not-found");
  EXPECT_EQ(act("x' OR 1=1 --", "claim", {{"run", "x"}}), "404 not-found");
  EXPECT_EQ(act(id, "destroy"), "404 not-found");
  const std::size_t before = rows();
  const std::vector<std::pair<std::string, OJson>> bad{
      {"approve", {{"sha256", "F"}}},
      {"approve", {{"sha256", std::string(64, 'F')}}},
      {"approve", {{"sha256", std::string(64, 'f')}, {"actor", "boss"}}},
      {"approve", {{"sha256", 5}}},
      {"claim", {{"run", ""}}},
      {"claim", OJson::object()},
      {"claim", {{"run", std::string(5000, 'x')}}},
      {"status", {{"state", "verified"}}},
      {"status", {{"state", nullptr}}},
      {"reject", {{"reason", ""}}},
      {"discard", {{"sink", "first"}}},
      {"shelve", {{"reason", "x"}}},
      {"shelve", {{"reason", "x"}, {"for_s", 0.5}}},
      {"shelve", {{"reason", "x"}, {"for_s", 1e12}}},
      {"shelve", {{"reason", "x"}, {"for_s", 5}, {"until", "2030-01-01T00:00:00Z"}}},
      {"shelve", {{"reason", "x"}, {"until", "tomorrow"}}},
      {"ack", OJson::array()},
      {"ack", "text"}};
  for (const auto& [verb, body] : bad) EXPECT_EQ(act(id, verb, body), "400 bad-request") << verb << body;
  EXPECT_EQ(rows(), before) << "a refused verb left a row";
  EXPECT_EQ(act(id, "ack"), "200");
  EXPECT_EQ(act(id, "shelve", {{"reason", "x"}, {"for_s", 5}}), "200");
}

TEST_F(TheDesk, ListsPageByPage) {
  for (std::uint32_t ls = 20; ls < 27; ++ls)
    propose(ls % 2 == 0 ? K::retrain : K::notify, ls, "s" + std::to_string(ls));
  ActionFilter filter;
  filter.limit = 3;
  std::vector<std::string> seen;
  for (int page = 0; page < 4; ++page) {
    const OJson body = desk->list(filter).body;
    for (const auto& a : body["actions"]) seen.push_back(a["subject"]);
    if (body["next"].is_null()) break;
    filter.after = body["next"].get<std::string>();
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"s20", "s21", "s22", "s23", "s24", "s25", "s26"}));
  filter = {};
  filter.kind = "retrain";
  filter.state = "proposed";
  filter.open = true;
  EXPECT_EQ(desk->list(filter).body["actions"].size(), 4u);
  filter.model = "other";
  EXPECT_EQ(desk->list(filter).body["actions"].size(), 0u);
  filter = {};
  filter.limit = 0;
  EXPECT_EQ(text(desk->list(filter)), "400 bad-request");
  filter = {};
  filter.state = "done";
  EXPECT_EQ(text(desk->list(filter)), "400 bad-request");
  filter = {};
  filter.after = "nothing";
  EXPECT_TRUE(desk->list(filter).body["actions"].empty());
}

OJson person_proposal() {
  return {{"kind", "rollback"},
          {"model", "axol1tl"},
          {"stream", "scouting"},
          {"reason", "worse than before"},
          {"proposal", {{"from", std::string(64, 'a')}, {"to", std::string(64, 'b')}, {"monitors", {"score"}}}}};
}

TEST_F(TheDesk, TakesAPersonsProposal) {
  journal.commit(commit_of(7, false));
  const DeskAnswer made = desk->propose({"anna", false, true, false}, person_proposal());
  ASSERT_EQ(text(made), "201");
  const std::string id = made.body["id"];
  EXPECT_EQ(made.body["cause"], "person");
  EXPECT_EQ(made.body["last_ls"], 7);
  EXPECT_EQ(made.body["evidence"], OJson::array());
  EXPECT_EQ(made.body["needed"], "two");
  EXPECT_EQ(made.body["requests"].size(), 2u);
  EXPECT_EQ(id, action_id(std::string(64, 'a'), "scouting", K::rollback, Cause::person, "", 1, 7));
  EXPECT_EQ(text(desk->propose({"ben", false, true, false}, person_proposal())), "200");
  EXPECT_EQ(approve(id, "anna"), "409 same-approver");
  EXPECT_EQ(approve(id, "ben"), "200");
  EXPECT_EQ(approve(id, "carl"), "200");
  EXPECT_EQ(state(id), "approved");
}

TEST_F(TheDesk, RefusesAProposalThatIsNone) {
  const auto with = [](const std::string& pointer, const OJson& value) {
    OJson body = person_proposal();
    body[OJson::json_pointer(pointer)] = value;
    return body;
  };
  std::vector<OJson> bad{with("/kind", "notify"),
                         with("/kind", "threshold-adjust"),
                         with("/model", "other"),
                         with("/stream", "a b"),
                         with("/stream", std::string(65, 'a')),
                         with("/subject", "\xc3\xa9"),
                         with("/subject", 5),
                         with("/reason", ""),
                         with("/who", "me"),
                         with("/proposal", "text"),
                         with("/proposal/from", std::string(64, 'c')),
                         with("/proposal/to", std::string(64, 'a')),
                         with("/proposal/to", "b"),
                         with("/proposal/extra", 1),
                         with("/proposal/monitors", {1}),
                         OJson::array()};
  const auto of_kind = [](const char* kind, const char* proposal) {
    OJson body = person_proposal();
    body["kind"] = kind;
    body["proposal"] = OJson::parse(proposal);
    return body;
  };
  const std::vector<OJson> more{
      of_kind("retrain", R"({"first":{"run":1,"ls":4},"last":{"run":1,"ls":3},"monitors":["score"]})"),
      of_kind("collect-data", R"({"first":{"run":2,"ls":1},"last":{"run":1,"ls":9},"monitors":["score"]})"),
      of_kind("revalidate", R"({"outputs":["score"],"first_event":{"run":1,"ls":1,"orbit":5,"bx":3565}})"),
      of_kind("revalidate", R"({"outputs":["score"],"first_event":{"run":1,"ls":1,"orbit":5,"bx":0}})")};
  bad.insert(bad.end(), more.begin(), more.end());
  for (const OJson& body : bad) {
    EXPECT_EQ(text(desk->propose({"anna", false, true, false}, body)), "400 bad-request") << body;
  }
  EXPECT_EQ(text(desk->propose({"sam", true, false, false}, person_proposal())), "403 forbidden");
  EXPECT_TRUE(journal.actions().empty());
  EXPECT_EQ(rows(), 0u);
}

TEST_F(TheDesk, WhatIsProposedBesideIsQueuedByTheProgram) {
  const DeskAnswer made = beside->propose({"anna", false, true, false}, person_proposal());
  ASSERT_EQ(text(made), "201");
  EXPECT_TRUE(made.body["request_sha256"].is_null());
  (void)head_of(journal, "first", ++now);
  const OJson action = show(made.body["id"]);
  EXPECT_EQ(action["requests"].size(), 2u);
  EXPECT_EQ(action["needed"], "two");
  EXPECT_EQ(action["expires"].is_null(), false);
}

TEST_F(TheDesk, SaysTheSameBesideTheProgram) {
  const std::string id = sent();
  propose(K::threshold_adjust);
  EXPECT_EQ(beside->show(id).body, desk->show(id).body);
  EXPECT_EQ(beside->list({}).body, desk->list({}).body);
  EXPECT_EQ(beside->audit(0, 1000).body, desk->audit(0, 1000).body);
  EXPECT_EQ(text(beside->act({"ben", true, true, true}, id, "claim", {{"run", "x"}})), "200");
  EXPECT_EQ(state(id), "accepted");
}

TEST_F(TheDesk, WorksInMemory) {
  Journal memory{""};
  memory.set_sinks({{"pipeline", {}}});
  const auto on_memory = make_desk(memory, {});
  const Action a = action_of(K::retrain);
  memory.commit(commit_with(a));
  (void)head_of(memory, "pipeline", 1);
  EXPECT_EQ(on_memory->show(a.id).body["state"], "approved");  // no `approval`: nobody has to
  EXPECT_EQ(text(on_memory->act({"x", true, true, true}, a.id, "reject", {{"reason", "no"}})), "200");
}

TEST_F(TheDesk, SinksAreThoseThatAreReported) {
  DeskSettings settings;
  settings.now_ns = [this] { return now + 5'000'000'000; };
  settings.sinks = [] { return std::vector<SinkReport>{{"first", "webhook", "broken", "time-out"}, {"x", "file"}}; };
  const auto reporting = make_desk(journal, settings);
  propose(K::notify);
  (void)head_of(journal, "first", now);
  const OJson sinks = reporting->sinks().body["sinks"];
  EXPECT_EQ(sinks[0]["pending"], 1);
  EXPECT_EQ(sinks[0]["oldest_s"], 5.0);
  EXPECT_EQ(sinks[0]["state"], "broken");
  EXPECT_EQ(sinks[1]["oldest_s"], nullptr);
}

TEST_F(TheDesk, OneOfManyGetsTheClaim) {
  const std::string id = sent();
  std::atomic<int> won = 0;
  std::vector<std::thread> jobs;
  for (int j = 0; j < 8; ++j) {
    jobs.emplace_back([&, j] {
      const auto own = j % 2 == 0 ? nullptr : make_desk(file, {});
      Desk& at = own ? *own : *desk;
      const DeskAnswer answer = at.act({"ci", true, true, true}, id, "claim", {{"run", std::to_string(j)}});
      if (!answer.problem) ++won;
      EXPECT_TRUE(!answer.problem || answer.problem->name == "already-claimed");
    });
  }
  for (auto& job : jobs) job.join();
  EXPECT_EQ(won, 1);
}

}  // namespace
}  // namespace vigil::alerting
