#include "shift/report/svg_rate_curve.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "shift/report/svg_axis.h"
#include "shift/report/svg_canvas.h"

namespace vigil::shift {
namespace {

constexpr double kHeight = 320, kTop = 36, kBottom = 276;
constexpr const char* kCompatibleFill = "#dcebdf";
constexpr const char* kCompatibleInk = "#2f6b3c";
constexpr const char* kStyle =
    "<style>text{font:12px system-ui,sans-serif}.tick,.mark{font-size:11px}</style>"
    "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";

double real(std::int64_t threshold) { return static_cast<double>(threshold); }

// Thresholds above a word and up to the next have one rate, so the curve is of steps that end at its points.
std::vector<std::pair<double, double>> steps(const std::vector<RatePoint>& points, double RatePoint::*rate,
                                             const Axis& x, const Axis& y) {
  std::vector<std::pair<double, double>> line;
  double left = x.from();
  for (const RatePoint& point : points) {
    const double height = y.at(point.*rate), right = x.at(real(point.threshold));
    line.emplace_back(left, height);
    line.emplace_back(right, height);
    left = right;
  }
  return line;
}

void draw_band(SvgCanvas& canvas, const std::vector<RatePoint>& points, const Axis& x, const Axis& y) {
  auto outline = steps(points, &RatePoint::high_hz, x, y);
  const auto low = steps(points, &RatePoint::low_hz, x, y);
  outline.insert(outline.end(), low.rbegin(), low.rend());
  canvas.polyline(outline, std::string("fill=\"") + ink::kWindowFill + "\" stroke=\"none\"");
}

void draw_compatible(SvgCanvas& canvas, const std::vector<std::int64_t>& range, const Axis& x) {
  if (range.size() != 2) return;
  const double left = x.at(real(range[0]) - 0.5), right = x.at(real(range[1]) + 0.5);
  canvas.rect(left, kTop, std::max(right - left, 1.5), kBottom - kTop, std::string("fill=\"") + kCompatibleFill + "\"");
  const std::string words =
      "compatible " + std::to_string(range[0]) + (range[0] == range[1] ? "" : " to " + std::to_string(range[1]));
  const double middle = (left + right) / 2;
  const bool fits_right = middle < (kFigureLeft + kFigureRight) / 2;
  canvas.text(fits_right ? left : right, kTop - 6, words, fits_right ? "start" : "end",
              std::string("class=\"mark\" fill=\"") + kCompatibleInk + "\"");
}

void draw_current(SvgCanvas& canvas, std::int64_t threshold, const Axis& x) {
  const double at = x.at(real(threshold));
  canvas.line(at, kTop, at, kBottom, std::string("stroke=\"") + ink::kLimit + "\" stroke-dasharray=\"6 3\"");
  const bool fits_right = at < (kFigureLeft + kFigureRight) / 2;
  canvas.text(at + (fits_right ? 4 : -4), kBottom - 6, "current " + std::to_string(threshold),
              fits_right ? "start" : "end", std::string("class=\"mark\" fill=\"") + ink::kLimit + "\"");
}

void draw_target(SvgCanvas& canvas, double target_hz, const Axis& y) {
  const double at = y.at(target_hz);
  canvas.line(kFigureLeft, at, kFigureRight, at, std::string("stroke=\"") + ink::kReference + "\"");
  canvas.text(kFigureRight - 2, at - 4, "target " + short_value(target_hz) + " Hz", "end",
              std::string("class=\"mark\" fill=\"") + ink::kReference + "\"");
}

}  // namespace

std::string svg_rate_curve(const RateCurveFigure& figure) {
  const RateCurve& curve = figure.curve;
  double lowest = INFINITY, highest = curve.target_rate_hz.value_or(0);
  if (highest > 0) lowest = highest;
  for (const RatePoint& point : curve.points) {
    if (point.rate_hz > 0) lowest = std::min(lowest, point.rate_hz);
    highest = std::max(highest, point.high_hz);
  }
  if (!std::isfinite(lowest)) lowest = highest > 0 ? highest : 1;
  double left = 0, right = 1;
  if (!curve.points.empty()) {
    left = real(curve.points.front().threshold);
    right = real(curve.points.back().threshold);
  }
  if (figure.current) {
    left = std::min(left, real(*figure.current));
    right = std::max(right, real(*figure.current));
  }
  SvgCanvas canvas(kFigureWidth, kHeight, figure.title, "rate-curve");
  canvas.raw(kStyle);
  const double air = std::max(1.0, 0.02 * (right - left));
  const Axis x(left - air, right + air, kFigureLeft, kFigureRight), y(lowest / 10, highest * 2, kBottom, kTop, true);
  draw_compatible(canvas, curve.thresholds_compatible, x);
  draw_band(canvas, curve.points, x, y);
  draw_frame(canvas, x, y, x.ticks(8, true), y.ticks(6), "threshold (hardware word)", "rate (Hz)");
  if (curve.target_rate_hz) draw_target(canvas, *curve.target_rate_hz, y);
  canvas.polyline(steps(curve.points, &RatePoint::rate_hz, x, y),
                  std::string("fill=\"none\" stroke=\"") + ink::kWindow + "\" stroke-width=\"1.6\"");
  if (figure.current) draw_current(canvas, *figure.current, x);
  canvas.text(kFigureLeft, 16, figure.title, "start", std::string("fill=\"") + ink::kText + "\"");
  return canvas.str();
}

}  // namespace vigil::shift
