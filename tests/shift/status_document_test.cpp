#include "shift/documents/status_document.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/lhc.h"
#include "tests/shift/record_fake.h"
#include "tests/shift/scripted_desk.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kSecond = 1'000'000'000;

class StatusDocument : public testing::Test {
 protected:
  StatusDocument() {
    outlook.record = &record;
    outlook.version = "1.2.0";
    outlook.boot = "0123456789abcdef";
    outlook.now_ns = [this] { return now_ns; };
    outlook.started_ns = now_ns;
    outlook.windows = {"10ls", "2ls"};
    outlook.interval = [](std::uint64_t n) {
      return std::array<double, 2>{static_cast<double>(n) - 1, static_cast<double>(n) + 1};
    };
    record.all_streams = {{"m", "h", "s", 1, 2, "{}"}};
    record.lumisection(1, 1, line(100));
    record.lumisection(1, 2, line(200));
    live(now_ns - 3 * kSecond, 1, 2);
  }
  static ordered_json line(std::uint64_t events) {
    return {{"events", events},
            {"n_bx", 4007896},
            {"expected_orbits", 262144},
            {"covered_orbits", 262144},
            {"wrong_model_events", 0},
            {"outputs", {{"score", {{"compared", 0}}}}},
            {"seeds", {{"L1", {{"compared", 0}, {"emulator", 10}}}}},
            {"sources", {{"a", {{"batches", 4}, {"missing", 0}, {"late", 0}}}}}};
  }
  void live(std::int64_t closed_ns, std::uint32_t run, std::uint32_t ls) {
    const ordered_json row = {
        {"newest_lumisection_ns", closed_ns}, {"closed", {{"run", run}, {"ls", ls}}}, {"lag_s", lag_s}};
    record.all_live = {{"m", "s", now_ns - kSecond, row.dump()}, {"", "", now_ns - kSecond, R"({"ended":false})"}};
  }
  ordered_json document() { return status_document(outlook); }
  ordered_json stream() { return document()["streams"].at(0); }

  std::int64_t now_ns = 1'790'000'000 * kSecond;
  double lag_s = 35.1;
  RecordFake record;
  ScriptedDesk desk;
  Outlook outlook;
};

TEST_F(StatusDocument, IsUnknownWithoutStreams) {
  record.all_streams.clear();
  const ordered_json d = document();
  EXPECT_EQ(d["state"], "unknown");
  EXPECT_NE(d["reason"], "");
  EXPECT_TRUE(d["streams"].empty());
  EXPECT_EQ(d["vigil"]["mode"], "live");
  EXPECT_EQ(d["time"], "2026-09-21T14:13:20.000Z");
}

TEST_F(StatusDocument, AgesCountFromTheNewestClose) {
  EXPECT_DOUBLE_EQ(stream()["age_s"], 3.0);
  EXPECT_EQ(stream()["data_time"], nullptr);
  EXPECT_EQ(stream()["lag_s"], nullptr) << "without the start of the run nobody knows";
  record.all_streams[0].facts = ordered_json{{"run_start_ns", now_ns - 100 * kSecond}}.dump();
  EXPECT_DOUBLE_EQ(stream()["lag_s"], 35.1);
  EXPECT_EQ(stream()["data_time"], "2026-09-21T14:12:26.622Z");
  // A lumisection that closed after the row was written: at most as old as the row.
  live(now_ns - 60 * kSecond, 1, 1);
  EXPECT_DOUBLE_EQ(stream()["age_s"], 1.0);
  record.all_live.clear();  // not written yet: as old as it has been looked at
  RunTotals totals;
  const auto age_s = [&] { return status_document(outlook, totals)["streams"].at(0)["age_s"].get<double>(); };
  EXPECT_DOUBLE_EQ(age_s(), 0.0);
  now_ns += 5 * kSecond;
  EXPECT_DOUBLE_EQ(age_s(), 5.0);
  record.all_streams[0].ls = 3;
  EXPECT_DOUBLE_EQ(age_s(), 0.0);
  outlook.mode = Mode::journal;
  EXPECT_EQ(stream()["age_s"], nullptr);
}

