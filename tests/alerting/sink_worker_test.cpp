// How a worker drives its sink: order by model, what may be done, breaker, lower bounds, dry runs, people told again.
#include "alerting/sink_worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "dispatches.h"

namespace vigil::alerting {
namespace {

using Answer = Sink::Answer;

Action of_model(const std::string& model, std::uint32_t ls) {
  Action action = test_action(ls);
  action.model = model;
  action.model_hash = std::string(64, model.front());
  action.id = action_id(action.model_hash, action.stream, action.kind, action.cause, action.subject, action.run,
                        action.last_ls);
  return action;
}
void commit(Journal& journal, const Action& action) {
  Commit commit;
  commit.actions.push_back(action_row(action));
  journal.commit(commit);
}
std::vector<Outlet> with(std::unique_ptr<Sink> sink, Pacing pacing, SendWhen when = SendWhen::approved) {
  std::vector<Outlet> all;
  all.push_back({std::move(sink), {when, {}, {}}, pacing});
  return all;
}

// A clock that tests move.
struct Clock {
  std::atomic<std::int64_t> now = 1'000'000 * kMs;
  DispatchSettings settings() {
    DispatchSettings s;
    s.first_back_off_ms = 0;
    s.now_ns = [this] { return now.load(); };
    return s;
  }
};

TEST(SinkWorker, AModelThatIsRefusedForNowHoldsUpNoOther) {
  Journal journal(":memory:");
  const std::string stuck = of_model("axol1tl", 1).id;
  auto sink = std::make_unique<ScriptedSink>("s", [&](const std::string& id, std::size_t) -> Answer {
    return {id == stuck ? Delivery::retry : Delivery::delivered, ""};
  });
  const ScriptedSink& seen = *sink;
  Dispatcher dispatcher(journal, with(std::move(sink), {}), fast());
  for (const char* model : {"axol1tl", "cicada"}) {
    for (const std::uint32_t ls : {1u, 2u}) commit(journal, of_model(model, ls));
  }
  dispatcher.start();
  EXPECT_TRUE(eventually([&] { return journal.counts().delivered == 2; }));
  const auto sent = seen.sent();
  EXPECT_EQ(std::count(sent.begin(), sent.end(), of_model("axol1tl", 2).id), 0) << "behind the one before it";
  EXPECT_EQ(journal.pending(), 2u);
}

TEST(SinkWorker, WhatAReceiverAsksForIsALowerBoundAboveTheCeilingToo) {
  Clock clock;
  Journal journal(":memory:");
  Events events;
  auto sink = std::make_unique<ScriptedSink>("s", [](const std::string&, std::size_t before) {
    Answer answer;
    answer.delivery = before == 0 ? Delivery::retry : Delivery::delivered;
    answer.not_before_ms = 400'000;
    return answer;
  });
  Dispatcher dispatcher(journal, with(std::move(sink), {}), clock.settings(), events.sink());
  journal.commit(commit_of(1));
  dispatcher.start();
  ASSERT_TRUE(eventually([&] { return events.count(Kind::retry) == 1; }));
  EXPECT_EQ(events.all()[0].next_attempt_ns, clock.now + 400'000 * kMs);
  clock.now += 399'999 * kMs;
  dispatcher.wake();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(events.count(Kind::delivered), 0u);
  clock.now += kMs;
  dispatcher.wake();
  EXPECT_TRUE(eventually([&] { return events.count(Kind::delivered) == 1; }));
}

TEST(SinkWorker, TheBreakerOpensAfterFailuresInARowAndLetsOneProbeThrough) {
  Clock clock;
  Journal journal(":memory:");
  Events events;
  std::atomic<bool> up = false;
  auto sink = std::make_unique<ScriptedSink>("s", [&](const std::string&, std::size_t before) -> Answer {
    return {up ? Delivery::delivered : before % 2 == 0 ? Delivery::retry : Delivery::maybe_done, "down"};
  });
  const ScriptedSink& seen = *sink;
  Pacing pacing;
  pacing.breaker_failures = 3;
  pacing.breaker_open_ms = 60'000;
  pacing.longest_back_off_ms = 0;
  Dispatcher dispatcher(journal, with(std::move(sink), pacing), clock.settings(), events.sink());
  journal.commit(commit_of(1));
  dispatcher.start();
  ASSERT_TRUE(eventually([&] { return seen.sent().size() == 3; }));
  ASSERT_TRUE(eventually([&] { return dispatcher.health()[0].state == SinkHealth::State::broken; }));
  EXPECT_EQ(dispatcher.health()[0].reason, "down");
  for (int probe = 4; probe < 7; ++probe) {
    clock.now += 59'999 * kMs;
    dispatcher.wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_EQ(seen.sent().size(), static_cast<std::size_t>(probe - 1));
    clock.now += 1 * kMs;
    dispatcher.wake();
    EXPECT_TRUE(eventually([&] { return seen.sent().size() == static_cast<std::size_t>(probe); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_EQ(seen.sent().size(), static_cast<std::size_t>(probe)) << "one probe";
  }
  up = true;
  clock.now += 60'000 * kMs;
  dispatcher.wake();
  EXPECT_TRUE(eventually([&] { return journal.pending() == 0; }));
  EXPECT_TRUE(eventually([&] { return dispatcher.health()[0].state == SinkHealth::State::ok; }));
}

TEST(SinkWorker, WhatAskedToBeLeftAloneIsUntilARestart) {
  Journal journal(":memory:");
  const auto script = [](const std::string&, std::size_t) {
    Answer answer{Delivery::refused, "HTTP 410"};
    answer.stop = true;
    return answer;
  };
  auto sink = std::make_unique<ScriptedSink>("s", script);
  const ScriptedSink& seen = *sink;
  Dispatcher dispatcher(journal, with(std::move(sink), {}), fast());
  for (const std::uint32_t ls : {1u, 2u}) journal.commit(commit_of(ls));
  dispatcher.start();
  ASSERT_TRUE(eventually([&] { return dispatcher.health()[0].state == SinkHealth::State::stopped; }));
  dispatcher.wake();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(seen.sent().size(), 1u);
  EXPECT_EQ(delivery(journal, 0), DeliveryState::rejected);
  EXPECT_EQ(delivery(journal, 1), DeliveryState::pending);
  EXPECT_EQ(dispatcher.health()[0].reason, "HTTP 410");
}

TEST(SinkWorker, ADryRunRecordsAndSendsNothing) {
  Journal journal(":memory:");
  auto sink = std::make_unique<ScriptedSink>("s", [](const std::string&, std::size_t) -> Answer { return {}; });
  const ScriptedSink& seen = *sink;
  Pacing pacing;
  pacing.dry_run = true;
  Events events;
  Dispatcher dispatcher(journal, with(std::move(sink), pacing), fast(), events.sink());
  journal.commit(commit_of(1));
  dispatcher.start();
  ASSERT_TRUE(eventually([&] { return journal.pending() == 0; }));
  EXPECT_EQ(delivery(journal), DeliveryState::delivered);
  EXPECT_EQ(journal.actions()[0].last_reason, "dry run");
  EXPECT_TRUE(seen.sent().empty());
}

// A sink that can look; counts what it was asked.
class LookingSink : public ScriptedSink {
 public:
  LookingSink(std::function<Answer(const std::string&, std::size_t)> script, std::function<Answer(int)> look)
      : ScriptedSink("s", std::move(script)), look_(std::move(look)) {}
  std::optional<Answer> look_up(const OutgoingAction&) override { return look_(looks++); }
  std::atomic<int> looks = 0;

 private:
  std::function<Answer(int)> look_;
};

TEST(SinkWorker, NothingIsSentUntilALookSucceededAndNotBeforeItSettled) {
  Clock clock;
  Journal journal(":memory:");
  Events events;
  auto sink = std::make_unique<LookingSink>(
      [](const std::string&, std::size_t before) -> Answer {
        return {before == 0 ? Delivery::maybe_done : Delivery::delivered, "torn"};
      },
      [](int looks) -> Answer {
        return {looks < 3 ? Delivery::retry : Delivery::refused, "no look"};
      });
  const LookingSink& seen = *sink;
  Pacing pacing;
  pacing.settle_ms = 30'000;
  pacing.longest_back_off_ms = 0;
  Dispatcher dispatcher(journal, with(std::move(sink), pacing), clock.settings(), events.sink());
  journal.commit(commit_of(1));
  dispatcher.start();
  ASSERT_TRUE(eventually([&] { return events.count(Kind::retry) == 1; }));
  clock.now += 29'999 * kMs;
  dispatcher.wake();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_EQ(seen.looks, 0);
  clock.now += kMs;
  dispatcher.wake();
  EXPECT_TRUE(eventually([&] { return journal.pending() == 0; }));
  EXPECT_EQ(seen.looks, 4);
  EXPECT_EQ(seen.sent().size(), 2u);
}

// Remembers what it was told.
class TellingSink : public RepeatingSink {
 public:
  std::string name() const override { return "t"; }
  RenderedRequest render(const OutgoingAction&) const override { return {}; }
  void abandon() override {}
  std::int64_t repeat_ms() const override { return 60'000; }
  std::int64_t linger_ms() const override { return 300'000; }
  Answer send(const OutgoingAction&, const Begin&) override { return {}; }
  Answer tell(const std::vector<OpenAlert>& alerts, std::int64_t, const Begin& begin) override {
    if (begin && !begin()) return {};
    std::lock_guard lock(mutex_);
    told_.push_back(alerts);
    return {Delivery::delivered, ""};
  }
  std::vector<std::vector<OpenAlert>> told() const {
    std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::vector<OpenAlert>> told_;
};

TEST(SinkWorker, PeopleAreToldAgainUntilItEndedAndAWhileAfter) {
  Clock clock;
  const std::int64_t start = clock.now;
  Journal journal(":memory:");
  std::atomic<bool> shelved = false;
  DispatchSettings settings = clock.settings();
  settings.expiry_ms = 1ll << 40;
  settings.is_shelved = [&](const OutgoingAction&) { return shelved.load(); };
  auto sink = std::make_unique<TellingSink>();
  const TellingSink& seen = *sink;
  auto dispatcher = std::make_unique<Dispatcher>(journal, with(std::move(sink), {}, SendWhen::proposed), settings);
  journal.commit(commit_of(1));
  dispatcher->start();
  const auto told = [&](std::size_t n) {
    dispatcher->wake();
    return eventually([&] { return seen.told().size() >= n; });
  };
  const auto newest = [&] { return seen.told().back().at(0); };
  ASSERT_TRUE(told(2));  // when it was delivered, and as what goes on
  EXPECT_EQ(newest().starts_ns, start);
  EXPECT_EQ(newest().ended_ns, 0);
  clock.now += 60'000 * kMs;
  ASSERT_TRUE(told(3));
  EXPECT_EQ(newest().starts_ns, start);
  shelved = true;  // as if ended, at once
  ASSERT_TRUE(told(4));
  EXPECT_EQ(newest().ended_ns, clock.now.load());
  clock.now += 400'000 * kMs;
  dispatcher->wake();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(seen.told().size(), 4u);
  shelved = false;
  ASSERT_TRUE(told(5));
  EXPECT_EQ(newest().ended_ns, 0);
  EXPECT_EQ(newest().starts_ns, start);
  Commit end;
  end.closed_action_ids = {test_action(1).id};
  journal.commit(end);
  ASSERT_TRUE(told(6));
  const std::int64_t ended = clock.now;
  EXPECT_EQ(newest().ended_ns, ended);
  clock.now += 60'000 * kMs;
  ASSERT_TRUE(told(7));
  EXPECT_EQ(newest().ended_ns, ended);
  dispatcher.reset();
  // A restart: all that is open, or ended within the while, is told anew.
  auto again = std::make_unique<TellingSink>();
  const TellingSink& after = *again;
  Dispatcher restarted(journal, with(std::move(again), {}, SendWhen::proposed), settings);
  restarted.start();
  ASSERT_TRUE(eventually([&] { return after.told().size() == 1; }));
  EXPECT_EQ(after.told()[0].at(0).starts_ns, start);
  EXPECT_EQ(after.told()[0].at(0).ended_ns, ended);
  clock.now += 300'000 * kMs;
  restarted.wake();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(after.told().size(), 1u) << "it is over";
}

}  // namespace
}  // namespace vigil::alerting
