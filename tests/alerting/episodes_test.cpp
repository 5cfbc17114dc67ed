// What begins and ends an episode, whatever it leads to; and the policy's sources and sequential verdicts.
#include "alerting/episodes.h"

#include <gtest/gtest.h>

#include "alerting/policy.h"
#include "core/error.h"
#include "windows.h"

namespace vigil::alerting {
namespace {

constexpr Quality good = Quality::good, medium = Quality::medium, bad = Quality::bad, unknown = Quality::unknown;

std::vector<std::string> kinds(const Decision& decision) {
  std::vector<std::string> found;
  for (const Action& a : decision.actions) {
    found.push_back(std::string(to_string(a.kind)) + " " + std::string(to_string(a.cause)) + " " + a.subject);
  }
  return found;
}
using Kinds = std::vector<std::string>;

Policy fresh() { return Policy(test_model(), "scouting"); }

// The same window, judged against the learned reference of this ordinal.
JudgedWindow against(std::uint64_t reference, JudgedWindow judged) {
  for (Verdict& v : judged.verdicts) v.reference = v.subject.target == Target::mismatch ? 0 : reference;
  return judged;
}

TEST(Episodes, AFaultIsNotEndedByAReferenceLearnedAfterIt) {
  Policy policy = fresh();
  const Decision first = policy.judge(against(2, WindowOf(1, 1, 10).dead(0)));
  ASSERT_EQ(kinds(first), Kinds{"notify input input/x[0]"});
  EXPECT_TRUE(policy.judge(against(3, WindowOf(1, 11, 20))).closed.empty());
  EXPECT_TRUE(policy.hold_learning());
  Policy other = policy;
  EXPECT_EQ(policy.judge(against(2, WindowOf(1, 21, 30))).closed, std::vector<std::string>{first.actions[0].id});
  EXPECT_EQ(other.judge(against(1, WindowOf(1, 21, 30))).closed.size(), 1u);  // nor does an older one matter
  EXPECT_FALSE(policy.hold_learning());
}

TEST(Episodes, ARateAboveItsTargetWithoutAReferenceHoldsNothingUp) {
  Policy policy = fresh();
  (void)policy.judge(WindowOf(1, 1, 10).all(unknown).rate("L1_A", 44));
  EXPECT_FALSE(policy.hold_learning());
  EXPECT_EQ(kinds(policy.judge(against(1, WindowOf(1, 11, 20).rate("L1_A", 44)))), Kinds{"threshold-adjust rate L1_A"});
  EXPECT_EQ(policy.judge(against(1, WindowOf(1, 21, 30))).closed.size(), 1u);
}

// An output and a seed of one name are two rules of one monitor text.
TEST(Episodes, ASeedNamedLikeItsOutputIsAnotherRule) {
  ModelInfo model = test_model();
  model.seeds[0].name = "score";
  Policy policy(model, "scouting");
  JudgedWindow judged = WindowOf(1, 1, 10).mismatch("score", {});
  for (Verdict& v : judged.verdicts) {
    if (v.monitor == "mismatch/L1_A") v.monitor = "mismatch/score", v.subject.name = "score";
  }
  const Decision first = policy.judge(judged);  // the output's is bad, then the seed's is good
  EXPECT_EQ(kinds(first), (Kinds{"revalidate mismatch ", "notify mismatch mismatch/score"}));
  EXPECT_TRUE(policy.judge(judged).closed.empty());
  const std::string saved = policy.save();
  Policy resumed(model, "scouting");
  EXPECT_TRUE(resumed.load(saved, judged.verdicts).empty());
  EXPECT_EQ(resumed.save(), saved);
  for (Verdict& v : judged.verdicts) v.quality = v.reading = good;
  EXPECT_EQ(resumed.judge(judged).closed.size(), 2u);
}

TEST(Episodes, ARuleThatIsNoLongerConfiguredEndsWithTheNextGoodVerdictOnItsSubject) {
  Policy policy = fresh();
  (void)policy.judge(WindowOf(1, 1, 10, "10ls").dead(0));
  const JudgedWindow other = WindowOf(1, 11, 30, "20ls");
  Policy resumed = fresh();
  const auto gone = resumed.load(policy.save(), other.verdicts);
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_NE(gone[0].find("1 bad rule that is no longer configured"), std::string::npos) << gone[0];
  EXPECT_TRUE(resumed.judge(WindowOf(1, 11, 30, "20ls").dead(0, unknown)).closed.empty());
  EXPECT_EQ(resumed.open_ids(), policy.open_ids());
  EXPECT_EQ(resumed.judge(other).closed, policy.open_ids());
}

Lumisection lumisection(std::uint32_t run, std::uint32_t ls, const std::vector<std::string>& sent) {
  Lumisection l;
  l.run = run;
  l.ls = ls;
  for (const std::string& source : sent) l.sources[source].batches = 1;
  return l;
}

TEST(PolicySources, ASilentSourceIsNotifiedOnceUntilItSends) {
  Policy policy = fresh();
  EXPECT_TRUE(policy.judge_sources(lumisection(1, 40, {"a", "b"}), {}, {}).actions.empty());
  const Decision d = policy.judge_sources(lumisection(1, 51, {"a"}), {{"b", 1, 41}}, 17);
  ASSERT_EQ(kinds(d), Kinds{"notify data b"});
  const Action& a = d.actions[0];
  EXPECT_EQ(std::tie(a.run, a.first_ls, a.last_ls), std::make_tuple(1u, 41u, 51u));
  EXPECT_EQ(a.reason, "source b silent since run 1 LS 41");
  EXPECT_EQ(a.run_start_ns, 17u);
  const auto& notice = std::get<SourceNotice>(a.proposal);
  EXPECT_EQ(notice.source, "b");
  EXPECT_EQ(std::tie(notice.since_run, notice.since_ls), std::make_tuple(1u, 41u));
  EXPECT_EQ(a.id, action_id(std::string(64, 'a'), "scouting", ActionKind::notify, Cause::data, "b", 1, 51));
  EXPECT_FALSE(policy.hold_learning());
  EXPECT_TRUE(policy.judge_sources(lumisection(1, 52, {"a"}), {{"b", 1, 41}}, {}).actions.empty());
  // A run in which nobody knows of it does not bring it back; nor does a restart.
  EXPECT_TRUE(policy.judge_sources(lumisection(2, 1, {"a"}), {}, {}).closed.empty());
  Policy resumed = fresh();
  (void)resumed.load(policy.save(), {});
  EXPECT_EQ(resumed.judge_sources(lumisection(2, 2, {"a", "b"}), {}, {}).closed, std::vector<std::string>{a.id});
  EXPECT_TRUE(resumed.judge_sources(lumisection(2, 15, {"a"}), {{"b", 2, 3}}, {}).actions.empty());  // cool-down
  EXPECT_EQ(kinds(resumed.judge_sources(lumisection(2, 22, {"a"}), {{"b", 2, 3}}, {})), Kinds{"notify data b"});
}

// Sequential verdicts of a lumisection: score as given, everything else good.
JudgedWindow sequential(std::uint32_t ls, std::uint32_t onset, Quality score, Quality reading) {
  JudgedWindow judged = WindowOf(1, ls, ls, "sequential").set("mismatch/score", score, reading);
  std::erase_if(judged.verdicts, [](const Verdict& v) { return v.subject.target != Target::mismatch; });
  for (Verdict& v : judged.verdicts) {
    if (v.quality != bad) continue;
    v.first_ls = onset;
    v.evidence = MismatchEvidence{24, 1200, {kept(onset, onset << 18, 4)}};
  }
  return judged;
}

TEST(PolicySequential, AMismatchLeadsToRevalidateAtItsLumisection) {
  Policy policy = fresh();
  EXPECT_TRUE(policy.judge_sequential(sequential(30, 1, good, good)).actions.empty());
  const Decision d = policy.judge_sequential(sequential(33, 31, bad, bad));
  ASSERT_EQ(kinds(d), (Kinds{"revalidate mismatch ", "notify mismatch mismatch/score"}));
  EXPECT_EQ(std::tie(d.actions[0].run, d.actions[0].first_ls, d.actions[0].last_ls), std::make_tuple(1u, 31u, 33u));
  EXPECT_EQ(std::get<Revalidate>(d.actions[0].proposal).outputs, std::vector<std::string>{"score"});
  EXPECT_TRUE(policy.hold_learning());
  // The window that shows it too is the same episode, which ends when both are good.
  EXPECT_TRUE(policy.judge(WindowOf(1, 31, 40).mismatch("score", {})).actions.empty());
  EXPECT_TRUE(policy.judge_sequential(sequential(50, 51, good, good)).closed.empty());
  EXPECT_EQ(policy.judge(WindowOf(1, 41, 50)).closed.size(), 2u);
}

TEST(PolicySequential, WhatIsMediumKeepsRetrainingAway) {
  Policy policy = fresh();
  (void)policy.judge_sequential(sequential(10, 1, medium, medium));
  EXPECT_TRUE(policy.judge(WindowOf(1, 1, 10).set("score", bad)).actions.empty());
  EXPECT_TRUE(policy.judge(WindowOf(1, 1, 10).rate("L1_A", 44)).actions.empty());
  Policy resumed = fresh();
  (void)resumed.load(policy.save(), static_cast<const JudgedWindow&>(WindowOf(1, 1, 10)).verdicts);
  EXPECT_TRUE(resumed.judge(WindowOf(1, 1, 10).set("score", bad)).actions.empty());
  (void)policy.judge_sequential(sequential(11, 1, good, good));
  EXPECT_EQ(kinds(policy.judge(WindowOf(1, 2, 11).set("score", bad))), Kinds{"retrain conditions "});
}

}  // namespace
}  // namespace vigil::alerting
