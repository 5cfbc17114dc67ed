#include "app/closing.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

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
  Configuration c_ = testing::demo_configuration();
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
