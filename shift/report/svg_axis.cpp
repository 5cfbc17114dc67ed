#include "shift/report/svg_axis.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace vigil::shift {
namespace {

std::string digits(double value, int precision) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, precision).ptr;
  return {text, end};
}

}  // namespace

std::string short_value(double value) {
  const double size = std::fabs(value);
  if (size >= 1e9) return digits(value / 1e9, 3) + "G";
  if (size >= 1e6) return digits(value / 1e6, 3) + "M";
  if (size >= 1e4) return digits(value / 1e3, 3) + "k";
  return digits(value, 4);
}

Axis::Axis(double low, double high, double from, double to, bool logarithmic)
    : low_(low), high_(high), from_(from), to_(to), logarithmic_(logarithmic) {
  if (!std::isfinite(low_)) low_ = 0;
  if (!std::isfinite(high_)) high_ = low_ + 1;
  if (logarithmic_) {
    if (high_ <= 0) high_ = 1;
    if (low_ <= 0) low_ = high_ / 1e3;
    if (!(high_ > low_)) high_ = low_ * 10;
  } else if (!(high_ > low_)) {
    high_ = low_ + std::max(1.0, std::fabs(low_) * 0.1);
  }
}

double Axis::at(double value) const {
  double part;
  if (logarithmic_) {
    part = value <= 0 ? 0 : std::log(value / low_) / std::log(high_ / low_);
  } else {
    part = (value - low_) / (high_ - low_);
  }
  if (!std::isfinite(part)) part = part > 0 ? 1 : 0;
  return from_ + std::clamp(part, 0.0, 1.0) * (to_ - from_);
}

std::vector<double> Axis::ticks(std::size_t wanted, bool whole) const {
  std::vector<double> out;
  if (logarithmic_) {
    const int first = static_cast<int>(std::ceil(std::log10(low_) - 1e-9));
    const int last = static_cast<int>(std::floor(std::log10(high_) + 1e-9));
    const int step = std::max(1, (last - first + static_cast<int>(wanted)) / static_cast<int>(wanted));
    for (int e = first; e <= last; e += step) out.push_back(std::pow(10, e));
    if (out.empty()) out.push_back(low_);
    return out;
  }
  const double raw = (high_ - low_) / static_cast<double>(std::max<std::size_t>(wanted, 1));
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double nice : {1.0, 2.0, 5.0}) {
    if (nice * power < raw * 0.999) continue;
    step = nice * power;
    break;
  }
  if (whole) step = std::max(1.0, std::round(step));
  for (double n = std::ceil(low_ / step - 1e-9); n * step <= high_ + step * 1e-9; n += 1) {
    out.push_back(n == 0 ? 0 : n * step);
    if (out.size() > 100) break;
  }
  if (out.empty()) out.push_back(low_);
  return out;
}

void Range::add(double value) {
  if (!std::isfinite(value)) return;
  low = is_empty ? value : std::min(low, value);
  high = is_empty ? value : std::max(high, value);
  is_empty = false;
}

Range Range::with_air() const {
  if (is_empty) return {0, 1, true};
  Range out = *this;
  const double air = high > low ? (high - low) * 0.08 : std::max(std::fabs(high) * 0.1, 1e-6);
  out.high += air;
  out.low = low >= 0 && low <= 0.6 * high ? 0 : low - air;
  return out;
}

void draw_frame(SvgCanvas& canvas, const Axis& x, const Axis& y, const std::vector<double>& x_ticks,
                const std::vector<double>& y_ticks, std::string_view x_name, std::string_view y_name, bool x_labels) {
  const std::string grid = std::string("stroke=\"") + ink::kGrid + "\"";
  const std::string label = std::string("class=\"tick\" fill=\"") + ink::kQuiet + "\"";
  const double bottom = y.from(), top = y.to();
  for (const double tick : y_ticks) {
    canvas.line(x.from(), y.at(tick), x.to(), y.at(tick), grid);
    canvas.text(x.from() - 6, y.at(tick) + 4, short_value(tick), "end", label);
  }
  for (const double tick : x_ticks) {
    canvas.line(x.at(tick), bottom, x.at(tick), bottom + 4, std::string("stroke=\"") + ink::kQuiet + "\"");
    if (x_labels) canvas.text(x.at(tick), bottom + 16, short_value(tick), "middle", label);
  }
  canvas.line(x.from(), bottom, x.to(), bottom, std::string("stroke=\"") + ink::kQuiet + "\"");
  if (!y_name.empty()) {
    const double middle = (top + bottom) / 2;
    canvas.text(12, middle, y_name, "middle", label + " transform=\"rotate(-90 12 " + svg_number(middle) + ")\"");
  }
  if (x_labels && !x_name.empty()) canvas.text(x.to(), bottom + 30, x_name, "end", label);
}

}  // namespace vigil::shift
