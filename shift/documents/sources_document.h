// The document of /v1/sources (docs/api.md): who sends, how old that is, what became of it. Used by
// document_routes.cpp. Tests: tests/shift/documents_test.cpp, tests/contract/api_documents_test.py.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "shift/documents/outlook.h"
#include "shift/documents/run_totals.h"
#include "shift/server/routes.h"

namespace vigil::shift {

nlohmann::ordered_json sources_document(const Outlook& outlook, RunTotals& totals, const Request& request);

}  // namespace vigil::shift
