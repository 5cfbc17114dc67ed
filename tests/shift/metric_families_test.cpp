#include "shift/metrics/metric_families.h"

#include <gmock/gmock.h>

#include <fstream>
#include <limits>
#include <sstream>

namespace vigil::shift {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricFamilies, HelpTypeAndSamplesInTheTablesOrder) {
  MetricFamilies out;
  out.put("vigil_queue_frames", {}, std::uint64_t{3});
  out.put("vigil_events_total", {{"model", "m"}, {"stream", "s"}}, std::uint64_t{1} << 53);
  const std::string text = out.text();
  EXPECT_THAT(text, HasSubstr("# TYPE vigil_events_total counter\n"
                              "vigil_events_total{model=\"m\",stream=\"s\"} 9007199254740992\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE vigil_queue_frames gauge\nvigil_queue_frames 3\n"));
  EXPECT_LT(text.find("vigil_events_total"), text.find("vigil_queue_frames"));
  EXPECT_THAT(text, Not(HasSubstr("vigil_state")));
}

TEST(MetricFamilies, HostileLabelsStayInTheirQuotes) {
  MetricFamilies out;
  out.put("vigil_run_number", {{"model", "a\"b\\c\nd"}, {"stream", "\xff\xc0\x80{}"}}, 1.0);
  EXPECT_THAT(out.text(), HasSubstr("vigil_run_number{model=\"a\\\"b\\\\c\\nd\",stream=\"\xef\xbf\xbd\xef\xbf\xbd\xef"
                                    "\xbf\xbd{}\"} 1\n"));
}

TEST(MetricFamilies, ASeriesIsToldOnce) {
  MetricFamilies out;
  out.put("vigil_run_number", {{"model", "\xff"}, {"stream", "s"}}, 1.0);
  out.put("vigil_run_number", {{"model", "\xfe"}, {"stream", "s"}}, 2.0);  // looks the same
  out.put("vigil_run_number", {{"model", "a"}, {"stream", "bc"}}, 3.0);
  out.put("vigil_run_number", {{"model", "ab"}, {"stream", "c"}}, 4.0);
  const std::string text = out.text();
  EXPECT_THAT(text, HasSubstr("} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("} 2\n")));
  EXPECT_THAT(text, HasSubstr("} 3\n"));
  EXPECT_THAT(text, HasSubstr("} 4\n"));
}

TEST(MetricFamilies, NoNumberIsNaN) {
  MetricFamilies out;
  out.put("vigil_monitor_quality", {}, std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(out.text(), HasSubstr("vigil_monitor_quality Nan\n"));
}

TEST(MetricFamilies, HistogramsEndWithAllOfThem) {
  MetricFamilies out;
  out.put_histogram("vigil_journal_commit_seconds", {{0.01, 2}, {0.1, 5}}, 7, 1.5);
  const std::string text = out.text();
  EXPECT_THAT(text, HasSubstr("vigil_journal_commit_seconds_count 7\n"));
  EXPECT_THAT(text, HasSubstr("vigil_journal_commit_seconds_sum 1.5\n"));
  EXPECT_THAT(text, HasSubstr("vigil_journal_commit_seconds_bucket{le=\"0.1\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("vigil_journal_commit_seconds_bucket{le=\"+Inf\"} 7\n"));
}

TEST(MetricFamilies, WhatIsNoRowIsAnError) {
  MetricFamilies out;
  EXPECT_THROW(out.put("vigil_nothing", {}, 1.0), std::logic_error);
}

TEST(MetricFamilies, EveryRowIsDocumented) {
  std::ifstream in(std::string(VIGIL_SOURCE_DIR) + "/docs/metrics.md");
  std::stringstream page;
  page << in.rdbuf();
  for (const FamilyRow& row : metric_families()) {
    EXPECT_THAT(page.str(), HasSubstr("`" + std::string(row.name) + "`"));
  }
}

}  // namespace
}  // namespace vigil::shift
