#include "shift/report/svg_overlay.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "shift/report/svg_axis.h"
#include "shift/report/svg_canvas.h"

namespace vigil::shift {
namespace {

constexpr std::size_t kDrawnBins = 1200;

// Where an edge lies: at its value, or, where nearly everything lies in a small part of a long range, bin by bin
// (the bins are linear near 0 and logarithmic beyond).
class BinScale {
 public:
  explicit BinScale(const ComparedHistogram& h) : h_(h), by_bin_(is_long(h)) {}

  double at(std::size_t edge) const {
    const auto n = static_cast<double>(h_.edges.size() - 1);
    const double span = h_.edges.back() - h_.edges.front();
    const double part = by_bin_ ? static_cast<double>(edge) / n : (h_.edges[edge] - h_.edges.front()) / span;
    return kFigureLeft + part * (kFigureRight - kFigureLeft);
  }
  // Of a value between edges.
  double at_value(double value) const {
    const auto next = std::upper_bound(h_.edges.begin(), h_.edges.end(), value);
    if (next == h_.edges.begin()) return kFigureLeft;
    if (next == h_.edges.end()) return kFigureRight;
    const auto edge = static_cast<std::size_t>(next - h_.edges.begin()) - 1;
    const double part = (value - h_.edges[edge]) / (h_.edges[edge + 1] - h_.edges[edge]);
    return at(edge) + part * (at(edge + 1) - at(edge));
  }
  bool by_bin() const { return by_bin_; }
  bool holds(double value) const { return value >= h_.edges.front() && value <= h_.edges.back(); }

  std::vector<double> ticks() const {
    if (!by_bin_) return Axis(h_.edges.front(), h_.edges.back(), kFigureLeft, kFigureRight).ticks(8);
    std::vector<double> out;
    double last = -1e9;
    for (std::size_t edge = 0; edge < h_.edges.size(); ++edge) {
      const double raw = std::fabs(static_cast<double>(h_.edges_raw[edge]));
      const bool is_round = raw == 0 || std::exp2(std::round(std::log2(raw))) == raw;
      if (!is_round || at(edge) < last + 52) continue;
      out.push_back(h_.edges[edge]);
      last = at(edge);
    }
    return out;
  }

 private:
  static bool is_long(const ComparedHistogram& h) {
    const double all = std::accumulate(h.window_counts.begin(), h.window_counts.end(), 0.0);
    if (all == 0 || h.window_counts.size() < 40) return false;
    double below = 0;
    std::optional<double> low;
    double high = h.edges.back();
    for (std::size_t i = 0; i < h.window_counts.size(); ++i) {
      below += static_cast<double>(h.window_counts[i]);
      if (!low && below > 0.005 * all) low = h.edges[i];
      if (below >= 0.98 * all) {
        high = h.edges[i + 1];
        break;
      }
    }
    return h.edges.back() - h.edges.front() > 6 * (high - low.value_or(h.edges.front()));
  }

