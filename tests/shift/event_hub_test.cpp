#include "shift/events/event_hub.h"

#include <gmock/gmock.h>

#include "shift/events/event_order.h"
#include "tests/shift/record_fake.h"
#include "tests/shift/scripted_desk.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::int64_t kMs = 1'000'000;

class Hub : public testing::Test {
 protected:
  // Before the hub, which reads the clock when it is made.
  Outlook made() {
    Outlook out;
    out.record = &record;
    out.boot = "0123456789abcdef";
    out.now_ns = [this] { return now_ns; };
    out.started_ns = now_ns;
    return out;
  }
  struct Client {
    std::shared_ptr<EventStream> stream = std::make_shared<EventStream>();
    std::string read() const { return stream->take().bytes; }
  };
  Client add(std::set<std::string> types = {}, std::optional<std::string> last = {}) {
    Client out;
    hub.add(out.stream, std::move(types), last);
    return out;
  }
  News lumisections(std::uint32_t first, std::uint32_t last) {
    News out;
    for (std::uint32_t ls = first; ls <= last; ++ls) out.lumisections.push_back(record.lumisection(1, ls));
    return out;
  }
  // Types and numbers of what was sent.
  static std::vector<std::string> heads(const std::string& bytes) {
    std::vector<std::string> out;
    std::istringstream lines(bytes);
    std::string id;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("id: ")) id = line.substr(line.rfind('-'));
      if (line.starts_with("event: ")) out.push_back(line.substr(7) + std::exchange(id, ""));
    }
    return out;
  }

  std::int64_t now_ns = 1'790'000'000'000 * kMs;
  RecordFake record;
  Outlook outlook = made();
  RunTotals totals;
  StatusCache status{outlook, totals};
  EventHub hub{outlook, status};
};

TEST_F(Hub, BeginsWithRetryAndTheStatus) {
  const std::string bytes = add().read();
  EXPECT_THAT(bytes, StartsWith("retry: 2000\n\nevent: status\ndata: {"));
  EXPECT_TRUE(bytes.ends_with("}\n\n"));
}

TEST_F(Hub, NumbersWhatHappensAndSendsItOnce) {
  const Client a = add();
  a.read();
  hub.take(lumisections(1, 2));
  EXPECT_THAT(heads(a.read()), ElementsAre("lumisection-1", "lumisection-2"));
  const Client b = add();
  EXPECT_THAT(heads(b.read()), ElementsAre("status")) << "without an id nothing of before";
  hub.take(lumisections(3, 3));
  EXPECT_THAT(heads(a.read()), ElementsAre("lumisection-3"));
  EXPECT_THAT(heads(b.read()), ElementsAre("lumisection-3"));
}

TEST_F(Hub, ResumesAfterAnyNumberItKeeps) {
  hub.take(lumisections(1, 5));
  EXPECT_THAT(
      heads(add({}, "0123456789abcdef-0").read()),
      ElementsAre("lumisection-1", "lumisection-2", "lumisection-3", "lumisection-4", "lumisection-5", "status"));
  EXPECT_THAT(heads(add({}, "0123456789abcdef-4").read()), ElementsAre("lumisection-5", "status"));
  EXPECT_THAT(heads(add({}, "0123456789abcdef-5").read()), ElementsAre("status"));
  for (const char* id : {"0123456789abcdef-6", "another-3", "", "0123456789abcdef-", "0123456789abcdef-x"}) {
    EXPECT_THAT(heads(add({}, id).read()), ElementsAre("reset", "status")) << id;
  }
}

TEST_F(Hub, KeepsTheNewest4096) {
  hub.take(lumisections(1, 5000));
  const auto kept = add({"lumisection"}, "0123456789abcdef-904");
  std::vector<std::string> all;
  for (int turn = 0; turn < 100; ++turn) {
    for (std::string& head : heads(kept.read())) all.push_back(std::move(head));
    hub.turn(false);
  }
  ASSERT_EQ(all.size(), 4096u);
  EXPECT_EQ(all.front(), "lumisection-905");
  EXPECT_EQ(all.back(), "lumisection-5000");
  EXPECT_THAT(heads(add({"lumisection"}, "0123456789abcdef-903").read()), ElementsAre("reset"));
}

TEST_F(Hub, ResumingIsNotBeingSlow) {
  News news;
  for (std::uint32_t ls = 1; ls <= 4000; ++ls) {
    news.lumisections.push_back(record.lumisection(1, ls, {{"padding", std::string(1000, 'x')}}));
  }
  hub.take(news);
  const Client client = add({"lumisection"}, "0123456789abcdef-0");
  std::size_t n = 0;
  for (int turn = 0; turn < 400 && n < 4003; ++turn) {
    EXPECT_LT(client.stream->waiting(), EventStream::kMostBehind);
    n += heads(client.read()).size();
    if (turn == 3) {
      News more;
      for (std::uint32_t ls = 4001; ls <= 4003; ++ls) more.lumisections.push_back(record.lumisection(1, ls));
      hub.take(more);
    }
    hub.turn(false);
  }
  EXPECT_EQ(n, 4003u) << "what came meanwhile, too, and nothing twice";
  EXPECT_TRUE(client.stream->is_open());
}

