// State changes at the sinks that asked for them.
#include "alerting/status_outbox.h"

#include "core/digest.h"
#include "desks.h"

namespace vigil::alerting {
namespace {

using K = ActionKind;

class StatusOutbox : public DeskTest {
 protected:
  StatusOutbox() { use_sinks("http://a", true); }
  // Everything `first` gets, delivered at once; types of the events.
  std::vector<nlohmann::json> drain() {
    std::vector<nlohmann::json> events;
    while (const auto head = head_of(journal, "first", ++now)) {
      EXPECT_TRUE(journal.begin_attempt(head->action.id, "first", ++now));
      events.push_back(nlohmann::json::parse(head->action.cloudevent));
      journal.record_attempt(head->action.id, "first", Delivery::delivered, "", ++now, 0);
    }
    return events;
  }
};

TEST_F(StatusOutbox, EveryChangeIsTold) {
  const std::string id = propose(K::retrain);
  EXPECT_TRUE(drain().empty());
  ASSERT_EQ(beside->act({"anna", true, true, true}, id, "approve", {{"sha256", show(id)["request_sha256"]}}).status,
            200);
  auto events = drain();
  ASSERT_EQ(events.size(), 3u);  // the proposal, approved, dispatched
  EXPECT_EQ(events[0]["id"], id);
  ASSERT_EQ(act(id, "claim", {{"run", "r"}, {"url", "http://job"}}), "200");
  ASSERT_EQ(act(id, "status", {{"state", "succeeded"}, {"reason", "done"}}), "200");
  for (const auto& event : drain()) events.push_back(event);
  ASSERT_EQ(events.size(), 5u);
  std::string from = "proposed";
  const OJson history = show(id)["history"];
  for (int n = 1; n <= 4; ++n) {
    const auto& event = events[static_cast<std::size_t>(n)];
    const auto& data = event["data"];
    EXPECT_EQ(event["id"], uuid5(kUrlNamespace, "vigil:status:1:" + id + ":" + std::to_string(n)));
    EXPECT_EQ(data["n"], n);
    EXPECT_EQ(data["from"], from);
    from = data["to"];
    bool in_history = false;
    for (const auto& row : history) in_history |= row["hash"] == data["audit"] && row["verb"] == data["to"];
    EXPECT_TRUE(in_history) << data;
    EXPECT_EQ(event["correlationid"], events[0]["correlationid"]);
  }
  EXPECT_EQ(from, "succeeded");
  EXPECT_EQ(events[4]["data"]["run"], "r");
  EXPECT_EQ(events[4]["data"]["url"], "http://job");
  EXPECT_EQ(journal.pending(), 2u);  // of `file` and of `second`, who asked for no changes
}

TEST_F(StatusOutbox, OfKindsAndModelsThatTheSinkTakes) {
  Routing routing;
  routing.status = true;
  routing.kinds = {K::notify};
  journal.set_sinks({{"first", routing}});
  const std::string id = propose(K::retrain);
  ASSERT_EQ(act(id, "reject", {{"reason", "no"}}), "200");
  EXPECT_TRUE(drain().empty());
}

TEST_F(StatusOutbox, RefusedAndExpiredEnd) {
  const std::string id = propose(K::retrain);
  ASSERT_EQ(act(id, "reject", {{"reason", "no"}}), "200");
  const auto head = head_of(journal, "first", ++now);
  ASSERT_TRUE(head);
  ASSERT_TRUE(journal.begin_attempt(head->action.id, "first", ++now));
  journal.record_attempt(head->action.id, "first", Delivery::retry, "busy", now, now + 5);
  EXPECT_EQ(head_of(journal, "first", now)->attempts, 1u);
  EXPECT_EQ(head_of(journal, "first", now)->next_attempt_ns, now + 5);
  const auto expired = journal.expire(now + 1'000'000, 1000);
  EXPECT_TRUE(std::any_of(expired.begin(), expired.end(), [&](const Expired& e) { return e.id == head->action.id; }));
  EXPECT_FALSE(head_of(journal, "first", now));
  EXPECT_TRUE(JournalReader(file).verify_audit({}).ok);
}

}  // namespace
}  // namespace vigil::alerting
