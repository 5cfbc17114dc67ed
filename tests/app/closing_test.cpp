#include "app/closing.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/lhc.h"
#include "tests/app/demo_frames.h"

namespace vigil::app {
namespace {

using nlohmann::json;
using Table = alerting::JournalRow::Table;

class ClosingTest : public ::testing::Test {
 protected:
  ClosingTest() { c_.monitors.windows = {{"1ls", 1, 1}}; }
  ingest::Closed closed(std::uint32_t ls) {
    ingest::Closed out;
    out.run = 7;
    out.ls = ls;
    out.covered_orbits = 131072;
    out.sources["a"].batches = 3;
    out.sources["a"].missing = 2;
    return out;
  }
  Configuration c_ = fixtures::demo_configuration();
  const ModelSet models_{c_.models};
  MonitoredStream stream_{models_.all().front(), "scouting", c_, std::nullopt};
  Totals totals_;
};

TEST_F(ClosingTest, ALumisectionIsOneLineOneRowAndTheSnapshot) {
  std::uint32_t seen = 0;
  const Closing closing = close_lumisection(
      stream_, closed(4), [&](const monitors::ClosedLumisection& l) { seen = l.lumisection.ls; }, totals_);
  ASSERT_FALSE(closing.lines.empty());
  const json line = json::parse(closing.lines.front());
  EXPECT_EQ(line["type"], "lumisection");
  EXPECT_EQ(line["run"], 7);
  EXPECT_EQ(line["ls"], 4);
  EXPECT_EQ(line["sources"]["a"]["missing"], 2);
  EXPECT_EQ(closing.commit.rows.front().table, Table::lumisection);
  EXPECT_EQ(closing.commit.rows.front().line, closing.lines.front());
  EXPECT_EQ(seen, 4u);
  EXPECT_EQ(stream_.snapshot.ls, 4u);
  EXPECT_DOUBLE_EQ(stream_.snapshot.coverage, 0.5);
  EXPECT_EQ(stream_.snapshot.losses.missing, 2u);
  EXPECT_EQ(totals_.lumisections, 1u);
}

TEST_F(ClosingTest, EveryLineIsARowAndIsCounted) {
  Totals before = totals_;
  std::size_t lines = 0, rows = 0, actions = 0;
  for (std::uint32_t ls = 1; ls <= 3; ++ls) {
    const Closing closing = close_lumisection(stream_, closed(ls), {}, totals_);
    lines += closing.lines.size();
    for (const auto& row : closing.commit.rows) {
      rows += row.table != Table::kept_event;
      EXPECT_EQ(row.model_hash, models_.all().front()->info().hash);
    }
    actions += closing.commit.actions.size();
  }
  EXPECT_EQ(lines, rows + actions);
  EXPECT_EQ(lines, totals_.lumisections + totals_.windows + totals_.verdicts + totals_.actions);
  EXPECT_GT(totals_.windows, before.windows);
}

TEST_F(ClosingTest, TheSnapshotHasTheQualityOfTheNewestWindow) {
  JudgedWindow judged;
  judged.window.name = "1ls";
  judged.window.model = stream_.snapshot.model;
  judged.window.stream = "scouting";
  judged.window.quality = Quality::medium;
  judged.window.reason = "so it is";
  Closing closing;
  add_windows(stream_, {judged}, closing, totals_);
  EXPECT_EQ(stream_.snapshot.quality, Quality::medium);
  EXPECT_EQ(stream_.snapshot.reason, "so it is");
  ASSERT_EQ(closing.lines.size(), 1u);
  EXPECT_EQ(json::parse(closing.lines[0])["type"], "window");
  EXPECT_EQ(closing.windows.size(), 1u);
}

// People are told by every rule there is, whether or not its verdict is a line.
TEST_F(ClosingTest, TheAlarmsGetAllVerdictsOfALumisection) {
  std::map<std::string, std::size_t> rules;
  for (const Verdict& rule : stream_.monitor.rules()) ++rules[rule.window];
  ASSERT_EQ(rules.size(), 2u);
  (void)close_lumisection(stream_, closed(1), {}, totals_);
  const Closing closing = close_lumisection(stream_, closed(2), {}, totals_);
  ASSERT_EQ(closing.commit.alarms.size(), 1u);
  const alerting::AlarmUpdate& update = closing.commit.alarms.front();
  EXPECT_EQ(update.model, stream_.snapshot.model);
  EXPECT_EQ(update.stream, "scouting");
  EXPECT_EQ(update.run, 7u);
  EXPECT_EQ(update.ls, 2u);
  EXPECT_TRUE(update.is_lumisection);
  std::map<std::string, std::size_t> told;
  for (const alerting::AlarmWindow& window : update.windows) told[window.name] = window.readings.size();
  EXPECT_EQ(told, rules);
}

TEST_F(ClosingTest, WindowsCutAfterTheLastLumisectionTellTheAlarmsAndLetNoTimePass) {
  JudgedWindow judged;
  judged.window.name = "1ls";
  judged.window.model = stream_.snapshot.model;
  judged.window.stream = "scouting";
  judged.window.run = 7;
  judged.window.last_ls = 9;
  judged.verdicts.resize(1);
  judged.verdicts[0].window = "1ls";
  judged.verdicts[0].monitor = "score";
  judged.verdicts[0].quality = Quality::bad;
  Closing closing;
  add_windows(stream_, {judged}, closing, totals_);
  ASSERT_EQ(closing.commit.alarms.size(), 1u);
  const alerting::AlarmUpdate& update = closing.commit.alarms.front();
  EXPECT_FALSE(update.is_lumisection);
  EXPECT_EQ(update.ls, 9u);
  ASSERT_EQ(update.windows.size(), 1u);
  EXPECT_EQ(update.windows[0].readings.at(0).quality, Quality::bad);
}

// act_when: out of its context people are told nothing, neither that something is bad nor that it is good again.
class ActWhenClosingTest : public ClosingTest {
 protected:
  ActWhenClosingTest() { c_.act_when = {{"STABLE*"}, {}}; }
  alerting::AlarmUpdate update_of(MonitoredStream& stream, std::uint32_t ls, std::optional<std::string> mode) {
    EventBatch batch;
    batch.run = 7;
    batch.ls = ls;
    batch.first_orbit = lhc::first_orbit(ls);
    batch.last_orbit = batch.first_orbit + 10;
    batch.n = 1;
    batch.context.beam_mode = std::move(mode);
    stream.context.add(batch, stream.model->info().hash);
    Closing closing = close_lumisection(stream, closed(ls), {}, totals_);
    EXPECT_EQ(closing.commit.alarms.size(), 1u);
    return closing.commit.alarms.at(0);
  }
};

TEST_F(ActWhenClosingTest, AlarmsAreToldOfTheLumisectionsInWhichVigilActs) {
  MonitoredStream stream(models_.all().front(), "scouting", c_, std::nullopt);
  alerting::AlarmUpdate update = update_of(stream, 1, std::nullopt);  // the data do not say
  EXPECT_FALSE(update.acts);
  EXPECT_TRUE(update.windows.empty());
  EXPECT_TRUE(update.is_lumisection);  // time passes all the same
  update = update_of(stream, 2, "RAMP");
  EXPECT_FALSE(update.acts);
  EXPECT_TRUE(update.windows.empty());
  update = update_of(stream, 3, "STABLE BEAMS");
  EXPECT_TRUE(update.acts);
  EXPECT_FALSE(update.windows.empty());
  EXPECT_TRUE(update_of(stream, 4, std::nullopt).acts);  // carried on
  update = update_of(stream, 5, "RAMP");
  EXPECT_FALSE(update.acts);
}

TEST_F(ActWhenClosingTest, AWindowIsOfTheContextOfItsLastLumisection) {
  MonitoredStream stream(models_.all().front(), "scouting", c_, std::nullopt);
  (void)update_of(stream, 1, "STABLE BEAMS");
  (void)update_of(stream, 2, "RAMP");
  JudgedWindow judged;
  judged.window.name = "1ls";
  judged.window.model = stream.snapshot.model;
  judged.window.stream = "scouting";
  judged.window.run = 7;
  judged.verdicts.resize(1);
  judged.verdicts[0].window = "1ls";
  judged.verdicts[0].quality = Quality::bad;
  for (const std::uint32_t last_ls : {1u, 2u}) {
    judged.window.first_ls = judged.window.last_ls = last_ls;
    Closing closing;
    add_windows(stream, {judged}, closing, totals_);
    ASSERT_EQ(closing.commit.alarms.size(), 1u);
    EXPECT_EQ(closing.commit.alarms[0].acts, last_ls == 1);
    EXPECT_EQ(closing.commit.alarms[0].windows.size(), last_ls == 1 ? 1u : 0u);
  }
}

TEST_F(ClosingTest, ASourceThatFellSilentIsANotice) {
  ingest::Closed last = closed(4);
  last.sources["b"].silent_since_ls = 2;
  last.silent = {{"b", 7, 2}};
  const Closing closing = close_lumisection(stream_, std::move(last), {}, totals_);
  ASSERT_EQ(closing.actions.size(), 1u);
  EXPECT_EQ(closing.actions[0].kind, ActionKind::notify);
  EXPECT_EQ(closing.actions[0].cause, Cause::data);
  EXPECT_EQ(closing.actions[0].subject, "b");
  EXPECT_EQ(closing.commit.actions.size(), 1u);
  EXPECT_TRUE(close_lumisection(stream_, closed(5), {}, totals_).commit.closed_action_ids.empty());
  ingest::Closed back = closed(6);
  back.sources["b"].batches = 1;
  const Closing next = close_lumisection(stream_, std::move(back), {}, totals_);
  EXPECT_EQ(next.commit.closed_action_ids.size(), 1u);  // it sends again
}

}  // namespace
}  // namespace vigil::app
