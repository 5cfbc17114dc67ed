// Kubeflow Pipelines, GitLab and Argo Workflows, each on a server that refuses what the real one refuses and misbehaves
// as told: whatever happens, an action has its effect once.
#include <gtest/gtest.h>

#include "alerting/sinks.h"
#include "servers.h"

namespace vigil::alerting {
namespace {

constexpr const char* kPipeline = "11111111-1111-4111-8111-111111111111";
constexpr const char* kVersion = "22222222-2222-4222-8222-222222222222";

struct Kind {
  const char* name;
  const char* made;  // what its state counts
};
constexpr Kind kKinds[] = {{"kubeflow", "workflows"}, {"gitlab", "pipelines"}, {"argo", "workflows"}};

SinkSettings settings_of(const std::string& type, const std::string& url, const TemporaryFolder& folder,
                         bool with_api_token = true) {
  SinkSettings s;
  s.type = type;
  s.own = {{"url", url}, {"timeout_ms", "500"}};
  if (type == "kubeflow") {
    s.own["pipeline_id"] = kPipeline;
    s.own["pipeline_version_id"] = kVersion;
    s.own["token_file"] = secret_file(folder, "token", "kfp-s3cret");
  } else if (type == "gitlab") {
    s.own["project"] = "l1t/vigil-retrain";
    s.own["ref"] = "main";
    s.own["token_file"] = secret_file(folder, "token", "glptt-test-trigger");
    if (with_api_token) s.own["api_token_file"] = secret_file(folder, "api", "glpat-test-read");
  } else {
    s.own["namespace"] = "l1t";
    s.own["template"] = "vigil-retrain";
    s.own["token_file"] = secret_file(folder, "token", "argo-test-token");
  }
  return s;
}

Pacing pacing_for(const std::string& type) {
  Pacing pacing = hurried();
  if (type == "argo") pacing.settle_ms = 0;
  return pacing;
}

class PipelineSinks : public ::testing::TestWithParam<Kind> {
 protected:
  std::string type() const { return GetParam().name; }
  std::size_t made(const TestServer& server) const { return server.state().at(GetParam().made).size(); }
  std::vector<std::string> options(std::vector<std::string> more) const {
    if (type() == "kubeflow") more.insert(more.end(), {"--token", "kfp-s3cret"});
    return more;
  }
  std::vector<Outlet> outlet(const TestServer& server) const {
    std::vector<Outlet> all;
    all.push_back({make_sink(settings_of(type(), server.url(), folder)), {}, pacing_for(type())});
    return all;
  }
  TemporaryFolder folder;
  Journal journal{":memory:"};
  Events events;
};

TEST_P(PipelineSinks, OneEffectWhateverHappens) {
  SKIP_WITHOUT_SERVERS(type());
  for (const std::string script :
       {"ok", "500", "500-created", "504-created", "timeout", "timeout-created", "reset", "reset-created", "torn",
        "503:1", "429:1", "429d:1", "502,500-created", "reset,torn", "500,timeout-created,500", "401"}) {
    TestServer server(type(), options({"--script", script, "--hang", "2"}));
    Journal one(":memory:");
    Dispatcher dispatcher(one, outlet(server), fast());
    dispatcher.start();
    one.commit(commit_action(retraining(1)));
    dispatcher.wake();
    EXPECT_TRUE(eventually([&] { return one.pending() == 0; })) << script << ": " << one.actions()[0].last_reason;
    EXPECT_EQ(delivery(one), DeliveryState::delivered) << script << ": " << one.actions()[0].last_reason;
    EXPECT_EQ(made(server), 1u) << script;
  }
}

TEST_P(PipelineSinks, ALookThatFailsSendsNothing) {
  SKIP_WITHOUT_SERVERS(type());
  TestServer server(type(), options({"--script", "500-created", "--get-script", "ok,ok,500,reset,503:1,429:1"}));
  Dispatcher dispatcher(journal, outlet(server), fast());
  dispatcher.start();
  journal.commit(commit_action(retraining(1)));
  dispatcher.wake();
  EXPECT_TRUE(eventually([&] { return journal.pending() == 0; }));
  EXPECT_EQ(delivery(journal), DeliveryState::delivered);
  EXPECT_EQ(made(server), 1u);
  EXPECT_LE(server.posts(), type() == "argo" ? 2u : 1u);
}

TEST_P(PipelineSinks, TooManyServerErrorsAreForGood) {
  SKIP_WITHOUT_SERVERS(type());
  TestServer server(type(), options({"--script", "500,502,504,500,500,500,500"}));
  Dispatcher dispatcher(journal, outlet(server), fast());
  dispatcher.start();
  journal.commit(commit_action(retraining(1)));
  dispatcher.wake();
  EXPECT_TRUE(eventually([&] { return journal.pending() == 0; }));
  EXPECT_EQ(delivery(journal), DeliveryState::rejected);
  EXPECT_EQ(server.posts(), 5u);
  EXPECT_EQ(made(server), 0u);
  EXPECT_EQ(journal.actions()[0].state, ActionState::failed);
  EXPECT_TRUE(journal.actions()[0].last_reason.starts_with("5 server errors")) << journal.actions()[0].last_reason;
}

TEST_P(PipelineSinks, ARefusalIsForGoodAndTellsNoSecret) {
  SKIP_WITHOUT_SERVERS(type());
  for (const std::string script : {"echo", "302"}) {
    TestServer server(type(), options({"--script", script}));
    Journal one(":memory:");
    Dispatcher dispatcher(one, outlet(server), fast(), events.sink());
    dispatcher.start();
    one.commit(commit_action(retraining(1)));
    dispatcher.wake();
    EXPECT_TRUE(eventually([&] { return one.pending() == 0; }));
    EXPECT_EQ(delivery(one), DeliveryState::rejected) << script;
    const std::string reason = one.actions()[0].last_reason;
    for (const char* secret : {"kfp-s3cret", "glptt", "glpat", "argo-test-token"}) {
      EXPECT_EQ(reason.find(secret), std::string::npos) << reason;
    }
    if (script == "echo") {
      EXPECT_NE(reason.find("***"), std::string::npos) << reason;
    }
    EXPECT_EQ(server.posts(), 1u) << "a redirect is not followed";
  }
}

TEST_P(PipelineSinks, ProgressIsFollowed) {
  SKIP_WITHOUT_SERVERS(type());
  TestServer server(type(), options({}));
  Dispatcher dispatcher(journal, outlet(server), fast());
  dispatcher.start();
  for (const std::uint32_t ls : {1u, 2u}) journal.commit(commit_action(retraining(ls)));
  dispatcher.wake();
  ASSERT_TRUE(eventually([&] { return journal.pending() == 0; }));
  const auto state = [&](std::size_t n) { return journal.actions()[n].state; };
  EXPECT_EQ(state(0), ActionState::accepted);
  const auto move = [&](std::size_t n, const std::string& kubeflow, const std::string& gitlab,
                        const std::string& argo) {
    const json there = server.state().at(GetParam().made).at(n);
    if (type() == "kubeflow") server.control("run", {{"run_id", there.at("run_id")}, {"state", kubeflow}});
    if (type() == "gitlab") server.control("pipeline", {{"id", there.at("id")}, {"status", gitlab}});
    if (type() == "argo") server.control("workflow", {{"name", there.at("metadata").at("name")}, {"phase", argo}});
  };
  move(0, "RUNNING", "running", "Running");
  EXPECT_TRUE(eventually([&] { return state(0) == ActionState::running; }));
  move(0, "SUCCEEDED", "success", "Succeeded");
  EXPECT_TRUE(eventually([&] { return state(0) == ActionState::succeeded; }));
  move(1, "CANCELED", "canceled", "Error");
  EXPECT_TRUE(eventually([&] { return state(1) == ActionState::failed; }));
}

TEST_P(PipelineSinks, ADeathAfterTheFirstByteIsLookedInto) {
  SKIP_WITHOUT_SERVERS(type());
  TestServer server(type(), options({}));
  const std::string file = folder / "vigil.db";
  {
    // As a process leaves it that died after the server had the request.
    Journal before(file);
    before.set_sinks({{type(), {}}});
    before.commit(commit_action(retraining(1)));
    const std::int64_t now = std::chrono::system_clock::now().time_since_epoch().count();
    ASSERT_TRUE(head_of(before, type(), now));
    const auto sink = make_sink(settings_of(type(), server.url(), folder));
    (void)sink->send(action_row(retraining(1)).outgoing,
                     [&] { return before.begin_attempt(retraining(1).id, type(), now); });
  }
  Journal after(file);
  Dispatcher dispatcher(after, outlet(server), fast());
  dispatcher.start();
  EXPECT_TRUE(eventually([&] { return after.pending() == 0; }));
  EXPECT_EQ(delivery(after), DeliveryState::delivered);
  EXPECT_EQ(made(server), 1u);
}

INSTANTIATE_TEST_SUITE_P(Each, PipelineSinks, ::testing::ValuesIn(kKinds),
                         [](const auto& each) { return std::string(each.param.name); });

std::vector<Outlet> one_outlet(SinkSettings settings, Pacing pacing = hurried()) {
  std::vector<Outlet> all;
  all.push_back({make_sink(settings), {}, pacing});
  return all;
}

TEST(KubeflowSink, AnOlderServersOwnRunIdIsKept) {
  SKIP_WITHOUT_SERVERS("kubeflow");
  TemporaryFolder folder;
  TestServer server("kubeflow", {"--script", "newid"});
  Journal journal(":memory:");
  Dispatcher dispatcher(journal, one_outlet(settings_of("kubeflow", server.url(), folder)), fast());
  dispatcher.start();
  journal.commit(commit_action(retraining(1)));
  dispatcher.wake();
  ASSERT_TRUE(eventually([&] { return journal.pending() == 0; }));
  const std::string run = server.state().at("runs").at(0).at("run_id");
  EXPECT_NE(run, retraining(1).id);
  const auto runs = journal.started_runs("kubeflow");
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].run, run);
}

