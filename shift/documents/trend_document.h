// The document of /v1/trend (docs/api.md): one statistic of one monitor over a run. Used by document_routes.cpp.
// Tests: tests/shift/documents_test.cpp, tests/contract/api_documents_test.py.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "shift/documents/outlook.h"
#include "shift/documents/run_totals.h"
#include "shift/server/routes.h"

namespace vigil::shift {

std::vector<Parameter> trend_parameters();
// Throws BadRequest, NoDocument, and what Record throws.
nlohmann::ordered_json trend_document(const Outlook& outlook, RunTotals& totals, const Request& request);

}  // namespace vigil::shift
