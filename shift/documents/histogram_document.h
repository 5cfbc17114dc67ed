// The document of /v1/histogram (docs/api.md), as numbers or as a TH1D in ROOT's JSON. Used by document_routes.cpp.
// Tests: tests/shift/histogram_document_test.cpp, tests/contract/api_documents_test.py.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "shift/documents/histogram.h"
#include "shift/documents/summary_cache.h"

namespace vigil::shift {

std::vector<Parameter> histogram_parameters();
// Throws BadRequest, NoDocument, and Error for a damaged journal.
nlohmann::ordered_json histogram_document(const Outlook& outlook, SummaryCache& summaries, const Request& request);

// One TH1D with all its members, as TBufferJSON writes it. `part`: window, reference (scaled to the window's events),
// ratio (null as 0); the last two need a reference.
nlohmann::ordered_json root_histogram(const ComparedHistogram& histogram, const std::string& monitor,
                                      const std::string& part);

}  // namespace vigil::shift
