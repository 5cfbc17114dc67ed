#include "alerting/record.h"

#include <gtest/gtest.h>

#include <thread>

#include "alerting/journal.h"
#include "alerting/record_store.h"
#include "core/error.h"
#include "tests/alerting/journals.h"

namespace vigil::alerting {
namespace {

using Table = JournalRow::Table;

ModelInfo toy() {
  ModelInfo m;
  m.name = "axol1tl";
  m.hash = std::string(64, 'a');
  m.inputs = {{"x[0]", parse_fixed_point("ap_fixed<8,8>", ""), false, {}, ""}};
  m.outputs = {{"score", parse_fixed_point("ap_ufixed<8,8>", ""), 0, 1}};
  return m;
}

JournalRow window_row(std::uint32_t first, std::uint32_t last, const std::shared_ptr<const std::string>& reference) {
  JournalRow row = test_row(Table::window, last);
  row.first_ls = first;
  WindowContents contents{Summary(toy()), reference};
  contents.summary.events = last;
  row.contents = std::make_shared<const WindowContents>(std::move(contents));
  return row;
}

JournalRow verdict_row(std::uint32_t ls, const std::string& monitor, Quality quality, const std::string& window) {
  JournalRow row = test_row(Table::verdict, ls);
  row.monitor = monitor;
  row.quality = quality;
  row.window = window;
  return row;
}

class RecordTest : public testing::Test {
 protected:
  void commit(Commit c) { journal.commit(c); }
  void commit_rows(std::vector<JournalRow> rows) {
    Commit c;
    c.rows = std::move(rows);
    journal.commit(c);
  }
  TemporaryFolder folder;
  std::string file = folder / "j.db";
  Journal journal{file};
};

TEST_F(RecordTest, FindsRowsByWhatTheyAreLookedUpBy) {
  for (std::uint32_t ls = 1; ls <= 20; ++ls) {
    commit_rows({test_row(Table::lumisection, ls), verdict_row(ls, "input/jet[0].pt", Quality::good, "10ls"),
                 verdict_row(ls, "input/jet?0].pt", Quality::bad, "10ls"),
                 verdict_row(ls, "score", ls > 10 ? Quality::medium : Quality::good, "sequential")});
  }
  const auto record = open_record(file);
  const auto count = [&](const RecordFilter& filter) { return record->rows(RecordTable::verdicts, filter).size(); };
  EXPECT_EQ(count({}), 60u);
  EXPECT_EQ(count({.limit = 7}), 7u);
  EXPECT_EQ(count({.model = "axol1tl", .stream = "scouting", .run = 1}), 60u);
  EXPECT_EQ(count({.model = "axol1tl' OR 1 = 1 --"}), 0u);
  EXPECT_EQ(count({.run = 2}), 0u);
  EXPECT_EQ(count({.first_ls = 5, .last_ls = 6}), 6u);
  EXPECT_EQ(count({.window = "sequential"}), 20u);
  EXPECT_EQ(count({.monitor = "input/*"}), 40u);
  EXPECT_EQ(count({.monitor = "input/jet[0].*"}), 20u);
  EXPECT_EQ(count({.monitor = "input/jet?0].*"}), 20u);
  EXPECT_EQ(count({.monitor = "input/jet[0].pt"}), 20u);
  EXPECT_EQ(count({.statistic = "chi2"}), 0u);
  EXPECT_EQ(count({.qualities = {Quality::bad, Quality::medium}}), 30u);
  const auto newest = record->rows(RecordTable::lumisections, {.limit = 2});
  ASSERT_EQ(newest.size(), 2u);
  EXPECT_EQ(newest[0].last_ls, 20u);
  EXPECT_EQ(newest[0].line, R"({"ls":20})");
  EXPECT_EQ(newest[0].window, "");
}

TEST_F(RecordTest, PagesNeitherRepeatNorSkipWhileLinesAreAdded) {
  for (std::uint32_t ls = 1; ls <= 10; ++ls) commit_rows({test_row(Table::lumisection, ls)});
  const auto record = open_record(file);
  std::vector<std::uint32_t> down, up;
  std::optional<std::int64_t> after;
  for (std::uint32_t added = 11;; ++added) {
    const auto page = record->rows(RecordTable::lumisections, {.after = after, .limit = 3});
    if (page.empty()) break;
    for (const RecordRow& row : page) down.push_back(row.last_ls);
    after = page.back().seq;
    commit_rows({test_row(Table::lumisection, added)});
  }
  EXPECT_EQ(down, (std::vector<std::uint32_t>{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}));
  std::int64_t seq = 0;
  while (true) {
    const auto page = record->rows_after(RecordTable::lumisections, seq, 4);
    if (page.empty()) break;
    for (const RecordRow& row : page) up.push_back(row.last_ls);
    seq = page.back().seq;
  }
  EXPECT_EQ(up.size(), 14u);
  EXPECT_TRUE(std::is_sorted(up.begin(), up.end()));
  EXPECT_EQ(seq, record->newest_seq(RecordTable::lumisections));
}

TEST_F(RecordTest, TheNewestVerdictOfEachRuleIsThatOfTheRunAskedFor) {
  const auto record = open_record(file);
  EXPECT_TRUE(record->newest_verdicts("axol1tl", "scouting", 1).empty());
  commit_rows({verdict_row(10, "score", Quality::bad, "10ls"), verdict_row(10, "x", Quality::good, "10ls"),
               verdict_row(10, "score", Quality::good, "sequential")});
  EXPECT_EQ(record->newest_verdicts("axol1tl", "scouting", 1).size(), 3u);
  JournalRow other = verdict_row(12, "score", Quality::bad, "10ls");
  other.stream = "express";
  JournalRow later = verdict_row(3, "x", Quality::medium, "10ls");
  later.run = 2;
  commit_rows({verdict_row(15, "score", Quality::medium, "10ls"), other, later});
  const auto first = record->newest_verdicts("axol1tl", "scouting", 1);
  ASSERT_EQ(first.size(), 3u);
  for (const RecordRow& row : first) {
    if (row.monitor == "score" && row.window == "10ls") EXPECT_EQ(row.quality, Quality::medium);
    EXPECT_EQ(row.run, 1u);
  }
  EXPECT_EQ(record->newest_verdicts("axol1tl", "scouting", 2).size(), 1u);
  EXPECT_EQ(record->newest_verdicts("axol1tl", "scouting", 1).size(), 3u);
}

TEST_F(RecordTest, AWindowComesWithItsSummaryAndReferenceUntilItMakesRoom) {
  journal.keep_contents(2, "learn:20");
  const auto record = open_record(file);
  const auto reference = std::make_shared<const std::string>("a reference");
  commit_rows({window_row(1, 10, nullptr), test_row(Table::verdict, 10)});
  commit_rows({window_row(6, 15, reference)});
  const auto learning = record->window("axol1tl", "scouting", "10ls", 1, 10);
  ASSERT_TRUE(learning);
  EXPECT_EQ(learning->reference, "");
  EXPECT_EQ(summary_from_json(learning->summary, toy(), "test").events, 10u);
  auto newest = record->window("axol1tl", "scouting", "10ls", 1, {});
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->row.first_ls, 6u);
  EXPECT_EQ(newest->reference, "a reference");
  EXPECT_EQ(newest->reference_name, "learn:20");
  commit_rows({window_row(11, 20, reference)});  // the same text is stored once
  newest = record->window("axol1tl", "scouting", "10ls", 1, 20);
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->reference, "a reference");
  const auto gone = record->window("axol1tl", "scouting", "10ls", 1, 10);
  ASSERT_TRUE(gone);
  EXPECT_TRUE(gone->given_up);
  EXPECT_EQ(gone->summary, "");
  EXPECT_FALSE(record->window("axol1tl", "scouting", "10ls", 1, 11));
  EXPECT_FALSE(record->window("axol1tl", "scouting", "20ls", 1, 10));
}

