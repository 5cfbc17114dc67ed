// The paths of docs/api.md that answer with a document, over an Outlook, and what they share: sums, parsed summaries,
// answers that stay as they are until something is committed. Used by app/http_service.cpp.
// Tests: tests/shift/documents_test.cpp, tests/contract/api_documents_test.py.
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <vector>

#include "shift/documents/run_documents.h"
#include "shift/documents/status_document.h"
#include "shift/documents/summary_cache.h"
#include "shift/server/routes.h"

namespace vigil::shift {

// Answers by request, while nothing is committed: fifty people who look at one page cost one document. Thread-safe.
class AnswerCache {
 public:
  static constexpr std::size_t kBytes = 16 * 1024 * 1024;

  using Make = std::function<Answer(const Request&)>;
  Answer answer(std::uint64_t version, const Request& request, const Make& make);

 private:
  struct Kept {
    std::string key;
    Answer answer;
  };
  std::mutex mutex_;
  std::uint64_t version_ = 0;
  std::size_t bytes_ = 0;
  std::list<Kept> kept_;
};

class Documents {
 public:
  // `outlook` outlives it; without a record every path is 503 busy.
  explicit Documents(const Outlook& outlook) : outlook_(outlook) {}
  // This outlives the server.
  std::vector<Route> routes();
  StatusCache& status() { return status_; }
  RunTotals& totals() { return totals_; }

 private:
  using Make = std::function<Answer(const Request&)>;
  std::function<Answer(const Request&)> handler(Make make, bool is_kept);

  const Outlook& outlook_;
  RunTotals totals_;
  SummaryCache summaries_;
  RunDocuments runs_{outlook_, totals_};
  StatusCache status_{outlook_, totals_};
  AnswerCache answers_;
};

}  // namespace vigil::shift
