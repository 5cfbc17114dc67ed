#include "app/configuration_actions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/configuration.h"
#include "core/error.h"

namespace vigil::app {
namespace {

std::string refusal(const std::string& key, const std::string& value) {
  Configuration c;
  try {
    set_key(c, key, value);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ConfigurationActions, GivenKindsOverrideWhatIsStated) {
  Configuration c;
  EXPECT_FALSE(c.approval.is_stated());
  set_key(c, "approval", "{}");
  EXPECT_EQ(c.approval, alerting::ApprovalRules::stated());
  set_key(c, "approval", "{retrain: two, revalidate: one, threshold-adjust: one}");
  EXPECT_EQ(c.approval.of(ActionKind::retrain), alerting::Approvers::two);
  EXPECT_EQ(c.approval.of(ActionKind::revalidate), alerting::Approvers::one);
  EXPECT_EQ(c.approval.of(ActionKind::threshold_adjust), alerting::Approvers::one);
  EXPECT_EQ(c.approval.of(ActionKind::rollback), alerting::Approvers::two);
  set_key(c, "approval", "none");
  EXPECT_FALSE(c.approval.is_stated());
}

TEST(ConfigurationActions, WhatIsPrintedReadsBackTheSame) {
  Configuration c;
  set_key(c, "approval", "{retrain: two}");
  set_key(c, "act_when", "{beam_mode: [STABLE*, ADJUST], menu: v1}");
  set_key(c, "budget_per_day", "{rollback: 0, retrain: 7}");
  set_key(c, "expiry_h", "0.25");
  const auto value = [](const std::string& yaml, const std::string& key) {
    const auto from = yaml.find("\n" + key + ": ") + key.size() + 3;
    return yaml.substr(from, yaml.find('\n', from) - from);
  };
  Configuration back;
  for (const char* key : {"approval", "act_when", "budget_per_day", "expiry_h"}) {
    set_key(back, key, value(to_yaml(c), key));
  }
  EXPECT_EQ(to_yaml(back), to_yaml(c));
  EXPECT_EQ(back.act_when, c.act_when);
  EXPECT_EQ(back.approval, c.approval);
  EXPECT_EQ(
      back.budget_per_day,
      (alerting::BudgetPerDay{{ActionKind::retrain, 7}, {ActionKind::threshold_adjust, 4}, {ActionKind::rollback, 0}}));
  EXPECT_EQ(back.expiry_h, 0.25);
}

TEST(ConfigurationActions, RefusesNamingKeyAndExpectation) {
  const auto says = [](const char* text) { return testing::HasSubstr(text); };
  EXPECT_THAT(refusal("approval", "auto"), says("approval"));
  EXPECT_THAT(refusal("approval", "{retrain: three}"), says("'three'"));
  EXPECT_THAT(refusal("approval", "{retain: one}"), says("'retain'"));
  EXPECT_THAT(refusal("approval", "{rollback: auto}"), says("one or two"));
  EXPECT_THAT(refusal("approval", "{threshold-adjust: auto}"), says("one or two"));
  EXPECT_THAT(refusal("act_when", "[STABLE]"), says("act_when"));
  EXPECT_THAT(refusal("act_when", "{fill: [1]}"), says("'fill'"));
  EXPECT_THAT(refusal("budget_per_day", "{retrain: -1}"), says("whole number"));
  EXPECT_THAT(refusal("budget_per_day", "{notify: 1}"), says("'notify'"));
  EXPECT_THAT(refusal("expiry_h", "0"), says("a number from"));
  EXPECT_THAT(refusal("expiry_h", "-1"), says("a number from"));
  EXPECT_THAT(refusal("verify_ls", "0"), says("whole number"));
}

}  // namespace
}  // namespace vigil::app
