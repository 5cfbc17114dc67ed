// A monitor's statistic, or a rate, against lumisections: line, limit, marks of the conditions, gaps, quality by shape
// and colour. Used by the report. Pure.
// Tests: tests/shift/svg_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/verdict.h"

namespace vigil::shift {

struct TrendPoint {
  std::uint32_t ls = 0;  // the last of its window
  Quality quality = Quality::unknown;
  std::optional<double> value, limit;
  std::optional<double> low = {}, high = {};  // its interval, where there is one
};

struct TrendMark {
  std::uint32_t ls = 0;
  std::string label;
};

struct Trend {
  std::string title;   // what a reader who does not see it is told
  std::string y_name;  // with unit
  std::uint32_t first_ls = 1, last_ls = 1;
  std::vector<TrendPoint> points;                             // ascending
  std::vector<TrendMark> marks;                               // ascending
  std::vector<std::pair<std::uint32_t, std::uint32_t>> gaps;  // lumisections without any orbit, both ends included
  std::optional<double> target;                               // a line, as of a seed's rate
  std::string limit_name = "limit";
};

// Of many points a column of the drawing shows the lowest and highest value and the worst quality: nothing bad is lost,
// and the size is bounded. No points: that is said.
std::string svg_trend(const Trend& trend);

}  // namespace vigil::shift