TEST_F(RecordTest, NothingIsKeptWhereNothingIsToBeKept) {
  commit_rows({window_row(1, 10, nullptr)});
  const auto window = open_record(file)->window("axol1tl", "scouting", "10ls", 1, 10);
  ASSERT_TRUE(window);
  EXPECT_FALSE(window->given_up);
  EXPECT_EQ(window->summary, "");
}

TEST_F(RecordTest, StreamsRunsMarksAndModels) {
  journal.put_models({{toy(), {"score", "input/x[0]"}}});
  Commit c = commit_of(7);
  c.streams = {{"axol1tl", std::string(64, 'a'), "scouting", 1, 7, R"({"selection":"zero_bias"})"}};
  c.marks = {{.model = "axol1tl", .stream = "scouting", .run = 1, .ls = 7, .kind = "menu", .from = {}, .to = "m1"}};
  commit(c);
  c = commit_of(8, false);
  c.streams = {{"axol1tl", std::string(64, 'a'), "scouting", 1, 8, "{}"}};
  commit(c);
  const auto record = open_record(file);
  const auto streams = record->streams();
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_EQ(streams[0].ls, 8u);
  EXPECT_EQ(streams[0].facts, "{}");
  const auto runs = record->runs({});
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].first_ls, 7u);
  EXPECT_EQ(runs[0].last_ls, 8u);
  EXPECT_EQ(runs[0].lumisections, 2u);
  const auto marks = record->marks("axol1tl", "scouting", 1);
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_FALSE(marks[0].from);
  EXPECT_EQ(marks[0].to, "m1");
  ASSERT_TRUE(record->model(std::string(64, 'a')));
  EXPECT_EQ(record->model(std::string(64, 'a'))->monitors[1], "input/x[0]");
  EXPECT_FALSE(record->model("b"));
  EXPECT_EQ(record->actions_of_run("axol1tl", "scouting", 1), 1u);
  EXPECT_EQ(record->open_actions("axol1tl", "scouting"), 1u);
  EXPECT_EQ(record->action_counts().open, 1u);
}

