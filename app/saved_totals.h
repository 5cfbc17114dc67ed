// The totals of the digest line as text, for who goes on with a result that another process began.
// Tests: tests/app/exact_state_test.cpp.
#pragma once

#include <string>

#include "core/results.h"

namespace vigil::app {

std::string saved_totals(const Totals& totals);
// Throws Error on other text.
Totals totals_from(const std::string& text);

}  // namespace vigil::app
