// One stream's section of the report. Used by report.cpp. Tests: tests/contract/report_test.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shift/documents/certification.h"
#include "shift/report/report.h"
#include "shift/report/report_page.h"
#include "shift/report/report_scan.h"
#include "shift/report/svg_trend.h"

namespace vigil::shift {

// What is known of one (model, stream) of the run.
struct StreamReport {
  alerting::RecordedRun run;
  std::optional<alerting::RecordedModel> model;  // of its newest hash; null: an older vigil wrote the journal
  nlohmann::ordered_json facts;                  // the newest, of whatever run
  bool facts_are_of_run = false;
  RunScan scan;
  std::vector<QualityRange> quality;
  std::vector<Finding> findings;  // windows and sequential rules, worst first
  std::vector<alerting::Mark> marks;
};

void write_stream_section(ReportPage& page, alerting::Record& record, const StreamReport& stream,
                          const ReportSettings& settings);

// The rates of the seeds: table, and each against lumisections.
void write_rates(ReportPage& page, const StreamReport& stream, const std::vector<TrendMark>& marks,
                 const ReportSettings& settings);

// "9e-05", "1.2"; "-" where there is none.
std::string cell_number(const std::optional<double>& value);
std::string in_capitals(Quality quality);
// `LS 3` or `LS 3-7`.
std::string ls_range(std::uint32_t first_ls, std::uint32_t last_ls);

}  // namespace vigil::shift
