// A journal with a desk on it, and actions at every stage. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "alerting/desk_actions.h"
#include "journals.h"

namespace vigil::alerting {

using OJson = nlohmann::ordered_json;

inline Action action_of(ActionKind kind, std::uint32_t ls = 20, const std::string& subject = {}) {
  Action a = test_action(ls);
  a.kind = kind;
  a.cause = kind == ActionKind::threshold_adjust ? Cause::rate : Cause::conditions;
  a.subject = subject;
  a.proposal = Retrain{1, ls, 1, ls, {"score"}};
  if (kind == ActionKind::threshold_adjust)
    a.proposal = ThresholdProposal{"L1_A", 40, 44, 100, 150, {95, 99, 103}, 1, {}};
  if (kind == ActionKind::rollback) a.proposal = Rollback{a.model_hash, std::string(64, 'b'), {"score"}};
  a.id = action_id(a.model_hash, a.stream, a.kind, a.cause, a.subject, a.run, a.last_ls);
  return a;
}

inline Commit commit_with(const Action& action) {
  Commit c;
  c.rows.push_back(test_row(JournalRow::Table::lumisection, action.last_ls));
  c.actions.push_back(action_row(action));
  return c;
}

class DeskTest : public ::testing::Test {
 protected:
  DeskTest() {
    LifeCycleRules rules;
    rules.approval = ApprovalRules::stated();
    journal.set_rules(rules);
    use_sinks("http://a");
    DeskSettings settings;
    settings.models = {{"axol1tl", std::string(64, 'a')}};
    settings.now_ns = [this] { return ++now; };
    desk = make_desk(journal, settings);
    beside = make_desk(file, settings);
  }

  void use_sinks(const std::string& url, bool status = false) {
    const auto render = [url](const std::string& name) {
      return [url, name](const OutgoingAction& a) { return RenderedRequest{name, "POST", url, "text/plain", a.id}; };
    };
    Routing routing;
    routing.status = status;
    journal.set_sinks({{"file", {SendWhen::proposed, {}, {}}},
                       {"first", routing, render("first"), "webhook"},
                       {"second", {}, render("second"), "mlflow"}});
  }

  std::string propose(ActionKind kind, std::uint32_t ls = 20, const std::string& subject = {}) {
    const Action a = action_of(kind, ls, subject);
    journal.commit(commit_with(a));
    return a.id;
  }
  OJson show(const std::string& id) { return desk->show(id).body; }
  std::string state(const std::string& id) { return show(id).value("state", "none"); }

  // "200", or "409 name".
  static std::string text(const DeskAnswer& answer) {
    return std::to_string(answer.status) + (answer.problem ? " " + answer.problem->name : "");
  }
  std::string act(const std::string& id, const std::string& verb, const OJson& body = OJson::object(),
                  const std::string& actor = "anna") {
    const DeskAnswer answer = desk->act({actor, true, true, true}, id, verb, body);
    EXPECT_EQ(answer.problem && answer.status == 409, answer.problem && answer.problem->state.has_value());
    return text(answer);
  }
  std::string approve(const std::string& id, const std::string& actor) {
    return act(id, "approve", {{"sha256", show(id)["request_sha256"]}}, actor);
  }
  bool begin(const std::string& id, const std::string& sink) {
    const auto head = head_of(journal, sink, ++now);
    return head && head->action.id == id && journal.begin_attempt(id, sink, ++now);
  }
  // `done`: the sink says that all of it is done, as mlflow's does of a rollback.
  void deliver(const std::string& id, const std::string& sink, Delivery delivery = Delivery::delivered,
               bool done = false) {
    ASSERT_TRUE(begin(id, sink));
    Attempt attempt{id, sink, delivery, "as told", ++now, 0};
    attempt.done = done;
    journal.record_attempt(attempt);
  }

  TemporaryFolder folder;
  std::string file = folder / "vigil.db";
  std::int64_t now = 1'700'000'000'000'000'000;
  Journal journal{file};
  std::unique_ptr<Desk> desk, beside;
};

}  // namespace vigil::alerting