  const ComparedHistogram& h_;
  bool by_bin_;
};

std::vector<double> per_lsb(const ComparedHistogram& h, const std::vector<std::uint64_t>& counts, double scale) {
  std::vector<double> out;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double width = static_cast<double>(h.edges_raw[i + 1]) - static_cast<double>(h.edges_raw[i]);
    out.push_back(static_cast<double>(counts[i]) * scale / std::max(width, 1.0));
  }
  return out;
}

// A step line; of more bins than can be seen the highest of each few.
std::string steps(const BinScale& x, const Axis& y, const std::vector<double>& heights, bool closed) {
  std::string d = closed ? "M" + svg_number(x.at(0)) + " " + svg_number(y.from()) : std::string();
  const std::size_t together = heights.size() / kDrawnBins + 1;
  for (std::size_t i = 0; i < heights.size(); i += together) {
    const std::size_t end = std::min(i + together, heights.size());
    const double height = *std::max_element(heights.begin() + static_cast<std::ptrdiff_t>(i),
                                            heights.begin() + static_cast<std::ptrdiff_t>(end));
    const double at = height > 0 ? y.at(height) : y.from();
    d += d.empty() ? "M" + svg_number(x.at(i)) + " " + svg_number(at) : "V" + svg_number(at);
    d += "H" + svg_number(x.at(end));
  }
  if (closed) d += "V" + svg_number(y.from()) + "Z";
  return d;
}

std::string quiet(const char* attribute) { return std::string(attribute) + "=\"" + ink::kQuiet + "\""; }

void draw_ratio(SvgCanvas& canvas, const ComparedHistogram& h, const BinScale& x, double top, double bottom) {
  double farthest = 0.5;
  for (std::size_t i = 0; i < h.ratio.size(); ++i) {
    // What hangs on a handful of events does not set the scale.
    if (h.ratio[i] && h.window_counts[i] + h.reference_counts[i] >= 20) {
      farthest = std::max(farthest, std::fabs(*h.ratio[i] - 1));
    }
  }
  const double most = std::min(std::ceil(farthest * 2) / 2, 4.0);
  const Axis y(std::max(0.0, 1 - most), 1 + most, bottom, top);
  draw_frame(canvas, Axis(0, 1, kFigureLeft, kFigureRight), y, {}, {y.low(), 1, y.high()}, "", "ratio", false);
  canvas.line(kFigureLeft, y.at(1), kFigureRight, y.at(1), quiet("stroke"));
  std::string d;
  for (std::size_t i = 0; i < h.ratio.size(); ++i) {
    if (h.ratio[i])
      d += "M" + svg_number(x.at(i)) + " " + svg_number(y.at(*h.ratio[i])) + "H" + svg_number(x.at(i + 1));
  }
  canvas.path(d, std::string("fill=\"none\" stroke-width=\"1.4\" stroke=\"") + ink::kWindow + "\"");
}

void draw_residual(SvgCanvas& canvas, const ComparedHistogram& h, const BinScale& x, double top, double bottom) {
  double most = 5;
  for (const auto& residual : h.residual) most = std::max(most, std::fabs(residual.value_or(0)));
  const Axis y(-most * 1.05, most * 1.05, bottom, top);
  draw_frame(canvas, Axis(0, 1, kFigureLeft, kFigureRight), y, {}, y.ticks(3), "", "residual / σ", false);
  const std::string band = quiet("stroke") + " stroke-dasharray=\"2 3\"";
  for (const double sigma : {-3.0, 3.0}) canvas.line(kFigureLeft, y.at(sigma), kFigureRight, y.at(sigma), band);
  std::string within, beyond;
  for (std::size_t i = 0; i < h.residual.size(); ++i) {
    const double value = h.residual[i].value_or(0);
    if (value == 0) continue;
    std::string& d = std::fabs(value) > 3 ? beyond : within;
    d += "M" + svg_number(x.at(i)) + " " + svg_number(y.at(0)) + "V" + svg_number(y.at(value)) + "H" +
         svg_number(x.at(i + 1)) + "V" + svg_number(y.at(0)) + "Z";
  }
  if (!within.empty()) canvas.path(within, std::string("fill=\"") + ink::kWindow + "\" fill-opacity=\"0.55\"");
  if (!beyond.empty()) canvas.path(beyond, std::string("fill=\"") + ink::of(Quality::bad) + "\"");
}

void draw_x_labels(SvgCanvas& canvas, const BinScale& x, const std::string& name, double bottom) {
  for (const double tick : x.ticks()) {
    canvas.line(x.at_value(tick), bottom, x.at_value(tick), bottom + 4, quiet("stroke"));
    canvas.text(x.at_value(tick), bottom + 16, short_value(tick), "middle", "class=\"tick\" " + quiet("fill"));
  }
  canvas.text(kFigureRight, bottom + 31, name + (x.by_bin() ? " (linear near 0, then logarithmic)" : ""), "end",
              "class=\"tick\" " + quiet("fill"));
}

void draw_thresholds(SvgCanvas& canvas, const ComparedHistogram& h, const BinScale& x, double top, double bottom) {
  double label = top + 10;
  for (const HistogramThreshold& threshold : h.thresholds) {
    if (!x.holds(threshold.value)) continue;
    const double at = x.at_value(threshold.value);
    const bool left = at > (kFigureLeft + kFigureRight) / 2;
    canvas.line(at, top, at, bottom, std::string("stroke=\"") + ink::kLimit + "\" stroke-dasharray=\"6 3\"");
    canvas.text(at + (left ? -4 : 4), label, threshold.seed, left ? "end" : "start",
                std::string("class=\"mark\" fill=\"") + ink::kLimit + "\"");
    label += 12;
  }
}

}  // namespace

