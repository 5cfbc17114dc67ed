#include "alerting/alarm_board.h"

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "alerting/alarm_times.h"
#include "core/error.h"
#include "tests/alerting/journals.h"

namespace vigil::alerting {
namespace {

using nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kSecond = 1'000'000'000;
const Asker kShifter{.actor = "anna", .shifter = true};

class AlarmBoardTest : public ::testing::Test {
 protected:
  AlarmBoardTest() { journal_.set_alarms({}); }
  void close(std::map<std::string, Quality> monitors, std::string window = "sequential", bool acts = true) {
    AlarmUpdate update{.model = "m", .stream = "s", .run = 3, .ls = ++ls_, .acts = acts};
    AlarmWindow said{std::move(window), {}};
    for (const auto& [monitor, quality] : monitors) said.readings.push_back({monitor, "ks", quality});
    if (acts) update.windows.push_back(std::move(said));
    Commit commit;
    commit.alarms.push_back(std::move(update));
    journal_.commit(commit);
  }
  std::vector<std::string> nodes(const std::string& node = "") {
    std::vector<std::string> found;
    const ordered_json document = board_.alarms(node).body;
    for (const auto& alarm : document["alarms"]) found.push_back(alarm["node"]);
    return found;
  }
  ordered_json group() { return board_.alarms("").body["groups"].at(0); }

