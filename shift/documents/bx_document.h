// The documents of /v1/bx and /v1/rate-curve (docs/api.md), both from one window's summary. Used by
// document_routes.cpp. Tests: tests/shift/documents_test.cpp, tests/contract/api_documents_test.py.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "shift/documents/summary_cache.h"

namespace vigil::shift {

// Each throws BadRequest, NoDocument, and Error for a damaged journal.
nlohmann::ordered_json bx_document(const Outlook& outlook, SummaryCache& summaries, const Request& request);
std::vector<Parameter> rate_curve_parameters();
nlohmann::ordered_json rate_curve_document(const Outlook& outlook, SummaryCache& summaries, const Request& request);

}  // namespace vigil::shift
