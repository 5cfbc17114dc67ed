#include "alerting/life_cycle.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace vigil::alerting {
namespace {

using S = ActionState;
using R = Role;

// The table of actions.md section 2 as it stands there: states, who, and on what condition.
struct Row {
  std::vector<S> from;
  S to;
  std::vector<R> by;
  bool (*condition)(ActionFacts) = [](ActionFacts) { return true; };
};
const std::vector<Row>& contract() {
  static const auto not_sent = [](ActionFacts f) { return !f.sent; };
  static const auto sent = [](ActionFacts f) { return f.sent; };
  static const std::vector<Row> rows = {
      {{S::proposed}, S::approved, {R::vigil}},
      {{S::proposed}, S::rejected, {R::expert}},
      {{S::approved}, S::rejected, {R::expert}, not_sent},
      {{S::proposed, S::approved}, S::expired, {R::vigil}},
      {{S::proposed}, S::superseded, {R::vigil}},
      {{S::approved}, S::proposed, {R::vigil}, not_sent},
      {{S::approved}, S::dispatched, {R::vigil}},
      {{S::approved}, S::failed, {R::vigil}},
      {{S::approved}, S::accepted, {R::pipeline, R::vigil}, sent},
      {{S::dispatched}, S::accepted, {R::pipeline, R::vigil}},
      {{S::approved}, S::running, {R::pipeline, R::vigil}, sent},
      {{S::dispatched, S::accepted}, S::running, {R::pipeline, R::vigil}},
      {{S::approved}, S::succeeded, {R::pipeline, R::vigil}, sent},
      {{S::approved}, S::failed, {R::pipeline}, sent},
      {{S::dispatched, S::accepted, S::running}, S::succeeded, {R::pipeline, R::vigil}},
      {{S::dispatched, S::accepted, S::running}, S::failed, {R::pipeline, R::vigil}},
      {{S::failed}, S::approved, {R::expert}, [](ActionFacts f) { return !f.delivered; }},
      {{S::succeeded}, S::verified, {R::vigil}},
      {{S::succeeded}, S::reverted, {R::vigil}},
  };
  return rows;
}

bool allowed(S from, S to, R by, ActionFacts facts) {
  for (const Row& row : contract()) {
    if (row.to == to && std::count(row.from.begin(), row.from.end(), from) > 0 &&
        std::count(row.by.begin(), row.by.end(), by) > 0 && row.condition(facts)) {
      return true;
    }
  }
  return false;
}

template <class Body>
void for_every(Body&& body) {
  for (std::size_t s = 0; s < kActionStates; ++s) {
    for (std::size_t r = 0; r < kRoles; ++r) {
      for (const bool sent : {false, true}) {
        for (const bool delivered : {false, true}) {
          body(static_cast<S>(s), static_cast<R>(r), ActionFacts{sent, delivered});
        }
      }
    }
  }
}

TEST(LifeCycle, NothingButTheTablesTransitionsEverHappens) {
  std::size_t happened = 0;
  for_every([&](S state, R by, ActionFacts facts) {
    std::set<S> reached;
    for (std::size_t v = 0; v < kVerbs; ++v) {
      const auto to = next_state(state, static_cast<Verb>(v), by, facts);
      if (!to) continue;
      ++happened;
      EXPECT_TRUE(allowed(state, *to, by, facts)) << to_string(state) << " -> " << to_string(*to) << " by "
                                                  << to_string(by) << ", verb " << to_string(static_cast<Verb>(v));
      EXPECT_TRUE(reached.insert(*to).second) << "two verbs for one transition from " << to_string(state);
    }
    // And every one of the table's is there.
    for (std::size_t t = 0; t < kActionStates; ++t) {
      EXPECT_EQ(reached.contains(static_cast<S>(t)), allowed(state, static_cast<S>(t), by, facts))
          << to_string(state) << " -> " << to_string(static_cast<S>(t)) << " by " << to_string(by);
    }
  });
  EXPECT_GT(happened, 60u);
}

TEST(LifeCycle, AVerbLeadsToOneStateOnly) {
  std::set<std::pair<Verb, S>> pairs;
  for (const Transition& t : transitions()) pairs.insert({t.verb, t.to});
  EXPECT_EQ(pairs.size(), kVerbs);
}

TEST(LifeCycle, FinalStatesAreThoseOfTheTable) {
  const std::set<S> expected{S::rejected, S::expired, S::superseded, S::verified, S::reverted};
  for (std::size_t s = 0; s < kActionStates; ++s) {
    EXPECT_EQ(is_final(static_cast<S>(s)), expected.contains(static_cast<S>(s))) << to_string(static_cast<S>(s));
  }
}

TEST(LifeCycle, NamesReadBack) {
  for (std::size_t s = 0; s < kActionStates; ++s) {
    EXPECT_EQ(action_state(to_string(static_cast<S>(s))), static_cast<S>(s));
  }
  for (int d = 0; d < 4; ++d) {
    EXPECT_EQ(delivery_state(to_string(static_cast<DeliveryState>(d))), static_cast<DeliveryState>(d));
  }
  EXPECT_FALSE(action_state("done"));
  EXPECT_FALSE(delivery_state("sent"));
}

TEST(LifeCycle, WhatMayBeSentAndToWhom) {
  const std::set<S> to_nobody{S::rejected, S::expired, S::superseded};
  const std::set<S> to_people_only{S::proposed, S::failed};
  for (std::size_t i = 0; i < kActionStates; ++i) {
    const S state = static_cast<S>(i);
    EXPECT_EQ(may_send(state, SendWhen::proposed), !to_nobody.contains(state)) << to_string(state);
    EXPECT_EQ(may_send(state, SendWhen::approved), !to_nobody.contains(state) && !to_people_only.contains(state))
        << to_string(state);
  }
}

TEST(LifeCycle, DeliveryIsWhatThePipelinesMadeOfIt) {
  using D = DeliveryState;
  const Entries waiting{true, {}, D::delivered};
  EXPECT_EQ(delivery_of(S::proposed, waiting), D::pending);
  EXPECT_EQ(delivery_of(S::approved, waiting), D::pending);
  EXPECT_EQ(delivery_of(S::rejected, waiting), D::rejected);
  EXPECT_EQ(delivery_of(S::failed, waiting), D::rejected);
  EXPECT_EQ(delivery_of(S::expired, waiting), D::expired);
  EXPECT_EQ(delivery_of(S::superseded, waiting), D::expired);
  EXPECT_EQ(delivery_of(S::running, waiting), D::delivered);  // it cannot run what it does not have
  // What a pipeline has it has, whatever came of it.
  for (std::size_t s = 0; s < kActionStates; ++s) {
    EXPECT_EQ(delivery_of(static_cast<S>(s), {true, {true, true}, std::nullopt}), D::delivered);
  }
  // Without a pipeline: what the other sinks have; without any: nobody has it.
  EXPECT_EQ(delivery_of(S::approved, {false, {}, D::delivered}), D::delivered);
  EXPECT_EQ(delivery_of(S::approved, {false, {}, D::pending}), D::pending);
  EXPECT_EQ(delivery_of(S::expired, {false, {}, D::delivered}), D::delivered);
  EXPECT_EQ(delivery_of(S::proposed, {}), D::pending);
  EXPECT_EQ(delivery_of(S::rejected, {}), D::rejected);
}

}  // namespace
}  // namespace vigil::alerting
