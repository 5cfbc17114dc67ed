// The path /v1/elog (docs/report.md): a window as text, with a link that shows the same on the page. Used by
// app/http_service.cpp. Tests: tests/contract/elog_test.py.
#pragma once

#include <string>
#include <vector>

#include "shift/documents/outlook.h"
#include "shift/server/routes.h"

namespace vigil::shift {

// `outlook` outlives the routes; `scheme`: http or https, as the server is reached.
std::vector<Route> elog_routes(const Outlook& outlook, const std::string& scheme);

// The view of the page that shows a window, or in it one monitor (not empty); the overview where that takes more than
// `most` bytes. Pure.
std::string permalink(const std::string& origin, const std::string& model, const std::string& stream,
                      const std::string& monitor, const std::string& window, std::uint32_t run, std::uint32_t ls,
                      std::size_t most);

}  // namespace vigil::shift
