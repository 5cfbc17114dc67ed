// The document of /v1/status: everything an overview needs of every stream, by the rules of docs/api.md. Used by the
// server, the event streams, `vigil status` and the metrics.
// Tests: tests/shift/status_document_test.cpp, tests/contract/api_documents_test.py.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "shift/documents/outlook.h"
#include "shift/documents/run_totals.h"

namespace vigil::shift {

// Thread-safe. Throws Error where the journal cannot be read. `totals` makes asking again cheap.
nlohmann::ordered_json status_document(const Outlook& outlook, RunTotals& totals);
nlohmann::ordered_json status_document(const Outlook& outlook);

struct StatusText {
  std::string text;
  std::string essence;  // another one when more than ages changed
};

// The document as text, made at most once for what was committed and the second it is: however many ask. Thread-safe.
class StatusCache {
 public:
  StatusCache(const Outlook& outlook, RunTotals& totals) : outlook_(outlook), totals_(totals) {}
  std::shared_ptr<const StatusText> now();

 private:
  const Outlook& outlook_;
  RunTotals& totals_;
  std::mutex mutex_;
  std::shared_ptr<const StatusText> text_;
  std::uint64_t version_ = 0;
  std::int64_t made_ns_ = 0;
};

}  // namespace vigil::shift
