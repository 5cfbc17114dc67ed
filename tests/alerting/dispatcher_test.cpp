#include "alerting/dispatcher.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>

#include "alerting/sinks.h"
#include "core/error.h"
#include "dispatches.h"

namespace vigil::alerting {
namespace {

TEST(Dispatcher, DeliversInOrderOverZeroMq) {
  Receiver receiver(always_accepted());
  Journal journal(":memory:");
  Dispatcher dispatcher(journal, zeromq(receiver.endpoint(), 10000), fast());
  dispatcher.start();
  std::vector<std::string> ids;
  for (std::uint32_t ls = 20; ls > 0; --ls) {
    journal.commit(commit_of(ls));
    ids.push_back(test_action(ls).id);
    dispatcher.wake();
  }
  EXPECT_TRUE(eventually([&] { return journal.pending() == 0; }));
  EXPECT_EQ(receiver.received(), ids);
  EXPECT_EQ(journal.counts().delivered, 20u);
}

TEST(Dispatcher, TheNextActionWaitsForTheOneBeforeIt) {
  Journal journal(":memory:");
  const std::string first = test_action(1).id, second = test_action(2).id, third = test_action(3).id;
  auto sink = std::make_unique<ScriptedSink>("zeromq", [&](const std::string& id, std::size_t before) -> Sink::Answer {
    if (id == first && before < 4) return {Delivery::retry, "busy"};
    if (id == second) return {Delivery::refused, "no"};
    return {Delivery::delivered, ""};
  });
  const ScriptedSink& seen = *sink;
  Events events;
  Dispatcher dispatcher(journal, outlets(std::move(sink)), fast(), events.sink());
  for (const std::uint32_t ls : {1u, 2u, 3u}) journal.commit(commit_of(ls));
  dispatcher.start();
  EXPECT_TRUE(eventually([&] { return journal.pending() == 0; }));
  EXPECT_EQ(seen.sent(), (std::vector<std::string>{first, first, first, first, first, second, third}));
  EXPECT_EQ(delivery(journal, 0), DeliveryState::delivered);
  EXPECT_EQ(delivery(journal, 1), DeliveryState::rejected);
  EXPECT_EQ(delivery(journal, 2), DeliveryState::delivered);
  EXPECT_EQ(journal.actions()[0].attempts, 5u);
  dispatcher.stop(0);
  EXPECT_EQ(events.count(Kind::retry), 4u);
  EXPECT_EQ(events.count(Kind::rejected), 1u);
  EXPECT_EQ(events.count(Kind::delivered), 2u);
}

TEST(Dispatcher, ASinkThatFailsDoesNotHoldTheOthersUp) {
  Journal journal(":memory:");
  std::vector<Outlet> both =
      outlets(std::make_unique<ScriptedSink>("file",
                                             [](const std::string&, std::size_t) -> Sink::Answer {
                                               return {Delivery::delivered, ""};
                                             }),
              SendWhen::proposed);
  both.push_back(
      {std::make_unique<ScriptedSink>(
           "zeromq", [](const std::string&, std::size_t) -> Sink::Answer { throw std::runtime_error("broken"); }),
       {}});
  Dispatcher dispatcher(journal, std::move(both), fast());
  for (const std::uint32_t ls : {1u, 2u, 3u}) journal.commit(commit_of(ls));
  dispatcher.start();
  EXPECT_TRUE(eventually([&] { return journal.pending() == 3 && journal.actions()[0].attempts > 3; }));
  EXPECT_EQ(delivery(journal), DeliveryState::pending);
  EXPECT_EQ(journal.actions()[0].last_reason, "broken");
}

TEST(Dispatcher, BackOffIsFullJitterDoublingToItsCeiling) {
  Journal journal(":memory:");
  std::atomic<std::int64_t> now = 1'000'000 * kMs;
  DispatchSettings settings;
  settings.expiry_ms = 1ll << 40;
  settings.now_ns = [&] { return now.load(); };
  Events events;
  Dispatcher dispatcher(journal,
                        outlets(std::make_unique<ScriptedSink>("zeromq",
                                                               [](const std::string&, std::size_t) -> Sink::Answer {
                                                                 return {Delivery::retry, "no"};
                                                               })),
                        settings, events.sink());
  journal.commit(commit_of(1));
  dispatcher.start();
  const std::size_t kAttempts = 200;
  double over_half = 0;
  for (std::size_t k = 1; k <= kAttempts; ++k) {
    ASSERT_TRUE(eventually([&] { return events.all().size() == k; }));
    const DispatchEvent last = events.all().back();
    EXPECT_EQ(last.attempts, k);
    const std::int64_t delay = last.next_attempt_ns - now;
    const std::int64_t ceiling = k <= 9 ? (1000ll << (k - 1)) * kMs : 300'000 * kMs;
    EXPECT_GE(delay, 0);
    EXPECT_LE(delay, ceiling);
    over_half += delay > ceiling / 2 ? 1 : 0;
    // Not before its time.
    now = last.next_attempt_ns - 1;
    dispatcher.wake();
    if (k % 50 == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      EXPECT_EQ(events.all().size(), k);
    }
    now = last.next_attempt_ns;
    dispatcher.wake();
  }
  EXPECT_NEAR(over_half / kAttempts, 0.5, 0.15);
}

TEST(Dispatcher, AWallClockSetBackDoesNotHoldAnAction) {
  Journal journal(":memory:");
  std::atomic<std::int64_t> now = 10'000'000'000 * kMs;
  DispatchSettings settings;
  settings.now_ns = [&] { return now.load(); };
  Events events;
  Dispatcher dispatcher(
      journal,
      outlets(std::make_unique<ScriptedSink>("zeromq",
                                             [](const std::string&, std::size_t before) -> Sink::Answer {
                                               return {before == 0 ? Delivery::retry : Delivery::delivered, ""};
                                             })),
      settings, events.sink());
  journal.commit(commit_of(1));
  dispatcher.start();
  ASSERT_TRUE(eventually([&] { return events.count(Kind::retry) == 1; }));
  now = 1'000'000 * kMs;
  dispatcher.wake();
  EXPECT_TRUE(eventually([&] { return delivery(journal) == DeliveryState::delivered; }));
}

TEST(Dispatcher, WhatIsNotDeliveredInTimeExpiresVisibly) {
  Receiver silent([](const json&, std::size_t) { return std::nullopt; });
  Journal journal(":memory:");
  std::atomic<std::int64_t> now = 1'000'000 * kMs;
  DispatchSettings settings;
  settings.now_ns = [&] { return now.load(); };
  Events events;
  Dispatcher dispatcher(journal, zeromq(silent.endpoint(), 50), settings, events.sink());
  journal.commit(commit_of(1));
  dispatcher.start();
  ASSERT_TRUE(eventually([&] { return events.count(Kind::retry) > 0; }));
  EXPECT_EQ(delivery(journal), DeliveryState::pending);
  now += 24ll * 3600 * 1000 * kMs + 1;
  dispatcher.wake();
  EXPECT_TRUE(eventually([&] { return delivery(journal) == DeliveryState::expired; }));
  EXPECT_TRUE(eventually([&] { return events.count(Kind::expired) == 1; }));
  EXPECT_EQ(journal.audit_trail().back().verb, "expired");
}

TEST(Dispatcher, GoesOnAfterARestart) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  std::string endpoint;
  {
    Receiver receiver([](const json& event, std::size_t before) -> std::optional<std::string> {
      return before == 0 ? std::optional(accepted(event)) : std::nullopt;
    });
    endpoint = receiver.endpoint();
    Journal journal(file);
    Dispatcher dispatcher(journal, zeromq(endpoint, 100), fast());
    for (const std::uint32_t ls : {1u, 2u, 3u}) journal.commit(commit_of(ls));
    dispatcher.start();
    EXPECT_TRUE(eventually([&] { return journal.pending() == 2 && journal.actions()[1].attempts > 1; }));
  }
  Receiver receiver(always_accepted(), endpoint);
  Journal journal(file);
  Dispatcher dispatcher(journal, zeromq(endpoint, 10000), fast());
  dispatcher.start();
  EXPECT_TRUE(eventually([&] { return journal.pending() == 0; }));
  // The first was committed as delivered: it is not sent again.
  EXPECT_EQ(receiver.received(), (std::vector<std::string>{test_action(2).id, test_action(3).id}));
}

TEST(Dispatcher, StopTriesWhatIsDueWithinItsGrace) {
  Receiver receiver(always_accepted());
  Journal journal(":memory:");
  Dispatcher dispatcher(journal, zeromq(receiver.endpoint(), 10000), fast());
  dispatcher.start();
  for (std::uint32_t ls = 1; ls <= 5; ++ls) journal.commit(commit_of(ls));
  dispatcher.stop(5000);
  EXPECT_EQ(journal.pending(), 0u);
}

TEST(Dispatcher, StopIsBoundedByItsGraceWhateverTheReceiverDoes) {
  Receiver silent([](const json&, std::size_t) { return std::nullopt; });
  Journal journal(":memory:");
  Dispatcher dispatcher(journal, zeromq(silent.endpoint(), 60000), fast());
  dispatcher.start();
  journal.commit(commit_of(1));
  dispatcher.wake();
  ASSERT_TRUE(eventually([&] { return !silent.received().empty(); }));
  const auto before = std::chrono::steady_clock::now();
  dispatcher.stop(200);
  const auto took = std::chrono::steady_clock::now() - before;
  EXPECT_GE(took, std::chrono::milliseconds(190));
  EXPECT_LT(took, std::chrono::seconds(3));
  EXPECT_EQ(delivery(journal), DeliveryState::pending);
}

TEST(Dispatcher, TwoSinksOfOneNameAreRefused) {
  Journal journal(":memory:");
  const auto scripted = [] {
    return std::make_unique<ScriptedSink>("log", [](const std::string&, std::size_t) -> Sink::Answer { return {}; });
  };
  std::vector<Outlet> both = outlets(scripted());
  both.push_back({scripted(), {}});
  EXPECT_THROW(Dispatcher(journal, std::move(both)), Error);
}

// Ends a child process whatever the test comes to.
struct Ending {
  pid_t child;
  ~Ending() {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
};

// Twenty deaths by SIGKILL with a receiver that answers late, wrongly or not at all: no action lost, order kept, and
// none sent again once its delivery is committed.
TEST(Dispatcher, TwentySuddenDeaths) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  constexpr std::uint32_t kActions = 60;
  int port_pipe[2];
  ASSERT_EQ(::pipe(port_pipe), 0);
  // The receiver lives in its own process: this one forks, and must not own threads while it does.
  const pid_t pipeline = ::fork();
  if (pipeline == 0) {
    std::ofstream seen(folder / "received");
    Receiver receiver([&](const json& event, std::size_t before) -> std::optional<std::string> {
      seen << event.at("id").get<std::string>() << std::endl;
      if (before % 5 == 1) return std::nullopt;
      if (before % 5 == 2) std::this_thread::sleep_for(std::chrono::milliseconds(60));
      if (before % 5 == 3) return "no json";
      return accepted(event);
    });
    const std::string line = receiver.endpoint() + "\n";
    if (::write(port_pipe[1], line.data(), line.size()) < 0) ::_exit(1);
    ::pause();
  }
  const Ending ending{pipeline};
  { const Journal made(file); }  // a death before there is a journal leaves none to look into
  std::string endpoint;
  for (char c = 0; ::read(port_pipe[0], &c, 1) == 1 && c != '\n';) endpoint += c;

