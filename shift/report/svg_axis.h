// Axes of the drawings: a range of values on a stretch of the canvas, round ticks, a frame with labels. Used by every
// svg_*.cpp that has a scale. Pure.
// Tests: tests/shift/svg_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shift/report/svg_canvas.h"

namespace vigil::shift {

// Every figure is as wide, and its axes end where those of the others do: figures below each other compare.
inline constexpr double kFigureWidth = 720, kFigureLeft = 64, kFigureRight = 708;

// Four significant digits: 0.0012, 1.5, 12.3k, 2.1M.
std::string short_value(double value);

class Axis {
 public:
  // `from` and `to` in canvas units: where `low` and `high` come to lie. Logarithmic: both above 0, made so where not.
  // low = high is widened.
  Axis(double low, double high, double from, double to, bool logarithmic = false);

  double at(double value) const;  // clamped to the stretch
  double low() const { return low_; }
  double high() const { return high_; }
  double from() const { return from_; }
  double to() const { return to_; }
  // Round values within the range, ascending, about `wanted` of them, at least one; `whole`: no fractions.
  std::vector<double> ticks(std::size_t wanted, bool whole = false) const;

 private:
  double low_, high_, from_, to_;
  bool logarithmic_;
};

// A range that holds the values with some air, and 0 where it is near.
struct Range {
  double low = 0, high = 1;
  bool is_empty = true;
  void add(double value);
  Range with_air() const;
};

// Frame, grid, ticks and names of both axes; `x_labels` false: the panel below has them.
void draw_frame(SvgCanvas& canvas, const Axis& x, const Axis& y, const std::vector<double>& x_ticks,
                const std::vector<double>& y_ticks, std::string_view x_name, std::string_view y_name,
                bool x_labels = true);

}  // namespace vigil::shift