TEST_F(Hub, WhoTakesNothingIsCutAndForgotten) {
  const Client client = add({"lumisection"});
  News news;
  for (std::uint32_t ls = 1; ls <= 2000; ++ls) {
    news.lumisections.push_back(record.lumisection(1, ls, {{"padding", std::string(1000, 'x')}}));
  }
  hub.take(news);
  EXPECT_FALSE(client.stream->is_open());
  EXPECT_EQ(hub.clients(), 1u);
  hub.turn(false);
  EXPECT_EQ(hub.clients(), 0u);
}

TEST_F(Hub, SendsTheStatusAtMostTwiceASecond) {
  const Client client = add({"status"});
  EXPECT_THAT(heads(client.read()), ElementsAre("status"));
  std::size_t n = 0;
  for (int turn = 0; turn < 30; ++turn) {  // three seconds of constant change
    now_ns += 100 * kMs;
    record.lumisection(1, 1);
    hub.turn(true);
    n += heads(client.read()).size();
  }
  EXPECT_EQ(n, 6u);
  now_ns += 100 * kMs;
  hub.turn(true);
  now_ns += 400 * kMs;
  hub.turn(false);
  EXPECT_THAT(heads(client.read()), ElementsAre("status")) << "the last change is told, too";
  for (int turn = 0; turn < 30; ++turn) {
    now_ns += 100 * kMs;
    hub.turn(false);
  }
  EXPECT_EQ(client.read(), "") << "nothing changed";
}

TEST_F(Hub, TellsWhatChangesByTimeAlone) {
  record.all_streams = {{"m", "h", "s", 1, 1, "{}"}};
  record.lumisection(1, 1);
  const Client client = add({"status"});
  now_ns += 60'000 * kMs;
  hub.turn(false);  // looks; not stale yet
  client.read();
  now_ns += 61'000 * kMs;
  hub.turn(false);
  EXPECT_THAT(client.read(), HasSubstr("\"state\":\"stale\""));
}

TEST_F(Hub, TicksEveryFiveSeconds) {
  const Client client = add({"tick"});
  EXPECT_THAT(client.read(), Not(HasSubstr("status")));
  std::string bytes;
  for (int turn = 0; turn < 101; ++turn) {
    now_ns += 100 * kMs;
    hub.turn(false);
    bytes += client.read();
  }
  EXPECT_THAT(heads(bytes), ElementsAre("tick", "tick"));
  EXPECT_THAT(bytes, HasSubstr("data: {\"time\":\"20"));
}

TEST_F(Hub, AlarmsAreLeavesThatChanged) {
  ScriptedDesk desk;
  const auto leaf = [](const char* node, const char* latched) {
    return ordered_json{{"node", node}, {"severity", latched}, {"latched", latched}, {"shelved_until", nullptr}};
  };
  desk.answer.body = {{"alarms", {leaf("m/s/a", "minor")}}};
  outlook.desk = &desk;
  EventHub own(outlook, status);
  auto stream = std::make_shared<EventStream>();
  own.add(stream, {"alarm"}, {});
  own.turn(true);
  EXPECT_THAT(heads(stream->take().bytes), testing::IsEmpty()) << "what was there is no news";
  desk.answer.body = {{"alarms", {leaf("m/s/a", "major"), leaf("m/s/b", "minor")}}};
  own.turn(true);
  EXPECT_THAT(heads(stream->take().bytes), ElementsAre("alarm-1", "alarm-2"));
  own.turn(true);
  EXPECT_EQ(stream->take().bytes, "");
  desk.answer.body = {{"alarms", {leaf("m/s/b", "minor")}}};
  own.turn(true);
  EXPECT_THAT(stream->take().bytes, HasSubstr(R"("node":"m/s/a","severity":"ok","latched":"ok")"));
}

TEST(EventOrder, AWindowFollowsItsLastLumisection) {
  RecordFake record;
  News news;
  for (std::uint32_t ls = 1; ls <= 3; ++ls) {
    news.lumisections.push_back(record.lumisection(1, ls));
    news.lumisections.push_back(record.lumisection(1, ls, ordered_json::object(), "t"));
  }
  news.lumisections.push_back(record.lumisection(2, 1));
  news.windows.push_back(record.window("2ls", 1, 1, 2, Quality::good));
  news.windows.push_back(record.window("2ls", 1, 1, 2, Quality::good, ordered_json::object(), "t"));
  news.windows.push_back(record.window("2ls", 1, 3, 3, Quality::good));  // cut by run 2
  news.windows.push_back(record.window("2ls", 2, 1, 2, Quality::good));  // of a lumisection told before
  std::vector<std::string> told;
  for (const OrderedRow& row : in_order(news)) {
    told.push_back(std::string(row.type).substr(0, 1) + row.row->stream + std::to_string(row.row->run) + "." +
                   std::to_string(row.row->last_ls));
  }
  EXPECT_THAT(told, ElementsAre("ls1.1", "lt1.1", "ls1.2", "ws1.2", "lt1.2", "wt1.2", "ls1.3", "ws1.3", "lt1.3",
                                "ls2.1", "ws2.2"));
}

}  // namespace
}  // namespace vigil::shift
