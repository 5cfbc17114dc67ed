#include "shift/metrics/metric_counts.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/shift/empty_record.h"

namespace vigil::shift {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// A journal with one stream, at run 3 LS 7, and its model.
class OneStream : public fixtures::EmptyRecord {
 public:
  std::vector<alerting::RecordedStream> streams() override { return {{"m", "hash", "s", 3, 7}}; }
  std::optional<alerting::RecordedModel> model(const std::string& hash) override {
    if (hash != "hash") return {};
    alerting::RecordedModel out;
    out.info.outputs.emplace_back().name = "score";
    out.info.seeds.emplace_back().name = "L1";
    return out;
  }
  std::vector<alerting::RecordRow> rows(alerting::RecordTable table, const alerting::RecordFilter&) override;
  std::vector<alerting::RecordRow> newest_verdicts(const std::string&, const std::string&, std::uint32_t) override;
};

json line() {
  return {{"events", 100},
          {"n_bx", 4000},
          {"expected_orbits", 1000},
          {"covered_orbits", 900},
          {"wrong_model_events", 2},
          {"outputs", {{"score", {{"compared", 98}, {"hardware_above", 3}, {"hardware_below", 1}}}}},
          {"seeds",
           {{"L1", {{"compared", 98}, {"hardware", 9}, {"emulator", 8}, {"hardware_only", 2}, {"emulator_only", 1}}}}},
          {"sources",
           {{"link0",
             {{"batches", 5},
              {"missing", 1},
              {"duplicate", 2},
              {"late", 3},
              {"rejected", 4},
              {"dropped", 6},
              {"restarts", 7}}}}}};
}

alerting::RecordRow row(std::uint32_t run, std::uint32_t ls, const json& of = line()) {
  alerting::RecordRow out;
  out.model = "m";
  out.model_hash = "hash";
  out.stream = "s";
  out.run = run;
  out.first_ls = out.last_ls = ls;
  out.line = of.dump();
  return out;
}

alerting::RecordRow verdict(std::uint32_t run, Quality quality, const json& value, const json& limit) {
  alerting::RecordRow out = row(run, 1, {{"value", value}, {"limit", limit}});
  out.window = "10ls";
  out.monitor = "score";
  out.statistic = "ks";
  out.quality = quality;
  return out;
}

std::vector<alerting::RecordRow> OneStream::rows(alerting::RecordTable, const alerting::RecordFilter&) {
  return {row(3, 7)};
}
std::vector<alerting::RecordRow> OneStream::newest_verdicts(const std::string&, const std::string&, std::uint32_t) {
  return {verdict(3, Quality::medium, 0.25, 0.5)};
}

std::string text_of(const MetricCounts& counts) {
  MetricFamilies out;
  counts.tell(out);
  return out.text();
}

constexpr const char* kOf = "{model=\"m\",stream=\"s\"";

TEST(MetricCounts, WhatTheJournalHeldBeforeIsNamedAndCountsNothing) {
  OneStream record;
  const std::string text = text_of(MetricCounts(record, {"10ls"}));
  EXPECT_THAT(text, HasSubstr(std::string("vigil_events_total") + kOf + "} 0\n"));
  EXPECT_THAT(text, HasSubstr(std::string("vigil_coverage_ratio") + kOf + "} 0.9\n"));
  for (const char* quality : {"good", "medium", "bad", "unknown"}) {
    EXPECT_THAT(text, HasSubstr(std::string("vigil_windows_total") + kOf + ",window=\"10ls\",quality=\"" + quality +
                                "\"} 0\n"));
  }
  EXPECT_THAT(text, HasSubstr(std::string("vigil_mismatches_total") + kOf +
                              ",monitor=\"mismatch/L1\",side=\"emulator_only\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(std::string("vigil_batches_total") + kOf + ",source=\"link0\",outcome=\"late\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(std::string("vigil_actions_total") + kOf + ",kind=\"retrain\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(",window=\"10ls\",monitor=\"score\",statistic=\"ks\"} 0.25\n"));
}

TEST(MetricCounts, SumsOverLines) {
  OneStream record;
  MetricCounts counts(record, {"10ls"});
  News news;
  news.lumisections = {row(3, 8), row(3, 9)};
  alerting::RecordRow window = row(3, 9);
  window.window = "10ls";
  window.quality = Quality::bad;
  news.windows = {window};
  news.actions = {row(3, 9, {{"kind", "threshold-adjust"}}), row(3, 9, {{"kind", "no kind"}})};
  counts.take(news);
  const std::string text = text_of(counts);
  const auto expect = [&](const std::string& name, const std::string& labels, const std::string& value) {
    EXPECT_THAT(text, HasSubstr(name + kOf + labels + "} " + value + "\n"));
  };
  expect("vigil_lumisections_total", "", "2");
  expect("vigil_events_total", "", "200");
  expect("vigil_crossings_total", "", "8000");
  expect("vigil_foreign_events_total", "", "4");
  expect("vigil_uncovered_orbits_total", "", "200");
  expect("vigil_compared_events_total", ",monitor=\"mismatch/score\"", "196");
  expect("vigil_mismatches_total", ",monitor=\"mismatch/score\",side=\"hardware_above\"", "6");
  expect("vigil_mismatches_total", ",monitor=\"mismatch/score\",side=\"hardware_below\"", "2");
  expect("vigil_mismatches_total", ",monitor=\"mismatch/L1\",side=\"hardware_only\"", "4");
  expect("vigil_mismatches_total", ",monitor=\"mismatch/L1\",side=\"emulator_only\"", "2");
  expect("vigil_seed_passes_total", ",seed=\"L1\",by=\"hardware\"", "18");
  expect("vigil_seed_passes_total", ",seed=\"L1\",by=\"emulator\"", "16");
  expect("vigil_batches_total", ",source=\"link0\",outcome=\"accepted\"", "10");
  expect("vigil_batches_total", ",source=\"link0\",outcome=\"duplicate\"", "4");
  expect("vigil_batches_total", ",source=\"link0\",outcome=\"late\"", "6");
  expect("vigil_batches_total", ",source=\"link0\",outcome=\"rejected\"", "8");
  expect("vigil_batches_total", ",source=\"link0\",outcome=\"dropped\"", "12");
  expect("vigil_batches_missing_total", ",source=\"link0\"", "2");
  expect("vigil_source_restarts_total", ",source=\"link0\"", "14");
  expect("vigil_windows_total", ",window=\"10ls\",quality=\"bad\"", "1");
  expect("vigil_windows_total", ",window=\"10ls\",quality=\"good\"", "0");
  expect("vigil_actions_total", ",kind=\"threshold-adjust\"", "1");
}

TEST(MetricCounts, ValuesAreTheNewestOfTheNewestRun) {
  OneStream record;
  MetricCounts counts(record, {});
  News news;
  news.verdicts = {verdict(3, Quality::bad, 0.75, nullptr)};
  counts.take(news);
  EXPECT_THAT(text_of(counts), HasSubstr("statistic=\"ks\"} 0.75\n"));
  EXPECT_THAT(text_of(counts), Not(HasSubstr("vigil_monitor_limit")));
  news = {};
  news.lumisections = {row(4, 1)};
  news.verdicts = {verdict(3, Quality::good, 0.5, 0.5)};  // a window that the end of run 3 closed
  counts.take(news);
  EXPECT_THAT(text_of(counts), Not(HasSubstr("vigil_monitor_")));
  news = {};
  news.verdicts = {verdict(4, Quality::unknown, nullptr, 0.5)};
  counts.take(news);
  EXPECT_THAT(text_of(counts), Not(HasSubstr("vigil_monitor_value")));
  EXPECT_THAT(text_of(counts), HasSubstr("statistic=\"ks\"} Nan\n"));
}

TEST(MetricCounts, SixtyFourSourcesByNameAndTheRest) {
  fixtures::EmptyRecord record;
  MetricCounts counts(record, {});
  json wide = line();
  for (int i = 0; i < 100; ++i) {
    const std::string name = "s" + std::to_string(100 + i);
    wide["sources"][name] = {{"batches", 1}};
  }
  News news;
  news.lumisections = {row(1, 1, wide)};  // link0 and s100..s199
  counts.take(news);
  const std::string text = text_of(counts);
  EXPECT_THAT(text, HasSubstr("source=\"link0\",outcome=\"accepted\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("source=\"s162\",outcome=\"accepted\"} 1\n"));  // the 64th
  EXPECT_THAT(text, Not(HasSubstr("source=\"s163\"")));
  EXPECT_THAT(text, HasSubstr("source=\"other\",outcome=\"accepted\"} 37\n"));
}

TEST(MetricCounts, SourcesWithoutEndCostBoundedMemoryAndLoseNoCount) {
  fixtures::EmptyRecord record;
  MetricCounts counts(record, {});
  for (int ls = 1; ls <= 50; ++ls) {
    json wide = {{"sources", json::object()}};
    for (int i = 0; i < 100; ++i) wide["sources"]["s" + std::to_string(ls * 100 + i)] = {{"batches", 1}};
    News news;
    news.lumisections = {row(1, static_cast<std::uint32_t>(ls), wide)};
    counts.take(news);
  }
  EXPECT_THAT(text_of(counts), HasSubstr("source=\"other\",outcome=\"accepted\"} 4936\n"));
}

TEST(MetricCounts, ALineThatIsNoneIsSkipped) {
  fixtures::EmptyRecord record;
  MetricCounts counts(record, {});
  News news;
  alerting::RecordRow broken = row(1, 1);
  broken.line = "{\"events\":";
  news.lumisections = news.verdicts = news.actions = {broken};
  counts.take(news);
  EXPECT_EQ(text_of(counts).find("vigil_events_total{model=\"m\",stream=\"s\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace vigil::shift
