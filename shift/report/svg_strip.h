// The quality of a run's lumisections as one strip, with its legend. Used by the report. Pure.
// Tests: tests/shift/svg_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shift/documents/certification.h"

namespace vigil::shift {

// As on the page, heights tell qualities apart without colour: bad is full, medium two thirds, good a third, unknown a
// hollow line. What is narrower than can be seen is drawn as wide as can be, the worst on top.
std::string svg_quality_strip(const std::vector<QualityRange>& ranges, const std::string& title);

// A legend of the four shapes with their words, for the head of the document.
std::string svg_quality_legend();

}  // namespace vigil::shift
