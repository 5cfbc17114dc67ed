#include "alerting/templates.h"

#include <gtest/gtest.h>

#include "journals.h"

namespace vigil::alerting {
namespace {

TEST(Templates, EveryNameIsFilledIn) {
  OutgoingAction action = action_row(test_action(7)).outgoing;
  action.dataset = "/data/x";
  action.dataset_sha256 = "abc";
  const ActionText text(action);
  EXPECT_EQ(filled("${id}", text), action.id);
  EXPECT_EQ(filled("${kind} ${model} ${model_hash} ${stream} ${cause}", text),
            "notify axol1tl " + std::string(64, 'a') + " scouting input");
  EXPECT_EQ(filled("${subject}: ${reason} in ${run}/${first_ls}-${last_ls}", text),
            "input/x[0]: input/x[0] is dead in 1/7-7");
  EXPECT_EQ(filled("${event}", text), action.cloudevent);
  EXPECT_EQ(filled("${dataset}@${dataset_sha256}", text), "/data/x@abc");
  EXPECT_EQ(text.first_monitor, "input/x[0]");
}

TEST(Templates, DollarsAndPlainText) {
  const ActionText text(action_row(test_action(7)).outgoing);
  EXPECT_EQ(filled("", text), "");
  EXPECT_EQ(filled("cost: 5$$, $x, $", text), "cost: 5$, $x, $");
  EXPECT_EQ(filled("$${id}", text), "${id}");
  EXPECT_EQ(filled("$$${run}", text), "$1");
}

TEST(Templates, WhatIsUnknownIsNamed) {
  EXPECT_EQ(template_problem("${id} ${event}"), "");
  EXPECT_EQ(template_problem("$${nothing}"), "");
  EXPECT_EQ(template_problem("${ID}"), "unknown ${ID}");
  EXPECT_EQ(template_problem("${}"), "unknown ${}");
  EXPECT_EQ(template_problem("${id"), "a ${ without its }");
}

}  // namespace
}  // namespace vigil::alerting
