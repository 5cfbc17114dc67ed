// When not to act: contexts, budgets, and the way back to the model before.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "alerting/budget.h"
#include "alerting/policy.h"
#include "windows.h"

namespace vigil::alerting {
namespace {

constexpr Quality bad = Quality::bad;
using Kinds = std::vector<std::string>;

Kinds kinds(const Decision& decision) {
  Kinds found;
  for (const Action& a : decision.actions) {
    found.push_back(std::string(to_string(a.kind)) + " " + std::string(to_string(a.cause)));
  }
  return found;
}

void close(Policy& policy, std::uint32_t from, std::uint32_t to, std::optional<std::string> beam_mode = "STABLE BEAMS",
           std::optional<std::string> menu = "v1") {
  for (std::uint32_t ls = from; ls <= to; ++ls) {
    policy.note_context(1, ls, {beam_mode, menu});
    Lumisection l;
    l.run = 1;
    l.ls = ls;
    (void)policy.judge_sources(l, {}, {});
  }
}

TEST(ActWhen, EveryKeyAskedForMustMatch) {
  const ActWhen stable{{"STABLE*", "ADJUST"}, {}}, both{{"STABLE*"}, {"collisions*"}};
  EXPECT_TRUE(matches(ActWhen{}, {}));
  EXPECT_TRUE(matches(stable, {"STABLE BEAMS", std::nullopt}));
  EXPECT_TRUE(matches(stable, {"ADJUST", std::nullopt}));
  EXPECT_FALSE(matches(stable, {"RAMP", std::nullopt}));
  EXPECT_FALSE(matches(stable, {std::nullopt, "collisions"}));
  EXPECT_FALSE(matches(both, {"STABLE BEAMS", std::nullopt}));
  EXPECT_TRUE(matches(both, {"STABLE BEAMS", "collisions 2026"}));
}

TEST(ActWhen, AContextThatDoesNotMatchChangesNothing) {
  const auto windows = [] {
    return std::vector<std::pair<WindowOf, Kinds>>{
        {WindowOf(1, 1, 10).set("score", bad), {"collect-data conditions"}},
        {WindowOf(1, 1, 10).rate("L1_A", 44), {}},
        {WindowOf(1, 1, 10).mismatch("score", {}), {"revalidate mismatch", "notify mismatch"}},
        {WindowOf(1, 1, 10).dead(0), {"notify input"}}};
  };
  for (const auto& [window, expected] : windows()) {
    for (const bool known : {true, false}) {
      Policy policy(test_model(), "scouting", {.act_when = {{"STABLE*"}, {}}});
      close(policy, 1, 10, known ? std::optional<std::string>("RAMP") : std::nullopt);
      EXPECT_EQ(kinds(policy.judge(window)), expected);
    }
  }
}

TEST(ActWhen, TheContextIsThatOfTheWindow) {
  Policy policy(test_model(), "scouting", {.act_when = {{"STABLE*"}, {}}});
  close(policy, 1, 10);
  close(policy, 11, 11, "RAMP");  // the cut that closes the window
  Policy restarted(test_model(), "scouting", {.act_when = {{"STABLE*"}, {}}});
  (void)restarted.load(policy.save(), {});
  for (Policy* p : {&policy, &restarted}) {
    EXPECT_EQ(kinds(p->judge(WindowOf(1, 1, 10).set("score", bad))), Kinds{"retrain conditions"});
  }
}

TEST(ActWhen, ARetrainingFollowsOnceTheContextMatches) {
  Policy policy(test_model(), "scouting", {.act_when = {{"STABLE*"}, {}}});
  close(policy, 1, 10, "RAMP");
  EXPECT_EQ(kinds(policy.judge(WindowOf(1, 1, 10).set("score", bad))), Kinds{"collect-data conditions"});
  EXPECT_TRUE(kinds(policy.judge(WindowOf(1, 6, 10).set("score", bad))).empty());
  close(policy, 11, 20);
  EXPECT_EQ(kinds(policy.judge(WindowOf(1, 11, 20).set("score", bad))), Kinds{"retrain conditions"});
}

TEST(BudgetPerDay, BeyondItARetrainingCollectsData) {
  Policy policy(test_model(), "scouting",
                {.cool_down_ls = 0, .budget_per_day = {{ActionKind::retrain, 2}, {ActionKind::threshold_adjust, 0}}});
  std::uint32_t ls = 1;
  std::vector<std::string> opened, facts;
  for (int episode = 0; episode < 4; ++episode) {
    for (const bool faulty : {true, false}) {
      close(policy, ls, ls + 9);
      WindowOf window(1, ls, ls + 9);
      if (faulty) window.set("score", bad);
      const Decision d = policy.judge(window);
      for (const auto& kind : kinds(d)) opened.push_back(kind);
      facts.insert(facts.end(), d.facts.begin(), d.facts.end());
      ls += 10;
    }
    if (episode == 2) {
      close(policy, ls, ls + kDayLs);  // a day later
      ls += kDayLs + 1;
    }
  }
  EXPECT_EQ(opened,
            (Kinds{"retrain conditions", "retrain conditions", "collect-data conditions", "retrain conditions"}));
  EXPECT_EQ(facts, std::vector<std::string>{"no more retrain: 2 in 3707 lumisections are the most"});
  const Decision none = policy.judge(WindowOf(1, ls, ls + 9).rate("L1_A", 44));
  EXPECT_TRUE(none.actions.empty());
  EXPECT_EQ(none.facts,
            std::vector<std::string>{"no more threshold-adjust of L1_A: 0 in 3707 lumisections are the most"});
  EXPECT_TRUE(policy.judge(WindowOf(1, ls + 5, ls + 9).rate("L1_A", 44)).facts.empty());  // said once
}

ModelInfo new_model() {
  ModelInfo model = test_model();
  model.hash = std::string(64, 'b');
  return model;
}

TEST(Rollback, AModelAfterASucceededActionGoesBackWhenItTurnsBadEarly) {
  Policy before(test_model(), "scouting");
  close(before, 1, 10);
  struct Case {
    WindowOf window;
    Kinds expected;
  };
  const std::vector<Case> cases{
      {WindowOf(1, 11, 20).set("score", bad), {"rollback conditions"}},
      {WindowOf(1, 11, 20).rate("L1_A", 44), {"rollback rate"}},
      {WindowOf(1, 11, 20).mismatch("score", {}), {"rollback mismatch", "revalidate mismatch", "notify mismatch"}},
      {WindowOf(1, 11, 20).dead(0), {"notify input"}},
      {WindowOf(1, 11, 20).dead(0).dead(1).dead(2), {"retrain conditions"}}};  // no output is bad
  for (const Case& c : cases) {
    Policy policy(new_model(), "scouting");
    policy.follow(before.save());
    std::string asked;
    policy.ask_succeeded([&](const std::string& hash) { return (asked = hash) == std::string(64, 'a'); });
    close(policy, 11, 20);
    const Decision d = policy.judge(c.window);
    EXPECT_EQ(kinds(d), c.expected);
    if (!c.expected.front().starts_with("rollback")) continue;
    const auto& rollback = std::get<Rollback>(d.actions.front().proposal);
    EXPECT_EQ(rollback.from, std::string(64, 'b'));
    EXPECT_EQ(rollback.to, std::string(64, 'a'));
    EXPECT_EQ(d.actions.front().subject, "");
    EXPECT_TRUE(kinds(policy.judge(WindowOf(1, 16, 20).set("score", bad))).empty() ||
                c.expected[0] != "rollback conditions");
  }
}

TEST(Rollback, OnlyAfterSuccessAndOnlyEarly) {
  Policy before(test_model(), "scouting");
  close(before, 1, 10);
  const auto fresh = [&](bool succeeded) {
    Policy policy(new_model(), "scouting", {.verify_ls = 100});
    policy.follow(before.save());
    policy.ask_succeeded([=](const std::string&) { return succeeded; });
    return policy;
  };
  Policy unasked = fresh(false);
  close(unasked, 11, 20);
  EXPECT_EQ(kinds(unasked.judge(WindowOf(1, 11, 20).set("score", bad))), Kinds{"retrain conditions"});
  Policy late = fresh(true);
  close(late, 11, 110);
  Policy later = late;
  EXPECT_EQ(kinds(late.judge(WindowOf(1, 101, 110).set("score", bad))), Kinds{"rollback conditions"});
  close(later, 111, 111);
  EXPECT_EQ(kinds(later.judge(WindowOf(1, 102, 111).set("score", bad))), Kinds{"retrain conditions"});
}

TEST(Rollback, EndsWithItsEpisodeAndSurvivesARestart) {
  Policy before(test_model(), "scouting");
  Policy policy(new_model(), "scouting", {.cool_down_ls = 0});
  policy.follow(before.save());
  policy.ask_succeeded([](const std::string&) { return true; });
  close(policy, 11, 20);
  const Decision opened = policy.judge(WindowOf(1, 11, 20).rate("L1_A", 44));
  ASSERT_EQ(kinds(opened), Kinds{"rollback rate"});
  Policy restarted(new_model(), "scouting", {.cool_down_ls = 0});
  (void)restarted.load(policy.save(), {WindowOf(1, 1, 1).verdict("seed/L1_A")});
  EXPECT_EQ(restarted.save(), policy.save());
  EXPECT_EQ(restarted.judge(WindowOf(1, 21, 30)).closed, std::vector<std::string>{opened.actions[0].id});
  // One a day: the budget that the models of a stream share.
  Policy third(test_model(), "scouting", {.cool_down_ls = 0});
  third.follow(restarted.save());
  third.ask_succeeded([](const std::string&) { return true; });
  close(third, 31, 40);
  const Decision none = third.judge(WindowOf(1, 31, 40).rate("L1_A", 44));
  EXPECT_TRUE(none.actions.empty());
  EXPECT_EQ(none.facts.size(), 1u);
}

TEST(Policy, SaysWhoseStateItIs) {
  Policy policy(test_model(), "scouting");
  const auto of = Policy::identity(policy.save());
  ASSERT_TRUE(of);
  EXPECT_EQ(of->model, "axol1tl");
  EXPECT_EQ(of->model_hash, std::string(64, 'a'));
  EXPECT_EQ(of->stream, "scouting");
  EXPECT_FALSE(Policy::identity("{}"));
  EXPECT_FALSE(Policy::identity("no json"));
}

}  // namespace
}  // namespace vigil::alerting