TEST_F(RecordTest, ActionsAreCountedByKindAndEntriesBySink) {
  journal.set_sinks({{"first", {}, {}, ""}, {"second", {}, {}, ""}});
  commit(commit_of(1));
  commit(commit_of(2));
  Commit end = commit_of(3, false);
  end.closed_action_ids = {test_action(1).id};
  commit(end);
  Attempt sent;
  sent.id = test_action(1).id;
  sent.sink = "first";
  sent.delivery = Delivery::delivered;
  ASSERT_TRUE(!journal.heads("first", 1).empty());
  ASSERT_TRUE(journal.begin_attempt(sent.id, "first", 1));
  journal.record_attempt(sent);
  const auto record = open_record(file);
  const auto tallies = record->action_tallies();
  ASSERT_EQ(tallies.size(), 1u);
  EXPECT_EQ(tallies[0].kind, "notify");
  EXPECT_EQ(tallies[0].stream, "scouting");
  EXPECT_EQ(tallies[0].open, 1u);
  EXPECT_EQ(record->pending_by_sink(), (std::map<std::string, std::uint64_t>{{"first", 1}, {"second", 2}}));
}

TEST_F(RecordTest, TheVersionChangesWithEveryCommitAndOnlyThen) {
  const auto record = open_record(file);
  const auto before = record->version();
  EXPECT_EQ(record->version(), before);
  commit_rows({test_row(Table::lumisection, 1)});
  const auto after = record->version();
  EXPECT_NE(after, before);
  EXPECT_EQ(record->version(), after);
}

// While one writes, another sees whole commits: a lumisection with its window.
TEST_F(RecordTest, SeesWholeCommitsWhileTheJournalIsWritten) {
  const auto record = open_record(file);
  std::thread writer([&] {
    for (std::uint32_t ls = 1; ls <= 100; ++ls) {
      commit_rows({test_row(Table::lumisection, ls), test_row(Table::window, ls)});
    }
  });
  std::int64_t lumisections = 0;
  while (lumisections < 100) {
    lumisections = record->newest_seq(RecordTable::lumisections);
    EXPECT_GE(record->newest_seq(RecordTable::windows), lumisections);
  }
  writer.join();
}

TEST(RecordStore, DamagedSummariesAreSaid) {
  const std::string bytes = store::packed(std::string(1000, 'x'));
  EXPECT_EQ(store::unpacked(bytes.data(), bytes.size()), std::string(1000, 'x'));
  EXPECT_THROW((void)store::unpacked(bytes.data(), bytes.size() / 2), Error);
  EXPECT_THROW((void)store::unpacked("nonsense", 8), Error);
}

TEST(Record, AMissingFileIsSaid) { EXPECT_THROW((void)open_record("/nonexistent/j.db"), Error); }

}  // namespace
}  // namespace vigil::alerting
