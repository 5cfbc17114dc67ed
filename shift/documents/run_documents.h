// The document of /v1/runs (docs/api.md): each run of each stream with its quality, where conditions changed, and what
// was proposed. Used by document_routes.cpp. Thread-safe.
// Tests: tests/shift/documents_test.cpp, tests/contract/api_documents_test.py.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>

#include "shift/documents/outlook.h"
#include "shift/documents/run_totals.h"

namespace vigil::shift {

nlohmann::ordered_json mark_json(const alerting::Mark& mark);

class RunDocuments {
 public:
  static constexpr std::size_t kRuns = 4096;  // of which the quality is kept

  // Both outlive it.
  RunDocuments(const Outlook& outlook, RunTotals& totals) : outlook_(outlook), totals_(totals) {}
  // Newest first; of a range of lumisections the runs that have one of them. Throws what Record throws.
  nlohmann::ordered_json runs(const alerting::RecordFilter& filter);

 private:
  nlohmann::ordered_json run_json(const alerting::RecordedRun& run, const nlohmann::ordered_json& facts, bool is_over);
  nlohmann::ordered_json quality_json(const alerting::RecordedRun& run, bool is_over);

  const Outlook& outlook_;
  RunTotals& totals_;
  std::mutex mutex_;
  // `quality` and `ranges` of runs that nothing is added to any more.
  std::map<std::tuple<std::string, std::string, std::uint32_t>, nlohmann::ordered_json> over_;
};

}  // namespace vigil::shift
