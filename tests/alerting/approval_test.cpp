// Who approves what, and that nothing leaves but what was approved.
#include "alerting/approval.h"

#include "alerting/rendering.h"
#include "core/digest.h"
#include "core/error.h"
#include "desks.h"

namespace vigil::alerting {
namespace {

using K = ActionKind;

TEST(ApprovalRules, AsStatedAndAsNot) {
  const ApprovalRules absent, stated = ApprovalRules::stated();
  for (std::size_t k = 0; k < kActionKinds; ++k) EXPECT_EQ(absent.of(static_cast<K>(k)), Approvers::automatic);
  EXPECT_EQ(stated.of(K::notify), Approvers::automatic);
  EXPECT_EQ(stated.of(K::revalidate), Approvers::automatic);
  EXPECT_EQ(stated.of(K::collect_data), Approvers::automatic);
  EXPECT_EQ(stated.of(K::retrain), Approvers::one);
  EXPECT_EQ(stated.of(K::threshold_adjust), Approvers::two);
  EXPECT_EQ(stated.of(K::rollback), Approvers::two);
}

TEST(ApprovalRules, WhatReachesTheTriggerIsNeverAutomatic) {
  ApprovalRules rules = ApprovalRules::stated();
  EXPECT_THROW(rules.set(K::threshold_adjust, Approvers::automatic, "x"), Error);
  EXPECT_THROW(rules.set(K::rollback, Approvers::automatic, "x"), Error);
  rules.set(K::retrain, Approvers::automatic, "x");
  EXPECT_EQ(rules.of(K::retrain), Approvers::automatic);
}

TEST(ApprovalRules, WhatStartsSomethingWantsThem) {
  for (const char* type : {"kubeflow", "gitlab", "argo", "mlflow"}) {
    EXPECT_THROW(require_approval({}, {{"file", "f"}, {type, "x"}}, "sinks"), Error) << type;
    EXPECT_NO_THROW(require_approval(ApprovalRules::stated(), {{type, "x"}}, "sinks"));
  }
  EXPECT_NO_THROW(require_approval({}, {{"file", "f"}, {"zeromq", "z"}, {"webhook", "w"}, {"kafka", "k"}}, "sinks"));
}

TEST(Rendering, IsCanonical) {
  EXPECT_EQ(canonical(std::vector<RenderedRequest>{{"s", "POST", "http://h", "t", "\"\xc3\xa9\n\x01"}}),
            "[{\"body\":\"\\\"\xc3\xa9\\n\\u0001\",\"content_type\":\"t\",\"method\":\"POST\",\"sink\":\"s\","
            "\"url\":\"http://h\"}]");
  EXPECT_EQ(sha256_of("[]"), "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
}

class Approval : public DeskTest {};

TEST_F(Approval, NothingLeavesBeforeTwoPersonsSaidSo) {
  const std::string id = propose(K::threshold_adjust);
  EXPECT_FALSE(head_of(journal, "first", 1));
  EXPECT_EQ(state(id), "proposed");
  EXPECT_EQ(show(id)["needed"], "two");
  EXPECT_TRUE(head_of(journal, "file", 1));  // people are told at once
  EXPECT_EQ(approve(id, "anna"), "200");
  EXPECT_EQ(state(id), "proposed");
  EXPECT_FALSE(head_of(journal, "first", 2));
  EXPECT_EQ(approve(id, "anna"), "409 same-approver");
  EXPECT_EQ(approve(id, "ben"), "200");
  EXPECT_EQ(state(id), "approved");
  EXPECT_EQ(show(id)["approvals"].size(), 2u);
  EXPECT_EQ(show(id)["approvals"][1]["actor"], "ben");
  EXPECT_EQ(approve(id, "carl"), "409 illegal-transition");
  deliver(id, "first");
  EXPECT_EQ(state(id), "dispatched");
}

TEST_F(Approval, IsOfWhatIsShownAndOfNothingElse) {
  const std::string id = propose(K::retrain);
  const OJson action = show(id);
  EXPECT_EQ(sha256_of(canonical(nlohmann::json::parse(action["requests"].dump()))), action["request_sha256"]);
  EXPECT_EQ(action["requests"].size(), 2u);
  EXPECT_EQ(action["requests"][0]["sink"], "first");  // in the order of the configuration
  EXPECT_EQ(act(id, "approve", {{"sha256", std::string(64, '0')}}), "409 request-changed");
  EXPECT_EQ(state(id), "proposed");
}

TEST_F(Approval, IsVoidOnceTheRequestIsAnother) {
  const std::string id = propose(K::retrain), half = propose(K::rollback);
  ASSERT_EQ(approve(id, "anna"), "200");
  ASSERT_EQ(approve(half, "anna"), "200");
  const auto before = show(id)["request_sha256"];
  use_sinks("http://a");  // a restart with the same configuration
  EXPECT_EQ(state(id), "approved");
  use_sinks("http://b");
  EXPECT_EQ(state(id), "proposed");
  EXPECT_TRUE(show(id)["approvals"].empty());
  EXPECT_TRUE(show(half)["approvals"].empty());
  EXPECT_NE(show(id)["request_sha256"], before);
  EXPECT_EQ(act(id, "approve", {{"sha256", before}}), "409 request-changed");
  EXPECT_FALSE(head_of(journal, "first", 5));
  EXPECT_EQ(approve(id, "anna"), "200");  // void: she may approve this one too
  EXPECT_EQ(show(id)["history"].back()["verb"], "approved");
  EXPECT_TRUE(JournalReader(file).verify_audit({}).ok);
}

TEST_F(Approval, IsCheckedRightBeforeTheFirstByte) {
  std::string url = "http://a";
  SinkSpec sink{"only",
                {},
                [&](const OutgoingAction& a) {
                  return RenderedRequest{"only", "POST", url, "", a.id};
                },
                "webhook"};
  journal.set_sinks({sink});
  const std::string id = propose(K::retrain);
  ASSERT_EQ(approve(id, "anna"), "200");
  ASSERT_TRUE(head_of(journal, "only", 1));
  url = "http://b";
  EXPECT_FALSE(journal.begin_attempt(id, "only", 2));
  EXPECT_EQ(state(id), "proposed");
  EXPECT_FALSE(head_of(journal, "only", 3));
  EXPECT_EQ(show(id)["requests"][0]["url"], "http://b");
  ASSERT_EQ(approve(id, "anna"), "200");
  EXPECT_TRUE(begin(id, "only"));
}

TEST_F(Approval, WhatIsPartlySentIsNotSentAnywhereElseThanApproved) {
  const std::string id = propose(K::retrain);
  ASSERT_EQ(approve(id, "anna"), "200");
  deliver(id, "first");
  use_sinks("http://b");
  EXPECT_EQ(state(id), "dispatched");
  ASSERT_TRUE(head_of(journal, "second", 1));
  EXPECT_FALSE(journal.begin_attempt(id, "second", 2));
  EXPECT_FALSE(head_of(journal, "second", 3));  // refused, not tried for ever
  EXPECT_EQ(show(id)["sinks"][2]["status"], "rejected");
}

TEST_F(Approval, WhatCannotBeRenderedCannotBeApproved) {
  journal.set_sinks(
      {{"broken", {}, [](const OutgoingAction&) -> RenderedRequest { throw Error("no", "template"); }, ""}});
  const std::string id = propose(K::retrain), notice = propose(K::notify);
  EXPECT_TRUE(show(id)["request_sha256"].is_null());
  EXPECT_EQ(act(id, "approve", {{"sha256", std::string(64, '0')}}), "409 request-changed");
  EXPECT_FALSE(head_of(journal, "broken", 1));
  EXPECT_EQ(state(notice), "proposed");
  use_sinks("http://a");  // mended: entries of `broken` wait for it
  EXPECT_FALSE(show(id)["request_sha256"].is_null());
}

TEST_F(Approval, MayFollowAfterARefusalThatAnotherConfigurationMends) {
  const std::string id = propose(K::retrain);
  ASSERT_EQ(approve(id, "anna"), "200");
  deliver(id, "first", Delivery::refused);
  deliver(id, "second", Delivery::refused);
  EXPECT_EQ(state(id), "failed");
  use_sinks("http://b");
  EXPECT_EQ(act(id, "retry"), "200");
  EXPECT_EQ(state(id), "approved");
  ASSERT_TRUE(head_of(journal, "first", 1));
  EXPECT_FALSE(journal.begin_attempt(id, "first", 2));  // what was approved went elsewhere
  EXPECT_EQ(state(id), "proposed");
  EXPECT_EQ(approve(id, "anna"), "200");
  EXPECT_TRUE(begin(id, "first"));
}

}  // namespace
}  // namespace vigil::alerting