std::string svg_overlay(const ComparedHistogram& h, const std::string& monitor) {
  const bool compared = !h.reference_counts.empty();
  const double top = 26, bottom = 190, ratio_top = 206, ratio_bottom = 262, residual_top = 278, residual_bottom = 334;
  const double last = compared ? residual_bottom : bottom;
  const std::string what = h.is_distance
                               ? monitor + ": hardware - emulator of the events that differ"
                               : monitor + (compared ? ": window over reference, ratio and residuals" : ": window");
  SvgCanvas canvas(kFigureWidth, last + 40, what, "overlay");
  if (h.window_counts.empty()) {
    canvas.text(kFigureWidth / 2, 80, "no events", "middle", quiet("fill"));
    return canvas.str();
  }
  const BinScale x(h);
  const double scale =
      h.reference_events > 0 ? static_cast<double>(h.window_events) / static_cast<double>(h.reference_events) : 1;
  const std::vector<double> window = per_lsb(h, h.window_counts, 1), reference = per_lsb(h, h.reference_counts, scale);
  double highest = 0, lowest = 1e300;
  for (const auto* heights : {&window, &reference}) {
    for (const double height : *heights) {
      highest = std::max(highest, height);
      if (height > 0) lowest = std::min(lowest, height);
    }
  }
  const Axis y(std::max(lowest * 0.6, highest * 1e-6), std::max(highest * 1.8, lowest * 2), bottom, top, true);
  draw_frame(canvas, Axis(0, 1, kFigureLeft, kFigureRight), y, {}, y.ticks(5), "", "events / LSB", false);
  canvas.path(steps(x, y, window, true), std::string("stroke=\"none\" fill=\"") + ink::kWindowFill + "\"");
  canvas.path(steps(x, y, window, false),
              std::string("fill=\"none\" stroke-width=\"1.3\" stroke=\"") + ink::kWindow + "\"");
  if (compared) {
    canvas.path(steps(x, y, reference, false),
                std::string("fill=\"none\" stroke-dasharray=\"4 2\" stroke=\"") + ink::kReference + "\"");
  }
  draw_thresholds(canvas, h, x, top, bottom);
  canvas.rect(kFigureLeft, 6, 14, 9, std::string("fill=\"") + ink::kWindowFill + "\" stroke=\"" + ink::kWindow + "\"");
  canvas.text(kFigureLeft + 19, 14, "window, " + std::to_string(h.window_events) + " events", "start",
              "class=\"mark\"");
  if (compared) {
    canvas.line(kFigureLeft + 210, 11, kFigureLeft + 232, 11,
                std::string("stroke-dasharray=\"4 2\" stroke=\"") + ink::kReference + "\"");
    canvas.text(kFigureLeft + 237, 14,
                "reference, " + std::to_string(h.reference_events) + " events, scaled to the window", "start",
                "class=\"mark\"");
    draw_ratio(canvas, h, x, ratio_top, ratio_bottom);
    draw_residual(canvas, h, x, residual_top, residual_bottom);
  }
  const std::string unit = h.unit.empty() ? "" : " [" + h.unit + "]";
  draw_x_labels(canvas, x, (h.is_distance ? "hardware - emulator" : monitor) + unit, last);
  return canvas.str();
}

std::string svg_crossings(const std::vector<std::uint32_t>& counts, const std::string& title, bool is_fault) {
  constexpr std::size_t kAcross = 132, kLevels = 6;
  constexpr double kCell = 4.8, kCellHeight = 4.6, kGridTop = 8;
  const std::size_t rows = (counts.size() + kAcross - 1) / kAcross;
  SvgCanvas canvas(kFigureWidth, kGridTop + static_cast<double>(rows) * kCellHeight + 36, title, "crossings");
  const std::uint64_t most = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  const double bottom = kGridTop + static_cast<double>(rows) * kCellHeight;
  canvas.rect(kFigureLeft, kGridTop, kAcross * kCell, bottom - kGridTop,
              std::string("fill=\"#fff\" stroke=\"") + ink::kGrid + "\"");
  const auto level_of = [&](std::uint32_t count) -> std::size_t {
    return count == 0
               ? 0
               : 1 + std::min<std::size_t>(kLevels - 1, (count - 1) * kLevels / std::max<std::uint64_t>(most, 1));
  };
  std::string levels[kLevels + 1];
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t end = std::min((row + 1) * kAcross, counts.size());
    for (std::size_t bx = row * kAcross; bx < end;) {
      const std::size_t level = level_of(counts[bx]);
      std::size_t next = bx + 1;
      while (next < end && level_of(counts[next]) == level) ++next;
      if (level > 0) {
        const double width = static_cast<double>(next - bx) * kCell;
        levels[level] += "M" + svg_number(kFigureLeft + static_cast<double>(bx % kAcross) * kCell) + " " +
                         svg_number(kGridTop + static_cast<double>(row) * kCellHeight) + "h" + svg_number(width) + "v" +
                         svg_number(kCellHeight) + "h-" + svg_number(width) + "z";
      }
      bx = next;
    }
  }
  const char* colour = is_fault ? ink::of(Quality::bad) : ink::kWindow;
  for (std::size_t level = 1; level <= kLevels; ++level) {
    if (levels[level].empty()) continue;
    const double opacity = is_fault ? 0.4 + 0.6 * static_cast<double>(level) / kLevels
                                    : 0.15 + 0.85 * static_cast<double>(level) / kLevels;
    canvas.path(levels[level], std::string("fill=\"") + colour + "\" fill-opacity=\"" + svg_number(opacity) + "\"");
  }
  const std::string label = "class=\"tick\" " + quiet("fill");
  for (std::size_t row = 0; row < rows; row += 9) {
    canvas.text(kFigureLeft - 6, kGridTop + (static_cast<double>(row) + 0.9) * kCellHeight,
                std::to_string(row * kAcross + 1), "end", label);
  }
  for (const std::size_t column :
       {std::size_t{0}, std::size_t{32}, std::size_t{65}, std::size_t{98}, std::size_t{131}}) {
    canvas.text(kFigureLeft + (static_cast<double>(column) + 0.5) * kCell, bottom + 14, "+" + std::to_string(column),
                "middle", label);
  }
  canvas.text(kFigureRight, bottom + 29, "bunch crossing; darkest: " + std::to_string(most) + " in one", "end", label);
  return canvas.str();
}

}  // namespace vigil::shift
