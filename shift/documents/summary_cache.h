// Parsed summaries of windows and their references: dear to read, asked for again and again. The newest few are kept.
// Used by the documents of histograms, bunch crossings and rates. Thread-safe.
// Tests: tests/shift/documents_test.cpp.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "shift/documents/histogram.h"
#include "shift/documents/selectors.h"

namespace vigil::shift {

struct WindowSummaries {
  SelectedWindow selected;
  std::shared_ptr<const Summary> window;
  std::shared_ptr<const RecordedReference> reference;  // null: compared with none
};

class SummaryCache {
 public:
  static constexpr std::size_t kKept = 12;

  // Throws BadRequest, NoDocument, and Error for a summary that is damaged.
  WindowSummaries of(const Outlook& outlook, const Request& request);

 private:
  template <class Parsed>
  using Kept = std::list<std::pair<std::string, std::shared_ptr<const Parsed>>>;  // by text, used last first
  template <class Parsed, class Parse>
  std::shared_ptr<const Parsed> kept_or(Kept<Parsed>& kept, const std::string& key, const Parse& parse);

  std::mutex mutex_;
  Kept<Summary> windows_;
  Kept<RecordedReference> references_;
};

}  // namespace vigil::shift
