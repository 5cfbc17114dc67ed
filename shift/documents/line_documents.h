// The documents of /v1/lumisections, /v1/windows and /v1/verdicts (docs/api.md): result lines as they were printed,
// page by page. Used by document_routes.cpp. Pure but for the record. Tests: tests/shift/documents_test.cpp,
// tests/contract/api_documents_test.py.
#pragma once

#include <string>
#include <vector>

#include "shift/documents/outlook.h"
#include "shift/server/routes.h"

namespace vigil::shift {

// The parameters of a table: filters, what its lines can be chosen by, order, limit, after.
std::vector<Parameter> line_parameters(alerting::RecordTable table);

// {"items":[…],"next":…} as text. A page goes on after a row, not after a number of rows: what is added meanwhile moves
// nothing. Throws BadRequest, and what Record throws.
std::string lines_document(const Outlook& outlook, alerting::RecordTable table, const Request& request);

}  // namespace vigil::shift
