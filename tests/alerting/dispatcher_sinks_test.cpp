// The dispatcher's sinks beside one another, and what people reject meanwhile.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "alerting/dispatcher.h"
#include "core/error.h"
#include "dispatches.h"
#include "persons.h"

namespace vigil::alerting {
namespace {

std::unique_ptr<Sink> file_sink(const std::string& path) {
  SinkSettings s;
  s.type = "file";
  s.own = {{"path", path}};
  return make_sink(s);
}
std::size_t lines_of(const std::string& path) {
  std::ifstream file(path);
  std::size_t n = 0;
  for (std::string line; std::getline(file, line);) ++n;
  return n;
}

TEST(Dispatcher, ASilentReceiverDelaysNeitherTheFileNorACommit) {
  Receiver silent([](const json&, std::size_t) { return std::nullopt; });
  TemporaryFolder folder;
  Journal journal(folder / "vigil.db");
  std::vector<Outlet> both = zeromq(silent.endpoint(), 60000);
  both.push_back({file_sink(folder / "actions.jsonl"), {SendWhen::proposed, {}, {}}});
  Dispatcher dispatcher(journal, std::move(both), fast());
  dispatcher.start();
  journal.commit(commit_of(1));
  dispatcher.wake();
  ASSERT_TRUE(eventually([&] { return silent.received().size() == 1; }));
  const auto before = std::chrono::steady_clock::now();
  for (std::uint32_t ls = 2; ls <= 20; ++ls) {
    journal.commit(commit_of(ls));
    dispatcher.wake();
  }
  EXPECT_TRUE(eventually([&] { return lines_of(folder / "actions.jsonl") == 20; }));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  EXPECT_EQ(silent.received().size(), 1u);
  EXPECT_EQ(delivery(journal), DeliveryState::pending);
  dispatcher.stop(0);
}

TEST(Dispatcher, TwoPipelinesAtTheirOwnPace) {
  Receiver silent([](const json&, std::size_t) { return std::nullopt; });
  Receiver prompt(always_accepted());
  Journal journal(":memory:");
  std::vector<Outlet> both = zeromq(silent.endpoint(), 60000);
  SinkSettings second;
  second.type = "zeromq";
  second.name = "second";
  second.own = {{"endpoint", prompt.endpoint()}};
  both.push_back({make_sink(second), {}});
  Dispatcher dispatcher(journal, std::move(both), fast());
  for (std::uint32_t ls = 1; ls <= 5; ++ls) journal.commit(commit_of(ls));
  dispatcher.start();
  EXPECT_TRUE(eventually([&] { return journal.counts().delivered == 5; }));
  EXPECT_EQ(journal.pending(), 5u);  // of the silent one
  for (const JournalAction& a : journal.actions()) EXPECT_EQ(a.state, ActionState::dispatched);
}

TEST(Dispatcher, WhatAPersonRejectsIsNotSent) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  std::atomic<bool> patient = false;
  Receiver receiver([&](const json& event, std::size_t) -> std::optional<std::string> {
    return patient ? std::optional(accepted(event)) : std::nullopt;
  });
  Journal journal(file);
  Dispatcher dispatcher(journal, zeromq(receiver.endpoint(), 100), fast());
  for (const std::uint32_t ls : {1u, 2u, 3u}) journal.commit(commit_of(ls));
  dispatcher.start();
  ASSERT_TRUE(eventually([&] { return !receiver.received().empty(); }));
  const auto reject = [&](std::uint32_t ls) {
    return act_on_action(
        file, {.at_ns = 1, .actor = "anna", .verb = "reject", .action_id = test_action(ls).id, .reason = ""});
  };
  EXPECT_EQ(reject(2), ActionState::rejected);
  EXPECT_THROW((void)reject(1), Error);  // the receiver may have it
  patient = true;
  EXPECT_TRUE(eventually([&] { return journal.pending() == 0; }));
  const auto ids = receiver.received();
  EXPECT_EQ(std::count(ids.begin(), ids.end(), test_action(2).id), 0);
  EXPECT_EQ(ids.back(), test_action(3).id);
  EXPECT_EQ(journal.counts().delivered, 2u);
  EXPECT_EQ(journal.counts().rejected, 1u);
}

TEST(Dispatcher, WhatNeverFoundAConnectionCanBeRejected) {
  TemporaryFolder folder;
  const std::string file = folder / "vigil.db";
  std::string endpoint;
  {
    Receiver gone(always_accepted());
    endpoint = gone.endpoint();
  }
  Journal journal(file);
  Dispatcher dispatcher(journal, zeromq(endpoint, 50), fast());
  for (const std::uint32_t ls : {1u, 2u}) journal.commit(commit_of(ls));
  dispatcher.start();
  ASSERT_TRUE(eventually([&] { return journal.actions()[0].attempts > 2; }));
  EXPECT_EQ(act_on_action(
                file, {.at_ns = 1, .actor = "anna", .verb = "reject", .action_id = test_action(1).id, .reason = ""}),
            ActionState::rejected);
  Receiver receiver(always_accepted(), endpoint);
  EXPECT_TRUE(eventually([&] { return delivery(journal, 1) == DeliveryState::delivered; }));
  EXPECT_EQ(receiver.received(), std::vector<std::string>{test_action(2).id});
}

}  // namespace
}  // namespace vigil::alerting
