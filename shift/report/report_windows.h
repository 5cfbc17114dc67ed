// The windows that a stream's section of the report draws from, each opened once. Used by report_stream.cpp.
// Tests: tests/contract/report_test.py.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "alerting/record.h"
#include "core/summary.h"

namespace vigil::shift {

struct ReportWindow {
  alerting::RecordedWindow window;  // without the texts of summary and reference
  std::optional<ModelInfo> model;   // of its hash
  std::optional<Summary> summary;   // with it the model is there
  std::optional<Summary> reference;
  std::string reference_words;
  std::string why_not;  // why there is no summary
};

class ReportWindows {
 public:
  // Both outlive the object.
  ReportWindows(alerting::Record& record, const alerting::RecordedRun& run) : record_(record), run_(run) {}

  // The window of this name that ends with last_ls, without it the newest. Valid until the next call.
  const ReportWindow& open(const std::string& name, std::optional<std::uint32_t> last_ls);

 private:
  static constexpr std::size_t kKept = 12;
  alerting::Record& record_;
  const alerting::RecordedRun& run_;
  std::map<std::pair<std::string, std::uint32_t>, ReportWindow> kept_;
};

}  // namespace vigil::shift