TEST_F(StatusDocument, IsStaleWhenNothingCloses) {
  live(now_ns - 121 * kSecond, 1, 2);
  EXPECT_EQ(stream()["state"], "stale");
  EXPECT_THAT(stream()["reason"].get<std::string>(), HasSubstr("121 s"));
  EXPECT_EQ(document()["state"], "stale");
  outlook.stale_after_s = 200;
  EXPECT_NE(stream()["state"], "stale");
  outlook.stale_after_s = 120;
  for (const Mode mode : {Mode::replay, Mode::demo, Mode::journal}) {
    outlook.mode = mode;
    EXPECT_NE(stream()["state"], "stale");
  }
  outlook.mode = Mode::live;
  record.all_live.clear();  // of before this start
  RunTotals totals;
  const auto state = [&] { return status_document(outlook, totals)["streams"].at(0)["state"]; };
  EXPECT_NE(state(), "stale");
  now_ns += 121 * kSecond;
  EXPECT_EQ(state(), "stale");
}

TEST_F(StatusDocument, SumsTheNewestRunAndRatesOfTheNewestLumisection) {
  EXPECT_EQ(stream()["counts"]["events"], 300);
  EXPECT_EQ(stream()["counts"]["batches"], 8);
  ordered_json hurt = line(5);
  hurt["covered_orbits"] = 262100;
  hurt["sources"]["a"]["missing"] = 2;
  record.lumisection(1, 3, hurt);
  EXPECT_EQ(stream()["counts"]["missing"], 2);
  EXPECT_EQ(stream()["counts"]["uncovered_orbits"], 44);
  const ordered_json rate = stream()["rates"].at(0);
  EXPECT_NEAR(rate["rate_hz"], lhc::rate_hz(10, 4007896), 1e-6);
  EXPECT_NEAR(rate["low_hz"], lhc::rate_hz(9, 4007896), 1e-6);
  EXPECT_EQ(rate["target_rate_hz"], nullptr);
  hurt["wrong_model_events"] = 1;
  record.lumisection(1, 4, hurt);
  EXPECT_EQ(stream()["rates"].at(0)["rate_hz"], nullptr) << "crossings of another model are in n_bx";
}

TEST_F(StatusDocument, TheStreamIsItsWorstFamilyAndTheDocumentItsWorstStream) {
  record.window("10ls", 1, 1, 2, Quality::good, {{"reason", ""}, {"events", 300}, {"coverage", 1.0}});
  record.verdict("10ls", "score", "ks", 1, 1, 2, Quality::good);
  EXPECT_EQ(stream()["state"], "good");
  EXPECT_EQ(document()["reason"], "");
  record.verdict("2ls", "score", "ks", 1, 1, 2, Quality::bad, {{"value", 0.214}, {"limit", 0.1}, {"reason", "x"}});
  const ordered_json d = document();
  EXPECT_EQ(d["state"], "bad");
  EXPECT_EQ(d["reason"], "m s: score ks 0.214 over 0.1");
  EXPECT_EQ(d["streams"].at(0)["reason"], "score ks 0.214 over 0.1");
}

TEST_F(StatusDocument, DataIsUnknownBelowTheMinimaButNotWhileLearning) {
  const auto data = [&] { return stream()["families"].back(); };
  record.window("10ls", 1, 1, 2, Quality::unknown, {{"reason", "learning 2 of 20"}});
  EXPECT_EQ(data()["state"], "good");
  record.window("2ls", 1, 1, 2, Quality::unknown, {{"reason", "coverage 0.2, 0.9 needed"}});
  EXPECT_EQ(data()["state"], "unknown");
  EXPECT_EQ(data()["worst"]["reason"], "coverage 0.2, 0.9 needed");
  record.window("10ls", 1, 2, 2, Quality::unknown, {{"reason", "wrong emulator: model hash a, loaded b"}});
  EXPECT_EQ(data()["state"], "unknown");
}

