// A window's histogram over its reference's, their ratio and residuals under it, and the map of bunch crossings. Used
// by the report. Pure.
// Tests: tests/shift/svg_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shift/documents/histogram.h"

namespace vigil::shift {

// Counts per LSB, so that wider bins make no steps, the reference scaled to the window's events, on a logarithmic axis;
// thresholds as lines. Without reference, and for a distance, the window alone.
std::string svg_overlay(const ComparedHistogram& histogram, const std::string& monitor);

// Counts by bunch crossing, 27 rows of 132; what holds nothing stays white. `counts`: 3564, index bx - 1. `is_fault`:
// in the colour of bad.
std::string svg_crossings(const std::vector<std::uint32_t>& counts, const std::string& title, bool is_fault);

}  // namespace vigil::shift
