#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/cloud_event.h"
#include "core/digest.h"

namespace vigil {
namespace {

using nlohmann::json;

Action proposal() {
  Action a;
  a.kind = ActionKind::retrain;
  a.cause = Cause::conditions;
  a.model = "axol1tl";
  a.model_hash = std::string(64, 'a');
  a.stream = "scouting";
  a.run = 3;
  a.first_ls = 11;
  a.last_ls = 20;
  a.proposal = Retrain{3, 11, 3, 20, {"score"}};
  a.id = action_id(a.model_hash, a.stream, a.kind, a.cause, a.subject, a.run, a.last_ls);
  return a;
}

TEST(StatusEvent, IsOfItsProposal) {
  const Action action = proposal();
  const json proposed = json::parse(cloud_event(action));
  EXPECT_EQ(proposed["dataschema"], "urn:vigil:schema:action:1");
  EXPECT_EQ(proposed["correlationid"], uuid5(kUrlNamespace, "vigil:episode:1:" + action.model_hash + ":scouting:3:20"));
  const StateChange change{action.id, action.kind, 2,  "approved", "dispatched",        1'700'000'000'123'000'000,
                           "vigil",   "",          "", "",         std::string(64, 'b')};
  const OutgoingAction out = status_event(cloud_event(action), change);
  const json event = json::parse(out.cloudevent);
  EXPECT_EQ(out.id, uuid5(kUrlNamespace, "vigil:status:1:" + action.id + ":2"));
  EXPECT_EQ(event["id"], out.id);
  EXPECT_EQ(event["type"], "ch.cern.vigil.action.retrain.status.v1");
  EXPECT_EQ(event["causationid"], action.id);
  EXPECT_EQ(event["time"], "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(event["dataschema"], "urn:vigil:schema:status:1");
  for (const char* key : {"source", "subject", "correlationid"}) EXPECT_EQ(event[key], proposed[key]) << key;
  EXPECT_EQ(json::parse(out.line), event["data"]);
  EXPECT_EQ(event["data"]["run"], nullptr);
  EXPECT_EQ(event["data"]["audit"], std::string(64, 'b'));
}

TEST(StatusEvent, KeepsItsLimitWhateverWasSaid) {
  const Action action = proposal();
  for (const char* piece : {"x", "\x01", "\xc3\xa9", "\xff"}) {
    StateChange change;
    change.action = action.id;
    change.from = "proposed";
    change.to = "rejected";
    for (int i = 0; i < 100000; ++i) change.reason += piece;
    const OutgoingAction out = status_event(cloud_event(action), change);
    EXPECT_LE(out.cloudevent.size(), 64u * 1024) << piece;
    EXPECT_GT(json::parse(out.line)["reason"].get<std::string>().size(), 1000u);
  }
}

TEST(StatusEvent, OfAProposalWithoutAnEpisodeHasNone) {
  const json event =
      json::parse(status_event(R"({"id":"x","source":"/vigil/s/m","subject":"m@0"})", StateChange{}).cloudevent);
  EXPECT_FALSE(event.contains("correlationid"));
  EXPECT_EQ(event["source"], "/vigil/s/m");
}

TEST(ThresholdProposal, AMenuSwitchesSeedsBeforeItMovesThresholds) {
  Action a = proposal();
  ThresholdProposal t{"L1_B", 40, 44, 100, 150, {95, 99, 103}, 0.25, {}};
  EXPECT_EQ(json::parse(action_line((a.proposal = t, a)))["proposal"]["switch_to"], nullptr);
  t.ladder = {{"L1_A", 20, {480, 500, 520}}, {"L1_C", 50, {80, 90, 100}}, {"L1_D", 60, {1, 2, 3}}};
  const json p = json::parse(action_line((a.proposal = t, a)))["proposal"];
  EXPECT_EQ(p["switch_to"], "L1_C");
  EXPECT_EQ(p["current_real"], 10.0);
  EXPECT_EQ(p["proposed_real"], 11.0);
  EXPECT_EQ(p["ladder"][1], json::parse(R"({"seed":"L1_C","threshold":50,"rate_hz":[80.0,90.0,100.0]})"));
}

}  // namespace
}  // namespace vigil