  Journal journal_{""};
  std::int64_t now_ns_ = 1'764'158'400 * kSecond;  // 2025-11-26T12:00:00Z
  AlarmBoard board_{journal_, [this] { return now_ns_; }};
  std::uint32_t ls_ = 0;
};

TEST_F(AlarmBoardTest, AnAlarmHasTheKeysOfTheContract) {
  AlarmSettings settings;
  settings.alarms.push_back({.node = "*", .essential = true, .guidance = "look", .contact = "me"});
  journal_.set_alarms(settings);
  close({{"score", Quality::bad}});
  const auto alarm = board_.alarms("").body["alarms"].at(0);
  EXPECT_EQ(alarm.dump(),
            R"({"node":"m/s/score","model":"m","stream":"s","monitor":"score","severity":"major","latched":"major",)"
            R"("acknowledged":false,"known":true,"run":3,"ls":1,"shelved_until":null,"essential":true,)"
            R"("guidance":"look","contact":"me"})");
  EXPECT_EQ(group().dump(),
            R"({"node":"m/s","severity":"major","raised":1,"unacknowledged":1,"shelved":0,"spoken":["m/s/score"]})");
}

TEST_F(AlarmBoardTest, AShelveHidesUntilItIsOverAndNewLeavesToo) {
  close({{"score", Quality::bad}});
  EXPECT_EQ(board_.act(kShifter, "shelve", {{"node", "m/s"}, {"for_s", 60}, {"reason", "known"}}).status, 200);
  close({{"score", Quality::bad}, {"seed/L1", Quality::bad}, {"latent", Quality::good}});
  EXPECT_THAT(nodes(), ElementsAre("m/s/latent", "m/s/score", "m/s/seed/L1"));
  EXPECT_EQ(board_.alarms("").body["alarms"].at(0)["shelved_until"], "2025-11-26T12:01:00Z");
  EXPECT_EQ(group()["severity"], "ok");
  EXPECT_EQ(group()["shelved"], 3);
  EXPECT_EQ(board_.alarms("").body["shelves"].dump(), R"([{"node":"m/s","until":"2025-11-26T12:01:00Z"}])");
  EXPECT_EQ(group()["unacknowledged"], 2);
  EXPECT_THAT(group()["spoken"], IsEmpty());
  EXPECT_TRUE(board_.is_shelved("m", "s", {"score", "anything"}));
  now_ns_ += 60 * kSecond;
  EXPECT_THAT(nodes(), ElementsAre("m/s/score", "m/s/seed/L1"));
  EXPECT_EQ(group()["spoken"].size(), 2u);
  EXPECT_FALSE(board_.is_shelved("m", "s", {"score"}));
}

TEST_F(AlarmBoardTest, ALaterShelveOfTheSameNodeWinsAndUnshelveEndsIt) {
  close({{"score", Quality::bad}});
  (void)board_.act(kShifter, "shelve", {{"node", "m/s/score"}, {"for_s", 1000}});
  (void)board_.act(kShifter, "shelve", {{"node", "m/s/score"}, {"until", "2025-11-26T12:00:10.5Z"}});
  EXPECT_EQ(board_.alarms("").body["alarms"].at(0)["shelved_until"], "2025-11-26T12:00:10.500Z");
  (void)board_.act(kShifter, "unshelve", {{"node", "m/s/score"}});
  EXPECT_EQ(board_.alarms("").body["alarms"].at(0)["shelved_until"], nullptr);
  EXPECT_FALSE(board_.is_shelved("m", "s", {"score"}));
}

TEST_F(AlarmBoardTest, InAFloodOnlyTheEssentialOnesAreSpoken) {
  AlarmSettings settings;
  settings.alarms.push_back({.node = "*/i3", .essential = true});
  settings.flood_alarms = 3;
  journal_.set_alarms(settings);
  close({{"i1", Quality::bad}, {"i2", Quality::bad}, {"i3", Quality::medium}});
  EXPECT_EQ(group()["spoken"].size(), 3u);
  close({{"i1", Quality::bad}, {"i2", Quality::bad}, {"i3", Quality::medium}, {"i4", Quality::bad}});
  EXPECT_EQ(group()["spoken"], ordered_json::array({"m/s/i3"}));
  EXPECT_EQ(group()["severity"], "major");
  (void)board_.act(kShifter, "ack", {{"node", "m/s/i4"}});
  EXPECT_EQ(group()["spoken"].size(), 3u);
  EXPECT_EQ(group()["raised"], 4);
  EXPECT_EQ(group()["unacknowledged"], 3);
}

TEST_F(AlarmBoardTest, ANodeNarrowsTheAlarmsAndNotTheGroup) {
  close({{"score", Quality::bad}, {"seed/L1", Quality::bad}});
  EXPECT_THAT(nodes("m/s/seed"), ElementsAre("m/s/seed/L1"));
  EXPECT_EQ(board_.alarms("m/s/seed").body["groups"].at(0)["raised"], 2);
  EXPECT_THAT(board_.alarms("other").body.dump(), R"({"alarms":[],"groups":[],"shelves":[]})");
}

TEST_F(AlarmBoardTest, AnActionActsOnAllItsMonitorsAndTheAuditNamesIt) {
  close({{"score", Quality::bad}, {"seed/L1", Quality::bad}});
  const std::string id = "0b2c3d4e-0000-5000-8000-000000000001";
  EXPECT_EQ(board_.act_on_action(kShifter, id, "m", "s", {"score", "seed/L1"}, "ack", {{"reason", "seen"}}).status,
            200);
  EXPECT_EQ(group()["unacknowledged"], 0);
  const auto trail = journal_.audit_trail();
  ASSERT_EQ(trail.size(), 2u);
  EXPECT_EQ(trail[0].verb, "ack");
  EXPECT_EQ(trail[0].actor, "anna");
  EXPECT_EQ(trail[0].action_id, id);
  EXPECT_EQ(trail[1].detail, R"({"node":"m/s/seed/L1"})");
  EXPECT_EQ(board_.act_on_action(kShifter, id, "m", "s", {"score"}, "shelve", {{"for_s", 9}}).problem->name,
            "bad-request")
      << "a shelve of an action needs a reason";
  EXPECT_EQ(journal_.audit_trail().size(), 2u);
}

TEST_F(AlarmBoardTest, WhatIsNotAsItShouldBeChangesNothing) {
  close({{"score", Quality::bad}});
  const std::string before = board_.alarms("").body.dump();
  const auto refused = [&](const std::string& verb, const std::string& body, const char* words) {
    const DeskAnswer answer = board_.act(kShifter, verb, ordered_json::parse(body));
    ASSERT_TRUE(answer.problem) << body;
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.problem->name, "bad-request");
    EXPECT_THAT(answer.problem->detail, HasSubstr(words)) << body;
    EXPECT_THAT(answer.problem->detail, HasSubstr("expected")) << body;
  };
  refused("ack", "[]", "object");
  refused("ack", "{}", "node");
  refused("ack", R"({"node":""})", "node");
  refused("ack", R"({"node":7})", "text");
  refused("ack", R"({"node":"m","for_s":3})", "for_s");
  refused("ack", R"({"node":"m","colour":3})", "colour");
  refused("ack", R"({"node":"m","reason":3})", "reason");
  refused("shelve", R"({"node":"m"})", "until");
  refused("shelve", R"({"node":"m","for_s":3,"until":"2025-11-26T13:00:00Z"})", "one of them");
  refused("shelve", R"({"node":"m","for_s":"3"})", "for_s");
  refused("shelve", R"({"node":"m","for_s":0.9})", "1 s");
  refused("shelve", R"({"node":"m","for_s":31536001})", "365 days");
  refused("shelve", R"({"node":"m","until":"2025-11-26T12:00:00Z"})", "until");
  refused("shelve", R"({"node":"m","until":"2026-11-27T12:00:00Z"})", "365 days");
  refused("shelve", R"({"node":"m","until":"2025-11-26T13:00:00+01:00"})", "until");
  refused("unshelve", R"({"node":"m","until":"2025-11-26T13:00:00Z"})", "until");
  refused("paint", R"({"node":"m"})", "verb");
  const DeskAnswer answer = board_.act({.actor = "robot", .pipeline = true}, "ack", {{"node", "m"}});
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(board_.alarms("").body.dump(), before);
  EXPECT_THAT(journal_.audit_trail(), IsEmpty());
}

TEST_F(AlarmBoardTest, OutOfItsContextNothingRaisesAndNothingRecovers) {
  AlarmSettings settings;
  settings.alarms.push_back({.node = "*", .delay_ls = 2});
  journal_.set_alarms(settings);
  close({{"score", Quality::bad}});
  close({{"score", Quality::good}}, "sequential", false);
  close({{"score", Quality::good}}, "sequential", false);
  EXPECT_THAT(nodes(), IsEmpty()) << "the delay is over, and nobody is told";
  close({{"score", Quality::bad}});
  EXPECT_THAT(nodes(), ElementsAre("m/s/score"));
}

TEST_F(AlarmBoardTest, WindowsThatAreNotConfiguredAnyMoreHoldNothingUp) {
  close({{"score", Quality::bad}}, "10ls");
  AlarmSettings settings;
  settings.windows = {"20ls", "sequential"};
  journal_.set_alarms(settings);
  close({{"score", Quality::good}}, "20ls");
  EXPECT_EQ(board_.alarms("").body["alarms"].at(0)["severity"], "ok");
  (void)board_.act(kShifter, "ack", {{"node", "m"}});
  EXPECT_THAT(nodes(), IsEmpty());
}

TEST_F(AlarmBoardTest, AStreamThatIsGivenUpLeavesOnlyWhatNobodyHasSeen) {
  close({{"score", Quality::bad}, {"latent", Quality::good}});
  Commit commit;
  commit.alarms.push_back({.model = "m", .stream = "s", .run = 3, .ls = 1, .is_lumisection = false, .ended = true});
  journal_.commit(commit);
  ASSERT_THAT(nodes(), ElementsAre("m/s/score"));
  EXPECT_EQ(board_.alarms("").body["alarms"].at(0)["severity"], "ok");
  EXPECT_EQ(journal_.alarms().leaves.size(), 1u);
  close({{"score", Quality::bad}});  // and comes back
  EXPECT_EQ(board_.alarms("").body["alarms"].at(0)["severity"], "major");
}

TEST(AlarmBoardFile, WhatIsNoJournalIsRefusedAndAnOldOneIsEmpty) {
  TemporaryFolder folder;
  EXPECT_THROW(AlarmBoard(folder / "none.db"), Error);
  { const Journal journal(folder / "j.db"); }
  EXPECT_EQ(AlarmBoard(folder / "j.db").alarms("").body.dump(), R"({"alarms":[],"groups":[],"shelves":[]})");
}

// Lumisections, verbs of this program and verbs of another, all at once: each is done once, in some order.
TEST(AlarmBoardFile, VerbsFromAllSidesAreAllDone) {
  TemporaryFolder folder;
  const std::string file = folder / "j.db";
  Journal journal(file);
  journal.set_alarms({});
  constexpr std::uint32_t kTimes = 40;
  const auto act = [](AlarmBoard board, const std::string& actor) {
    for (std::uint32_t i = 0; i < kTimes; ++i) {
      const bool shelves = i % 2 == 0;
      ordered_json body = {{"node", "m/" + actor}};
      if (shelves) body["for_s"] = 1000;
      const auto answer = board.act({.actor = actor, .shifter = true}, shelves ? "shelve" : "ack", body);
      if (answer.problem) throw std::runtime_error(answer.problem->detail);
    }
  };
  std::thread inside([&] { act(AlarmBoard(journal), "inside"); });
  std::thread beside([&] { act(AlarmBoard(file), "beside"); });
  for (std::uint32_t ls = 1; ls <= kTimes; ++ls) {
    for (const char* stream : {"inside", "beside"}) {
      AlarmUpdate update{.model = "m", .stream = stream, .run = 1, .ls = ls};
      update.windows = {{"sequential", {{"score", "ks", ls % 2 == 1 ? Quality::bad : Quality::good}}}};
      Commit commit;
      commit.alarms.push_back(std::move(update));
      journal.commit(commit);
    }
  }
  inside.join();
  beside.join();
  std::map<std::string, std::uint32_t> done;
  for (const AuditRow& row : journal.audit_trail()) ++done[row.actor + " " + row.verb];
  EXPECT_EQ(done, (std::map<std::string, std::uint32_t>{{"inside ack", kTimes / 2},
                                                        {"inside shelve", kTimes / 2},
                                                        {"beside ack", kTimes / 2},
                                                        {"beside shelve", kTimes / 2}}));
  // After a last word to each, all there is to say of both is known.
  for (const char* stream : {"inside", "beside"}) {
    (void)AlarmBoard(file).act(kShifter, "ack", {{"node", std::string("m/") + stream}});
  }
  const AlarmTable table = journal.alarms();
  ASSERT_EQ(table.leaves.size(), 2u);
  EXPECT_EQ(table.shelves.size(), 2u);
  for (const AlarmLeaf& leaf : table.leaves) {
    EXPECT_EQ(leaf.alarm.ls, kTimes);
    EXPECT_EQ(leaf.alarm.latched, Severity::ok);
  }
}

TEST(MonitorsOfAction, AreThoseOfItsProposalElseOfItsEvidence) {
  const auto of = [](const char* line) { return monitors_of_action(ordered_json::parse(line)); };
  EXPECT_THAT(of(R"({"proposal":{"monitors":["a","b"]},"evidence":[{"monitor":"c"}]})"), ElementsAre("a", "b"));
  EXPECT_THAT(of(R"({"proposal":{"seed":"L1"},"evidence":[{"monitor":"seed/L1"},{"monitor":"seed/L1"}]})"),
              ElementsAre("seed/L1"));
  EXPECT_THAT(of(R"({"proposal":{"source":"link0"},"evidence":[]})"), ElementsAre("source/link0"));
  EXPECT_THAT(of(R"({"proposal":{}})"), IsEmpty());
}

TEST(AlarmTimes, GoThereAndBack) {
  for (const char* text : {"2026-11-26T12:00:00Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59.120Z"}) {
    const auto ns = from_rfc3339(text);
    ASSERT_TRUE(ns) << text;
    EXPECT_EQ(rfc3339(*ns), text);
  }
  EXPECT_EQ(from_rfc3339("2026-11-26T12:00:00.000000001Z"), 1'795'694'400 * kSecond + 1);
  for (const char* text : {"", "2026-11-26", "2026-11-26T12:00:00", "2026-02-30T12:00:00Z", "2026-11-26T24:00:00Z",
                           "2026-11-26 12:00:00Z", "2026-11-26T12:00:00.Z", "2026-11-26T12:00:00,5Z",
                           "9999-01-01T00:00:00Z", "2026-11-26T1 :00:00Z", "2026-13-26T12:00:00Z"}) {
    EXPECT_FALSE(from_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace vigil::alerting
