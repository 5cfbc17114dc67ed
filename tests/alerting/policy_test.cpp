#include "alerting/policy.h"

#include <gtest/gtest.h>

#include "alerting/reasons.h"
#include "windows.h"

namespace vigil::alerting {
namespace {

constexpr Quality good = Quality::good, medium = Quality::medium, bad = Quality::bad, unknown = Quality::unknown;

// "kind cause subject", in order.
std::vector<std::string> kinds(const Decision& decision) {
  std::vector<std::string> found;
  for (const Action& a : decision.actions) {
    found.push_back(std::string(to_string(a.kind)) + " " + std::string(to_string(a.cause)) + " " + a.subject);
  }
  return found;
}
using Kinds = std::vector<std::string>;

Policy fresh() { return Policy(test_model(), "scouting"); }

// Each fault alone leads to its own kinds of action, and to no other.
TEST(PolicyTable, EachFaultItsActionsAndNoOther) {
  struct Case {
    const char* what;
    WindowOf window;
    Kinds expected;
  };
  const auto w = [] { return WindowOf(1, 1, 10); };
  const std::vector<Case> cases{
      {"all good", w(), {}},
      {"nothing known", w().all(unknown), {}},
      {"all medium", w().all(medium), {}},
      {"output mismatch", w().mismatch("score", {}), {"revalidate mismatch ", "notify mismatch mismatch/score"}},
      {"seed mismatch", w().mismatch("L1_A", {}), {"revalidate mismatch ", "notify mismatch mismatch/L1_A"}},
      {"mismatch and drift",
       w().mismatch("score", {}).set("score", bad),
       {"revalidate mismatch ", "notify mismatch mismatch/score"}},
      {"mismatch and rate",
       w().mismatch("score", {}).rate("L1_A", 44),
       {"revalidate mismatch ", "notify mismatch mismatch/score"}},
      {"mismatch and broad drift",
       w().mismatch("score", {}).set("score", bad).dead(0).dead(1).dead(2),
       {"revalidate mismatch ", "notify mismatch mismatch/score"}},
      {"medium mismatch and drift", w().mismatch("score", {}, medium).set("score", bad), {}},
      {"mismatch of this window alone and drift", w().set("mismatch/score", good, medium).set("score", bad), {}},
      {"mismatch of this window alone and rate", w().set("mismatch/L1_A", good, bad).rate("L1_A", 44), {}},
      {"medium mismatch and rate", w().mismatch("L1_B", {}, medium).rate("L1_A", 44), {}},
      {"one input", w().dead(0), {"notify input input/x[0]"}},
      {"one input moves the score", w().dead(0).set("score", bad), {"notify input input/x[0]"}},
      {"one input moves the rate", w().dead(0).rate("L1_A", 44), {"notify input input/x[0]"}},
      {"two inputs", w().dead(0).dead(4).set("score", bad), {"notify input input/x[0]", "notify input input/x[4]"}},
      {"one input medium, score bad", w().set("input/x[1]", medium).set("score", bad), {}},
      {"three inputs", w().dead(0).dead(1).dead(2), {"retrain conditions "}},
      {"three inputs and the score", w().dead(0).dead(1).dead(2).set("score", bad), {"retrain conditions "}},
      {"three inputs medium and the score",
       w().dead(0, medium).dead(1, medium).dead(2, medium).set("score", bad),
       {"retrain conditions "}},
      {"three inputs medium, nothing bad", w().dead(0, medium).dead(1, medium).dead(2, medium), {}},
      {"score alone", w().set("score", bad), {"retrain conditions "}},
      {"score and rate", w().set("score", bad).rate("L1_A", 44), {"retrain conditions "}},
      {"score held bad, good in this window", w().set("score", bad, good), {}},
      {"rate alone", w().rate("L1_A", 44), {"threshold-adjust rate L1_A"}},
      {"both rates",
       w().rate("L1_A", 44).rate("L1_B", 66),
       {"threshold-adjust rate L1_A", "threshold-adjust rate L1_B"}},
      {"rate that no threshold mends", w().rate("L1_A", 40), {}},
      {"rate without a proposal", w().set("seed/L1_A", bad), {}},
      {"rate medium", w().rate("L1_A", 44, medium), {}},
      {"rate, score medium", w().rate("L1_A", 44).set("score", medium), {}},
      {"rate, score medium in this window alone", w().rate("L1_A", 44).set("score", good, medium), {}},
      {"rate, an input medium", w().rate("L1_A", 44).set("input/x[1]", medium), {}},
      {"rate, an output unknown (learning)", w().rate("L1_A", 44).set("latent", unknown), {}},
      {"rate, an input unknown", w().rate("L1_A", 44).set("input/x[1]", unknown), {"threshold-adjust rate L1_A"}},
  };
  for (const Case& c : cases) {
    Policy policy = fresh();
    EXPECT_EQ(kinds(policy.judge(c.window)), c.expected) << c.what;
  }
}

TEST(Policy, AllColumnsTogetherAreToldWhereNothingElseIs) {
  Policy policy = fresh();
  WindowOf window(1, 1, 10);
  window.together("inputs", bad);
  window.verdict("multivariate/inputs").reason = "T2 800";
  window.verdict("multivariate/inputs").attribution = {{"input/x[2]", 0.3, 1e-9, {}}};
  const Decision d = policy.judge(window);
  ASSERT_EQ(kinds(d), (Kinds{"notify input multivariate/inputs"}));
  EXPECT_EQ(d.actions[0].reason, "multivariate/inputs is bad: T2 800");
  const auto& notify = std::get<Notify>(d.actions[0].proposal);
  EXPECT_EQ(notify.monitor, "multivariate/inputs");
  EXPECT_EQ(notify.attribution, window.verdict("multivariate/inputs").attribution);
  EXPECT_TRUE(policy.judge(WindowOf(1, 6, 15).together("inputs", bad)).actions.empty()) << "one an episode";
  EXPECT_TRUE(policy.hold_learning());
  EXPECT_TRUE(policy.judge(WindowOf(1, 11, 20).together("inputs", medium)).closed.empty());
  EXPECT_EQ(policy.judge(WindowOf(1, 16, 25).together("inputs", good)).closed,
            std::vector<std::string>{d.actions[0].id});
  // Both are two.
  EXPECT_EQ(kinds(fresh().judge(WindowOf(1, 1, 10).together("inputs", bad).together("outputs", bad))),
            (Kinds{"notify input multivariate/inputs", "notify input multivariate/outputs"}));
  EXPECT_TRUE(fresh().judge(WindowOf(1, 1, 10).together("inputs", medium)).actions.empty());
  EXPECT_TRUE(fresh().judge(WindowOf(1, 1, 10).together("inputs", bad, good)).actions.empty()) << "held bad";
}

TEST(Policy, AllColumnsTogetherAreEvidenceBesideAnInputOrAnOutputUntilTheyAreGood) {
  for (const bool of_input : {true, false}) {
    Policy policy = fresh();
    WindowOf window(1, 1, 10);
    of_input ? window.dead(0) : window.set("score", bad);
    window.together("inputs", bad);
    window.together("outputs", medium);
    const JudgedWindow moved = [&] {
      JudgedWindow judged = window;
      judged.moved = {{"input/x[0]", 0.5, 1e-20, {}}};
      return judged;
    }();
    const Decision d = policy.judge(moved);
    ASSERT_EQ(kinds(d), (Kinds{of_input ? "notify input input/x[0]" : "retrain conditions "}));
    const auto has = [&](const std::string& monitor) {
      return std::any_of(d.actions[0].evidence.begin(), d.actions[0].evidence.end(),
                         [&](const Verdict& v) { return v.monitor == monitor; });
    };
    EXPECT_TRUE(has("multivariate/inputs"));
    if (of_input) {
      EXPECT_FALSE(std::get<Notify>(d.actions[0].proposal).attribution);
    } else {
      EXPECT_EQ(std::get<Retrain>(d.actions[0].proposal).attribution, moved.moved);
    }
    // The input or output is good again, all together are not: still no news.
    EXPECT_TRUE(policy.judge(WindowOf(1, 6, 15).together("inputs", bad)).actions.empty());
    const std::string saved = policy.save();
    Policy restored = fresh();
    EXPECT_TRUE(restored.load(saved, WindowOf(1, 1, 10).together("inputs", good).verdicts()).empty());
    EXPECT_TRUE(restored.judge(WindowOf(1, 11, 20).together("inputs", bad)).actions.empty());
    // Good, then bad again on its own.
    (void)policy.judge(WindowOf(1, 16, 25).together("inputs", good));
    EXPECT_EQ(kinds(policy.judge(WindowOf(1, 21, 30).together("inputs", bad))),
              (Kinds{"notify input multivariate/inputs"}));
  }
  // An input that is medium is off too; one good but off in the window as well.
  EXPECT_TRUE(fresh().judge(WindowOf(1, 1, 10).set("input/x[1]", medium).together("inputs", bad)).actions.empty());
}

TEST(Policy, RateNeedsAnOutputThatIsKnownGood) {
  WindowOf window(1, 1, 10);
  window.rate("L1_A", 44);
  JudgedWindow no_outputs = window;
  std::erase_if(no_outputs.verdicts, [](const Verdict& v) { return v.subject.target == Target::output; });
  EXPECT_TRUE(fresh().judge(no_outputs).actions.empty());
}

TEST(Policy, MismatchNamesWhatDisagreesAndTheFirstEvent) {
  Policy policy = fresh();
  WindowOf window(1, 1, 10);
  window.mismatch("L1_A", {kept(3, 600000, 7)}).mismatch("latent", {kept(3, 590000, 9), kept(3, 590000, 8)}, medium);
  const Decision d = policy.judge(window);
  ASSERT_EQ(kinds(d), (Kinds{"revalidate mismatch ", "notify mismatch mismatch/L1_A"}));
  const auto& revalidate = std::get<Revalidate>(d.actions[0].proposal);
  EXPECT_EQ(revalidate.outputs, (std::vector<std::string>{"latent", "L1_A"}));
  ASSERT_TRUE(revalidate.first_event);
  EXPECT_EQ(revalidate.first_event->orbit, 590000u);
  EXPECT_EQ(revalidate.first_event->bx, 8u);
  EXPECT_EQ(
      d.actions[0].reason,
      "hardware and emulator disagree in latent (3 of 1200 events), L1_A (2 of 1200 events); first at run 1, LS 3, "
      "orbit 590000, BX 8");
  EXPECT_EQ(std::get<Notify>(d.actions[1].proposal).monitor, "mismatch/L1_A");
  EXPECT_EQ(std::get<Notify>(d.actions[1].proposal).monitors, std::vector<std::string>{"mismatch/L1_A"});
}

// What the attribution is made of: the first events that were kept, each once, and the crossings since the
// action's first lumisection.
TEST(Policy, MismatchCarriesItsFirstEventsAndItsCrossings) {
  Policy policy = fresh();
  WindowOf window(1, 1, 10);
  window.mismatch("L1_A", {kept(4, 800000, 7), kept(4, 800001, 7)});
  window.mismatch("score", {kept(3, 600000, 7), kept(3, 600001, 7)});
  window.mismatch("latent", {kept(3, 600000, 7), kept(3, 590000, 2)}, medium);
  const auto crossings = [&](const char* name) -> MismatchCrossings& {
    return std::get<MismatchEvidence>(window.verdict(std::string("mismatch/") + name).evidence).crossings;
  };
  crossings("score") = {10, 20, {3}};
  crossings("latent") = {99, 99, {}};  // not bad
  crossings("L1_A") = {5, 20, {4}};
  window.verdict("mismatch/score").first_ls = 2;  // the episode's first lumisection is the first bad rule's
  const Decision d = policy.judge(window);
  const auto& revalidate = std::get<Revalidate>(d.actions.at(0).proposal);
  EXPECT_EQ(revalidate.kept, (std::vector<KeptEvent>{kept(3, 590000, 2), kept(3, 600000, 7), kept(3, 600001, 7),
                                                     kept(4, 800000, 7), kept(4, 800001, 7)}));
  EXPECT_EQ(revalidate.crossings,
            (d.actions[0].first_ls == 2 ? MismatchCrossings{10, 20, {3}} : MismatchCrossings{5, 20, {4}}));
  EXPECT_TRUE(revalidate.attribution.empty());
}

// A seed that is off has a decision that differs, and is in no mismatch.
TEST(Policy, WhatIsInNoMismatchDisagreesInNoEvent) {
  Policy policy = fresh();
  WindowOf window(1, 1, 10);
  KeptEvent event = kept(3, 600000, 7);
  event.disagreeing = {"score", "L1_A", "L1_B"};
  window.mismatch("score", {event}).mismatch("L1_A", {event}, medium);
  const Decision d = policy.judge(window);
  const auto& revalidate = std::get<Revalidate>(d.actions.at(0).proposal);
  ASSERT_EQ(revalidate.kept.size(), 1u);
  EXPECT_EQ(revalidate.kept[0].disagreeing, (std::vector<std::string>{"score", "L1_A"}));
}

TEST(Policy, TheReasonSaysWhatExplainsMost) {
  EXPECT_EQ(explained_reason("so", {}), "so");
  EXPECT_EQ(explained_reason("so", {{"*.phi", "plus 1", 8, 8}, {"jet[0].pt", "zero", 4, 8}}),
            "so; the hardware's words are those of *.phi plus 1 (8 of 8 events)");
}

TEST(Policy, OutputsComeBeforeSeedsInTheNotice) {
  Policy policy = fresh();
  WindowOf window(1, 1, 10);
  window.mismatch("L1_A", {}).mismatch("score", {});
  JudgedWindow reversed = window;
  std::reverse(reversed.verdicts.begin(), reversed.verdicts.end());
  EXPECT_EQ(kinds(policy.judge(reversed))[1], "notify mismatch mismatch/score");
}

TEST(Policy, InputActionSaysHowTheInputChanged) {
  Policy policy = fresh();
  WindowOf window(1, 1, 10);
  window.dead(0).set("input/x[2]", bad);
  window.verdict("input/x[2]").evidence = InputChange{InputChange::Kind::rescaled, 1.25};
  window.verdict("input/x[2]").reason = "chi2 30";
  const Decision d = policy.judge(window);
  ASSERT_EQ(d.actions.size(), 2u);
  EXPECT_EQ(d.actions[0].reason, "input/x[0] is dead");
  EXPECT_EQ(d.actions[1].reason, "input/x[2] is rescaled by 1.25: chi2 30");
  EXPECT_EQ(std::get<Notify>(d.actions[0].proposal).monitors, (std::vector<std::string>{"input/x[0]", "input/x[2]"}));
}

TEST(Policy, ActionsCarryTheIdAndTheRangeOfTheWindowThatTurnedTheFirstRuleBad) {
  Policy policy = fresh();
  // The rate is off from LS 10 on, but the score is medium until LS 25.
  EXPECT_TRUE(policy.judge(WindowOf(1, 1, 10).rate("L1_A", 44).set("score", medium)).actions.empty());
  EXPECT_TRUE(policy.judge(WindowOf(1, 6, 15).rate("L1_A", 45).set("score", medium)).actions.empty());
  const Decision d = policy.judge(WindowOf(1, 16, 25).rate("L1_A", 46));
  ASSERT_EQ(d.actions.size(), 1u);
  const Action& a = d.actions[0];
  EXPECT_EQ(a.run, 1u);
  EXPECT_EQ(a.first_ls, 1u);
  EXPECT_EQ(a.last_ls, 10u);
  EXPECT_EQ(a.id,
            action_id(std::string(64, 'a'), "scouting", ActionKind::threshold_adjust, Cause::rate, "L1_A", 1, 10));
  EXPECT_EQ(a.run_start_ns, 1'700'000'000'000'000'000ull);
  EXPECT_EQ(std::get<ThresholdProposal>(a.proposal).proposed_threshold, 46);
  EXPECT_EQ(a.evidence.size(), 1u);
  EXPECT_EQ(policy.open_ids(), std::vector<std::string>{a.id});
}

TEST(Policy, RetrainCarriesRangeMonitorsAndEvidence) {
  Policy policy = fresh();
  const Decision d = policy.judge(WindowOf(9, 11, 20).set("score", bad).dead(0).dead(1).dead(2, medium));
  ASSERT_EQ(d.actions.size(), 1u);
  const auto& retrain = std::get<Retrain>(d.actions[0].proposal);
  EXPECT_EQ(std::tie(retrain.first_run, retrain.first_ls, retrain.last_run, retrain.last_ls),
            std::make_tuple(9u, 11u, 9u, 20u));
  EXPECT_EQ(retrain.monitors, (std::vector<std::string>{"score", "input/x[0]", "input/x[1]"}));
  EXPECT_EQ(d.actions[0].evidence.size(), 4u);
  EXPECT_EQ(d.actions[0].reason, "score drifted (ks 0.5); 3 inputs drifted: input/x[0], input/x[1], input/x[2]");
}

TEST(Policy, OneActionUntilTheEpisodeEnds) {
  Policy policy = fresh();
  const Decision first = policy.judge(WindowOf(1, 1, 10).dead(0));
  ASSERT_EQ(first.actions.size(), 1u);
  for (const Quality quality : {bad, medium, unknown, bad}) {
    const Decision d = policy.judge(WindowOf(1, 6, 15).dead(0, quality));
    EXPECT_TRUE(d.actions.empty());
    EXPECT_TRUE(d.closed.empty());
    EXPECT_EQ(policy.open_ids().size(), 1u);
  }
  const Decision end = policy.judge(WindowOf(1, 11, 20));
  EXPECT_EQ(end.closed, std::vector<std::string>{first.actions[0].id});
  EXPECT_TRUE(policy.open_ids().empty());
}

TEST(Policy, CoolDownThenANewId) {
  Policy policy = fresh();
  const std::string first = policy.judge(WindowOf(1, 1, 10).dead(0)).actions.at(0).id;
  ASSERT_EQ(policy.judge(WindowOf(1, 6, 15)).closed.size(), 1u);  // ended at LS 15
  EXPECT_TRUE(policy.judge(WindowOf(1, 11, 20).dead(0)).actions.empty());
  EXPECT_TRUE(policy.judge(WindowOf(1, 25, 34).dead(0)).actions.empty());
  // Another subject does not wait.
  EXPECT_EQ(kinds(policy.judge(WindowOf(1, 25, 34).dead(0).dead(1))), Kinds{"notify input input/x[1]"});
  const Decision later = policy.judge(WindowOf(1, 26, 35).dead(0).dead(1));
  ASSERT_EQ(later.actions.size(), 1u);
  EXPECT_EQ(later.actions[0].last_ls, 20u);  // the window that turned it bad
  EXPECT_NE(later.actions[0].id, first);
}

TEST(Policy, ARunChangeEndsTheCoolDown) {
  Policy policy = fresh();
  (void)policy.judge(WindowOf(1, 1, 10).dead(0));
  (void)policy.judge(WindowOf(1, 6, 15));
  EXPECT_EQ(policy.judge(WindowOf(2, 1, 10).dead(0)).actions.size(), 1u);
}

TEST(Policy, AnEpisodeSpansAllWindowNames) {
  Policy policy = fresh();
  const std::string id = policy.judge(WindowOf(1, 1, 10, "10ls").dead(0)).actions.at(0).id;
  EXPECT_TRUE(policy.judge(WindowOf(1, 1, 20, "20ls").dead(0)).actions.empty());
  EXPECT_TRUE(policy.judge(WindowOf(1, 11, 20, "10ls")).closed.empty());  // still bad over 20 LS
  EXPECT_EQ(policy.judge(WindowOf(1, 21, 40, "20ls")).closed, std::vector<std::string>{id});
}

TEST(Policy, AMismatchEpisodeIsOne) {
  Policy policy = fresh();
  ASSERT_EQ(policy.judge(WindowOf(1, 1, 10).mismatch("score", {})).actions.size(), 2u);
  // Another monitor joins, the first recovers: still the same episode.
  EXPECT_TRUE(policy.judge(WindowOf(1, 6, 15).mismatch("score", {}).mismatch("L1_A", {})).actions.empty());
  EXPECT_TRUE(policy.judge(WindowOf(1, 11, 20).mismatch("L1_A", {})).actions.empty());
  EXPECT_TRUE(policy.judge(WindowOf(1, 16, 25).all(unknown)).closed.empty());
  EXPECT_EQ(policy.judge(WindowOf(1, 21, 30)).closed.size(), 2u);
}

TEST(Policy, NoRetrainWhileAMismatchEpisodeIsOpenThoughThisWindowCannotTell) {
  Policy policy = fresh();
  (void)policy.judge(WindowOf(1, 1, 10).mismatch("score", {}));
  EXPECT_TRUE(policy.judge(WindowOf(1, 11, 20).set("mismatch/score", unknown).set("score", bad)).actions.empty());
  EXPECT_TRUE(policy.judge(WindowOf(1, 21, 30).set("mismatch/score", unknown).rate("L1_A", 44)).actions.empty());
}

TEST(Policy, TheTailOfADeadInputIsNoDrift) {
  Policy policy = fresh();
  ASSERT_EQ(policy.judge(WindowOf(1, 1, 10).dead(0).set("score", bad)).actions.size(), 1u);
  // The input is back, the score's windows still hold its data.
  EXPECT_TRUE(policy.judge(WindowOf(1, 6, 15).set("score", bad)).actions.empty());
  EXPECT_TRUE(policy.judge(WindowOf(1, 10, 19).set("score", bad)).actions.empty());
  // Clean data and still off: now it is drift, with this window's range.
  const Decision d = policy.judge(WindowOf(1, 11, 20).set("score", bad));
  ASSERT_EQ(kinds(d), Kinds{"retrain conditions "});
  EXPECT_EQ(d.actions[0].first_ls, 11u);
  EXPECT_EQ(d.actions[0].last_ls, 20u);
}

TEST(Policy, TheTailOfABroadDriftNamesNoDetector) {
  Policy policy = fresh();
  ASSERT_EQ(kinds(policy.judge(WindowOf(1, 1, 10).dead(0).dead(1).dead(2).set("score", bad))),
            Kinds{"retrain conditions "});
  EXPECT_TRUE(policy.judge(WindowOf(1, 6, 15).dead(0).dead(1).set("score", bad)).actions.empty());
  EXPECT_TRUE(policy.judge(WindowOf(1, 11, 20).dead(0)).actions.empty());
  // A new fault is named, though.
  EXPECT_EQ(kinds(policy.judge(WindowOf(1, 16, 25).dead(0).dead(5))), Kinds{"notify input input/x[5]"});
}

TEST(Policy, BroadInputsIsASetting) {
  Policy policy(test_model(), "scouting", {20, 2});
  EXPECT_EQ(kinds(policy.judge(WindowOf(1, 1, 10).dead(0).dead(1))), Kinds{"retrain conditions "});
}

TEST(Policy, SeveralStatisticsOfOneInputAreOneInput) {
  Policy policy = fresh();
  JudgedWindow window = WindowOf(1, 1, 10).dead(0);
  for (const char* statistic : {"psi", "ks", "js"}) {
    Verdict v = window.verdicts[2];
    ASSERT_EQ(v.monitor, "input/x[0]");
    v.statistic = statistic;
    window.verdicts.push_back(v);
  }
  const Decision d = policy.judge(window);
  EXPECT_EQ(kinds(d), Kinds{"notify input input/x[0]"});
  EXPECT_EQ(d.actions[0].evidence.size(), 4u);
}

}  // namespace
}  // namespace vigil::alerting
