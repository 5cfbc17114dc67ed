#include "alerting/sinks.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "core/error.h"
#include "journals.h"
#include "scripted_receiver.h"

namespace vigil::alerting {
namespace {

using nlohmann::json;

OutgoingAction outgoing(std::uint32_t ls = 1) { return action_row(test_action(ls)).outgoing; }

std::unique_ptr<Sink> zeromq(const std::string& endpoint, int timeout_ms = 2000) {
  SinkSettings s;
  s.type = "zeromq";
  s.own = {{"endpoint", endpoint}, {"reply_timeout_ms", std::to_string(timeout_ms)}};
  return make_sink(s);
}
std::unique_ptr<Sink> lines(const std::string& path) {
  SinkSettings s;
  s.type = "file";
  s.own = {{"path", path}};
  return make_sink(s);
}
// As the dispatcher sends, where nobody has rejected anything.
Sink::Answer sent(Sink& sink, const OutgoingAction& action) {
  return sink.send(action, [] { return true; });
}
std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Sinks, TheCatalogueNamesThem) {
  std::vector<std::string> names;
  for (const SinkDescription& d : sink_catalogue()) names.push_back(d.name);
  std::vector<std::string> expected{"log",    "file", "zeromq",       "webhook", "kubeflow",
                                    "gitlab", "argo", "alertmanager", "mlflow"};
#ifdef VIGIL_KAFKA
  expected.emplace_back("kafka");
#endif
  EXPECT_EQ(names, expected);
}

TEST(Sinks, WhatCannotBeUsedIsNamed) {
  const auto error_of = [](const std::string& kind, const std::string& target) -> std::string {
    SinkSettings s;
    s.type = kind;
    if (kind == "zeromq") s.own["endpoint"] = target;
    if (kind == "file") s.own["path"] = target;
    try {
      (void)make_sink(s);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(error_of("fax", "").find("sinks: unknown sink 'fax', expected one of log, file, zeromq"),
            std::string::npos);
  EXPECT_NE(error_of("zeromq", "tcp:/127.0.0.1:6000").find("endpoint 'tcp:/127.0.0.1:6000'"), std::string::npos);
  for (const std::string port : {"99999", "0", "-1", "*", "x", ""}) {
    EXPECT_NE(error_of("zeromq", "tcp://127.0.0.1:" + port).find("PORT 1 to 65535"), std::string::npos) << port;
  }
  EXPECT_NE(error_of("zeromq", ""), "no error");
  EXPECT_NE(error_of("file", "/no/such/folder/actions.jsonl").find("No such file or directory"), std::string::npos);
  EXPECT_NE(error_of("log", ""), "no error");
}

TEST(LogSink, HandsTheActionToTheProgram) {
  SinkSettings s;
  s.type = "log";
  std::vector<std::string> seen;
  s.log = [&](const std::string& line) { seen.push_back(line); };
  const auto sink = make_sink(s);
  EXPECT_EQ(sink->name(), "log");
  EXPECT_EQ(sent(*sink, outgoing()).delivery, Delivery::delivered);
  EXPECT_EQ(seen, std::vector<std::string>{"action " + outgoing().id +
                                           ": notify of axol1tl on stream scouting proposed, run 1 LS 1: input/x[0] "
                                           "is dead"});
}

TEST(FileSink, AppendsLinesAndEndsATornOne) {
  TemporaryFolder folder;
  const std::string path = folder / "actions.jsonl";
  EXPECT_EQ(sent(*lines(path), outgoing(1)).delivery, Delivery::delivered);
  EXPECT_EQ(text_of(path), outgoing(1).line + "\n");
  std::ofstream(path, std::ios::app) << "{\"type\":\"act";  // a death in the middle of a line
  const auto sink = lines(path);
  EXPECT_EQ(text_of(path), outgoing(1).line + "\n{\"type\":\"act\n");
  EXPECT_EQ(sent(*sink, outgoing(2)).delivery, Delivery::delivered);
  EXPECT_EQ(text_of(path), outgoing(1).line + "\n{\"type\":\"act\n" + outgoing(2).line + "\n");
  // Rotated away: a new file, and the line is in it.
  std::filesystem::rename(path, path + ".1");
  EXPECT_EQ(sent(*sink, outgoing(3)).delivery, Delivery::delivered);
  EXPECT_EQ(text_of(path), outgoing(3).line + "\n");
}

TEST(FileSink, AFullDiskLeavesNoHalfLineAndIsTriedAgain) {
  TemporaryFolder folder;
  const std::string path = folder / "actions.jsonl";
  const std::string line = outgoing(1).line + "\n";
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto sink = lines(path);
    const rlimit small{line.size() + 10, RLIM_INFINITY};
    const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &small);
    bool right = sent(*sink, outgoing(1)).delivery == Delivery::delivered;
    right &= sent(*sink, outgoing(2)).delivery == Delivery::retry && text_of(path) == line;
    ::setrlimit(RLIMIT_FSIZE, &large);
    right &= sent(*sink, outgoing(2)).delivery == Delivery::delivered;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(text_of(path), line + outgoing(2).line + "\n");
}

TEST(ZeromqSink, AcceptedAndRejected) {
  Receiver receiver([](const json& event, std::size_t before) {
    if (before == 0) return accepted(event);
    return json{{"id", event["id"]}, {"status", "rejected"}, {"reason", "not during the ramp"}}.dump();
  });
  const auto sink = zeromq(receiver.endpoint());
  EXPECT_EQ(sent(*sink, outgoing(1)).delivery, Delivery::delivered);
  const auto answer = sent(*sink, outgoing(2));
  EXPECT_EQ(answer.delivery, Delivery::refused);
  EXPECT_EQ(answer.reason, "not during the ramp");
  EXPECT_FALSE(receiver.malformed());
  EXPECT_EQ(receiver.events().at(0), json::parse(outgoing(1).cloudevent));
}

TEST(ZeromqSink, ARepSocketReceivesInSixLines) {
  zmq::context_t context(1);
  zmq::socket_t rep(context, zmq::socket_type::rep);
  rep.bind("tcp://127.0.0.1:*");
  std::thread pipeline([&] {
    zmq::message_t event;
    (void)rep.recv(event);
    rep.send(zmq::buffer(accepted(json::parse(event.to_string_view()))), zmq::send_flags::none);
  });
  const auto sink = zeromq(rep.get(zmq::sockopt::last_endpoint));
  EXPECT_EQ(sent(*sink, outgoing()).delivery, Delivery::delivered);
  pipeline.join();
}

TEST(ZeromqSink, EveryUnusableReplyIsTriedAgainAndTheNextOneCounts) {
  const std::string id = outgoing().id;
  const std::vector<std::string> unusable{"not json",
                                          "",
                                          "[]",
                                          "null",
                                          "{}",
                                          R"({"id":"another","status":"accepted"})",
                                          R"({"status":"accepted"})",
                                          R"({"id":")" + id + R"("})",
                                          R"({"id":")" + id + R"(","status":"perhaps"})",
                                          R"({"id":")" + id + R"(","status":1})",
                                          std::string(50000, '['),
                                          "\xff\xfe",
                                          std::string(70000, 'x'),
                                          R"({"id":["deep"],"status":"accepted"})"};
  Receiver receiver([&](const json& event, std::size_t before) {
    return before < unusable.size() ? unusable[before] : accepted(event);
  });
  const auto sink = zeromq(receiver.endpoint(), 2000);
  for (const std::string& reply : unusable) {
    const auto answer = sent(*sink, outgoing());
    EXPECT_EQ(answer.delivery, Delivery::retry) << reply.substr(0, 60);
    EXPECT_FALSE(answer.reason.empty());
    EXPECT_LE(answer.reason.size(), 1200u);
  }
  EXPECT_EQ(sent(*sink, outgoing()).delivery, Delivery::delivered);
  EXPECT_EQ(receiver.received().size(), unusable.size() + 1);
}

TEST(ZeromqSink, NoReceiverAndASilentOneTimeOut) {
  Receiver silent([](const json&, std::size_t) { return std::nullopt; });
  for (const std::string& endpoint : {std::string("tcp://127.0.0.1:1"), silent.endpoint()}) {
    const auto sink = zeromq(endpoint, 150);
    const auto before = std::chrono::steady_clock::now();
    const auto answer = sent(*sink, outgoing());
    const auto waited = std::chrono::steady_clock::now() - before;
    EXPECT_EQ(answer.delivery, Delivery::retry);
    EXPECT_NE(answer.reason.find("within 150 ms"), std::string::npos) << answer.reason;
    EXPECT_GE(waited, std::chrono::milliseconds(140));
    EXPECT_LT(waited, std::chrono::milliseconds(1500));
  }
}

TEST(ZeromqSink, ALateReplyDoesNotMeetTheNextAction) {
  Receiver receiver([](const json& event, std::size_t before) -> std::optional<std::string> {
    if (before == 0) std::this_thread::sleep_for(std::chrono::milliseconds(400));
    return json{{"id", event["id"]}, {"status", before == 0 ? "rejected" : "accepted"}}.dump();
  });
  const auto sink = zeromq(receiver.endpoint(), 200);
  EXPECT_EQ(sent(*sink, outgoing(1)).delivery, Delivery::retry);
  Sink::Answer answer;
  for (int i = 0; i < 10 && answer.delivery == Delivery::retry; ++i) answer = sent(*sink, outgoing(1));
  EXPECT_EQ(answer.delivery, Delivery::delivered);  // the answer to the attempt that waited for it
}

TEST(ZeromqSink, AReceiverThatDiesAndComesBackIsFoundAgain) {
  auto receiver = std::make_unique<Receiver>(always_accepted());
  const std::string endpoint = receiver->endpoint();
  const auto sink = zeromq(endpoint, 300);
  EXPECT_EQ(sent(*sink, outgoing(1)).delivery, Delivery::delivered);
  receiver.reset();
  EXPECT_EQ(sent(*sink, outgoing(2)).delivery, Delivery::retry);
  receiver = std::make_unique<Receiver>(always_accepted(), endpoint);
  Sink::Answer answer;
  for (int i = 0; i < 20 && answer.delivery == Delivery::retry; ++i) answer = sent(*sink, outgoing(2));
  EXPECT_EQ(answer.delivery, Delivery::delivered);
}

TEST(ZeromqSink, AbandonEndsAWait) {
  Receiver silent([](const json&, std::size_t) { return std::nullopt; });
  const auto sink = zeromq(silent.endpoint(), 60000);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    dynamic_cast<WaitingSink&>(*sink).abandon();
  });
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(sent(*sink, outgoing()).delivery, Delivery::retry);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  other.join();
}

}  // namespace
}  // namespace vigil::alerting
