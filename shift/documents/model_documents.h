// The document of /v1/models (docs/api.md). Used by document_routes.cpp.
// Tests: tests/shift/documents_test.cpp, tests/contract/api_documents_test.py.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "shift/documents/outlook.h"

namespace vigil::shift {

// Every model that has lines, as it was when the journal's program loaded it. Throws what Record throws.
nlohmann::ordered_json models_document(const Outlook& outlook);

}  // namespace vigil::shift