TEST_F(StatusDocument, ShelvesAndAlarmsComeFromTheDesk) {
  outlook.desk = &desk;
  record.verdict("2ls", "score", "ks", 1, 1, 2, Quality::bad);
  desk.answer.body = ordered_json::parse(R"({"alarms":[
    {"node":"m/s/a","latched":"major","acknowledged":false,"shelved_until":null},
    {"node":"m/s/b","latched":"minor","acknowledged":true,"shelved_until":null},
    {"node":"m/s/c","latched":"minor","acknowledged":true,"shelved_until":"2027-01-01T00:00:00Z"},
    {"node":"m/s/d","latched":"ok","acknowledged":false,"shelved_until":"2027-01-01T00:00:00Z"}],
    "groups":[],"shelves":[]})");
  EXPECT_EQ(document()["alarms"], (ordered_json{{"raised", 1}, {"acknowledged", 1}, {"shelved", 1}}));
  EXPECT_EQ(stream()["state"], "bad");
  desk.answer.body["shelves"] = {{{"node", "m/s"}, {"until", "2027-01-01T00:00:00Z"}}};
  EXPECT_EQ(stream()["state"], "shelved");
  EXPECT_EQ(document()["state"], "shelved");
  EXPECT_NE(document()["reason"], "");
}

TEST_F(StatusDocument, TheBannerSaysWhatIsNotLiveData) {
  EXPECT_TRUE(document()["banner"].empty());
  record.all_streams[0].facts = R"({"origin":"simulation","run_start_ns":1})";
  lag_s = 601;
  live(now_ns, 1, 2);
  EXPECT_THAT(document()["banner"], ElementsAre("SIMULATION", "OLD DATA"));
  outlook.mode = Mode::replay;
  EXPECT_THAT(document()["banner"], ElementsAre("REPLAY", "SIMULATION"));
}

TEST_F(StatusDocument, WindowsAreInTheOrderOfTheConfiguration) {
  record.window("2ls", 1, 1, 2, Quality::good);
  record.window("other", 1, 1, 2, Quality::good);
  record.window("10ls", 1, 1, 2, Quality::good);
  std::vector<std::string> names;
  const ordered_json windows = stream()["windows"];
  for (const auto& window : windows) names.push_back(window["name"]);
  EXPECT_THAT(names, ElementsAre("10ls", "2ls", "other"));
}

TEST_F(StatusDocument, IsMadeOnceHoweverManyAsk) {
  RunTotals totals;
  StatusCache cache(outlook, totals);
  const auto first = cache.now();
  const int reads = record.row_reads;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(cache.now(), first);
  EXPECT_EQ(record.row_reads, reads);
  now_ns += kSecond;
  EXPECT_NE(cache.now(), first) << "ages have changed";
  EXPECT_EQ(cache.now()->essence, first->essence);
  now_ns += kSecond / 2;
  const auto second = cache.now();
  now_ns += kSecond / 10;
  record.verdict("2ls", "score", "ks", 1, 1, 2, Quality::bad);
  EXPECT_NE(cache.now()->essence, second->essence);
}

TEST_F(StatusDocument, SumsReadOnlyWhatIsNew) {
  RunTotals totals;
  for (std::uint32_t ls = 3; ls < 2503; ++ls) record.lumisection(1, ls, line(1));
  EXPECT_EQ(totals.of(record, "m", "s", 1).events, 2800u);
  record.row_reads = 0;
  record.lumisection(1, 2503, line(7));
  EXPECT_EQ(totals.of(record, "m", "s", 1).events, 2807u);
  EXPECT_EQ(record.row_reads, 1);
}

TEST_F(StatusDocument, KnowsTheGapsOfARun) {
  RunTotals totals;
  const ordered_json nothing = {{"expected_orbits", 262144}, {"covered_orbits", 0}};
  record.lumisection(1, 3, nothing);
  record.lumisection(1, 4, nothing);
  record.lumisection(1, 5, line(1));
  record.lumisection(1, 9, line(1));
  EXPECT_THAT(totals.of(record, "m", "s", 1).gaps, ElementsAre(testing::Pair(3u, 4u), testing::Pair(6u, 8u)));
}

}  // namespace
}  // namespace vigil::shift