  const auto watch = [&](bool to_the_end) {
    Journal journal(file);
    Dispatcher dispatcher(journal, zeromq(endpoint, 30), fast());
    dispatcher.start();
    const std::string position = journal.position();
    for (std::uint32_t ls = position.empty() ? 1 : static_cast<std::uint32_t>(std::stoul(position)) + 1; ls <= kActions;
         ++ls) {
      journal.commit(commit_of(ls));
      dispatcher.wake();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (to_the_end) return eventually([&] { return journal.pending() == 0; });
    ::pause();
    return false;
  };
  std::set<std::string> committed;  // delivered according to the journal, before the next start
  std::size_t seen_before = 0;
  const auto received = [&] {
    std::vector<std::string> ids;
    std::ifstream seen(folder / "received");
    for (std::string id; std::getline(seen, id);) ids.push_back(id);
    return ids;
  };
  for (int death = 0; death < 20; ++death) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        (void)watch(false);
      } catch (...) {
      }
      ::_exit(1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(60 + 17 * (death % 7)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(80));  // what was under way at the receiver has arrived
    const auto ids = received();
    for (std::size_t i = seen_before; i < ids.size(); ++i)
      EXPECT_FALSE(committed.contains(ids[i])) << "sent again: " << ids[i];
    seen_before = ids.size();
    const JournalReader reader(file);
    ASSERT_EQ(reader.integrity(), "ok");
    for (const JournalAction& a : reader.actions()) {
      if (a.delivery == DeliveryState::delivered) committed.insert(a.id);
    }
  }
  EXPECT_TRUE(watch(true));
  const auto ids = received();
  for (std::size_t i = seen_before; i < ids.size(); ++i) EXPECT_FALSE(committed.contains(ids[i]));
  // First sightings are all actions, in order of creation.
  std::vector<std::string> first_seen, expected;
  for (const std::string& id : ids) {
    if (std::find(first_seen.begin(), first_seen.end(), id) == first_seen.end()) first_seen.push_back(id);
  }
  for (std::uint32_t ls = 1; ls <= kActions; ++ls) expected.push_back(test_action(ls).id);
  EXPECT_EQ(first_seen, expected);
  EXPECT_EQ(JournalReader(file).counts().delivered, kActions);
}

}  // namespace
}  // namespace vigil::alerting