TEST(KubeflowSink, WhatIsCreatedLateIsFoundAfterItSettled) {
  SKIP_WITHOUT_SERVERS("kubeflow");
  TemporaryFolder folder;
  TestServer server("kubeflow", {"--script", "late:0.5"});
  Pacing pacing = hurried();
  pacing.settle_ms = 1500;
  Journal journal(":memory:");
  Dispatcher dispatcher(journal, one_outlet(settings_of("kubeflow", server.url(), folder), pacing), fast());
  dispatcher.start();
  journal.commit(commit_action(retraining(1)));
  dispatcher.wake();
  EXPECT_TRUE(eventually([&] { return journal.pending() == 0; }));
  EXPECT_EQ(server.state().at("workflows").size(), 1u);
}

TEST(KubeflowSink, WhatIsSentIsWhatIsRendered) {
  SKIP_WITHOUT_SERVERS("kubeflow");
  TemporaryFolder folder;
  TestServer server("kubeflow");
  const auto sink = make_sink(settings_of("kubeflow", server.url(), folder));
  const OutgoingAction action = action_row(retraining(3)).outgoing;
  EXPECT_EQ(sink->send(action, [] { return true; }).delivery, Delivery::delivered);
  const json requests = server.requests();
  EXPECT_EQ(requests.back().at("body"), sink->render(action).body);
  EXPECT_EQ(server.url() + requests.back().at("path").get<std::string>(), sink->render(action).url);
  const json body = json::parse(sink->render(action).body);
  EXPECT_EQ(body.at("display_name"), "vigil retrain axol1tl run 1 LS 3-3");
  EXPECT_EQ(body.at("runtime_config").at("parameters").at("event"), action.cloudevent);
  EXPECT_FALSE(body.contains("experiment_id"));
}

