// The page (docs/page.md): one document at the path of every view, and its assets below a hash of their content.
// Everything is inside the executable, compressed once when it was built.
// Tests: tests/shift/page_routes_test.cpp, tests/browser/*_test.mjs.
#pragma once

#include <vector>

#include "shift/server/routes.h"

namespace vigil::shift {

// Their handlers wait for nothing and are thread-safe.
std::vector<Route> page_routes();

// False: vigil was built without uPlot and JSROOT, and the page shows numbers in tables for plots.
bool page_has_plots();

}  // namespace vigil::shift