TEST(GitlabSink, TooManyPipelinesIsTriedAgain) {
  SKIP_WITHOUT_SERVERS("gitlab");
  TemporaryFolder folder;
  TestServer server("gitlab", {"--script", "throttle"});
  SinkSettings settings = settings_of("gitlab", server.url(), folder);
  settings.own["throttle_s"] = "1";
  Journal journal(":memory:");
  Events events;
  Dispatcher dispatcher(journal, one_outlet(settings), fast(), events.sink());
  dispatcher.start();
  journal.commit(commit_action(retraining(1)));
  dispatcher.wake();
  ASSERT_TRUE(eventually([&] { return journal.pending() == 0; }));
  EXPECT_EQ(delivery(journal), DeliveryState::delivered);
  const json requests = server.requests();
  EXPECT_GE(requests.at(1).at("t").get<double>() - requests.at(0).at("t").get<double>(), 0.99);
}

TEST(GitlabSink, TheTokenIsNeverInTheUrlNorInWhatIsRendered) {
  SKIP_WITHOUT_SERVERS("gitlab");
  TemporaryFolder folder;
  TestServer server("gitlab");
  const auto sink = make_sink(settings_of("gitlab", server.url(), folder));
  const OutgoingAction action = action_row(retraining(1)).outgoing;
  const RenderedRequest rendered = sink->render(action);
  EXPECT_EQ(rendered.body, "token=***&ref=main&inputs%5Baction_id%5D=" + action.id);
  const Sink::Answer answer = sink->send(action, [] { return true; });
  EXPECT_EQ(answer.delivery, Delivery::delivered);
  EXPECT_EQ(answer.run, "9000");
  EXPECT_EQ(answer.url, "https://gitlab.example.com/l1t/vigil-retrain/-/pipelines/9000");
  EXPECT_EQ(server.state().at("token_in_url"), 0);
}

TEST(GitlabSink, WithoutAnApiTokenItIsSentAgainOnceItSettled) {
  SKIP_WITHOUT_SERVERS("gitlab");
  TemporaryFolder folder;
  TestServer server("gitlab", {"--script", "500-created"});
  Journal journal(":memory:");
  Dispatcher dispatcher(journal, one_outlet(settings_of("gitlab", server.url(), folder, false)), fast());
  dispatcher.start();
  journal.commit(commit_action(retraining(1)));
  dispatcher.wake();
  ASSERT_TRUE(eventually([&] { return journal.pending() == 0; }));
  EXPECT_EQ(server.state().at("pipelines").size(), 2u);  // the first job claims; nothing else could tell
  const json requests = server.requests();
  EXPECT_GE(requests.at(1).at("t").get<double>() - requests.at(0).at("t").get<double>(), 0.29);
}

TEST(PipelineSink, ATokenIsReadAnewAtEveryAttempt) {
  SKIP_WITHOUT_SERVERS("argo");
  TemporaryFolder folder;
  TestServer server("argo");
  SinkSettings settings = settings_of("argo", server.url(), folder);
  (void)secret_file(folder, "token", "an-old-one");
  const auto sink = make_sink(settings);
  const OutgoingAction action = action_row(retraining(1)).outgoing;
  EXPECT_EQ(sink->send(action, [] { return true; }).delivery, Delivery::retry);
  (void)secret_file(folder, "token", "argo-test-token");
  EXPECT_EQ(sink->send(action, [] { return true; }).delivery, Delivery::delivered);
}

}  // namespace
}  // namespace vigil::alerting
