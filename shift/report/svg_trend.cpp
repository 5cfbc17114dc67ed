#include "shift/report/svg_trend.h"

#include <algorithm>
#include <cmath>

#include "core/plain_text.h"
#include "shift/report/svg_axis.h"
#include "shift/report/svg_canvas.h"

namespace vigil::shift {
namespace {

constexpr double kTrendHeight = 186, kTrendTop = 24, kTrendBottom = 148;
constexpr std::size_t kColumns = 320;  // of more points, so many columns
constexpr std::size_t kMarks = 24;     // labels that can still be read
constexpr std::size_t kGaps = 400;

// One point, or the points of one column.
struct Column {
  double ls = 0;
  std::optional<double> low, high, limit, low_end, high_end;
  Quality worst = Quality::unknown;
};

void widen(std::optional<double>& low, std::optional<double>& high, const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return;
  low = std::min(low.value_or(*value), *value);
  high = std::max(high.value_or(*value), *value);
}

std::vector<Column> columns_of(const Trend& trend) {
  std::vector<Column> out;
  const bool every = trend.points.size() <= kColumns;
  const double span = static_cast<double>(trend.last_ls) - trend.first_ls + 1;
  std::size_t last_bucket = SIZE_MAX;
  for (const TrendPoint& point : trend.points) {
    const double from_start = static_cast<double>(point.ls) - trend.first_ls;
    const auto bucket = every ? SIZE_MAX : static_cast<std::size_t>(std::max(0.0, from_start) / span * kColumns);
    if (every || bucket != last_bucket) out.push_back({static_cast<double>(point.ls), {}, {}, {}, {}, {}});
    last_bucket = bucket;
    Column& column = out.back();
    widen(column.low, column.high, point.value);

    widen(column.low_end, column.high_end, point.low);
    widen(column.low_end, column.high_end, point.high);
    if (point.limit) column.limit = point.limit;
    column.worst = std::max(column.worst, point.quality);
  }
  return out;
}

void draw_gaps(SvgCanvas& canvas, const Trend& trend, const Axis& x) {
  std::size_t drawn = 0;
  for (const auto& [first, last] : trend.gaps) {
    if (++drawn > kGaps) break;
    const double left = x.at(first - 0.5), right = x.at(last + 0.5);
    canvas.rect(left, kTrendTop, std::max(right - left, 0.6), kTrendBottom - kTrendTop, "fill=\"#eceff3\"");
  }
}

void draw_marks(SvgCanvas& canvas, const Trend& trend, const Axis& x) {
  const std::string stroke = std::string("stroke=\"") + ink::kQuiet + "\" stroke-dasharray=\"2 3\"";
  const std::string label = std::string("class=\"mark\" fill=\"") + ink::kQuiet + "\"";
  double free_from = kFigureLeft;
  std::size_t drawn = 0;
  for (const TrendMark& mark : trend.marks) {
    if (++drawn > 4 * kMarks) break;
    const double at = x.at(mark.ls - 0.5);
    canvas.line(at, kTrendTop, at, kTrendBottom, stroke);
    // A label that would lie on the one before is left out; the table of marks has them all.
    const double needs = 5.2 * static_cast<double>(std::min<std::size_t>(mark.label.size(), 28)) + 8;
    if (at < free_from || drawn > kMarks) continue;
    const bool fits = at + needs < kFigureRight;
    canvas.text(at + (fits ? 3 : -3), kTrendTop - 4, plain(mark.label, 28), fits ? "start" : "end", label);
    free_from = at + needs;
  }
}

// A step line where the limit holds; a new piece where it ends.
void draw_limit(SvgCanvas& canvas, const std::vector<Column>& columns, const Axis& x, const Axis& y,
                const std::string& name) {
  std::string d;
  double last_limit = 0, labelled = 0;
  bool down = false;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].limit) {
      down = false;
      continue;
    }
    const double at = x.at(columns[i].ls), height = y.at(*columns[i].limit);
    if (!down) {
      d += "M" + svg_number(at - 4) + " " + svg_number(height) + "H" + svg_number(at + 4);
      labelled = height;
    } else if (*columns[i].limit == last_limit) {
      d += "H" + svg_number(at + 4);
    } else {
      d += "V" + svg_number(height) + "H" + svg_number(at + 4);
    }
    down = true;
    last_limit = *columns[i].limit;
    labelled = height;
  }
  if (d.empty()) return;
  canvas.path(d, std::string("fill=\"none\" stroke=\"") + ink::kLimit + "\" stroke-dasharray=\"6 3\"");
  canvas.text(kFigureRight - 2, labelled - 4, name, "end", std::string("class=\"mark\" fill=\"") + ink::kLimit + "\"");
}

void draw_values(SvgCanvas& canvas, const std::vector<Column>& columns, const Axis& x, const Axis& y) {
  std::vector<std::pair<double, double>> line;
  const std::string stroke = std::string("fill=\"none\" stroke=\"") + ink::kWindow + "\" stroke-width=\"1.3\"";
  std::string bars;
  for (const Column& column : columns) {
    if (column.low_end && column.high_end) {
      bars += "M" + svg_number(x.at(column.ls)) + " " + svg_number(y.at(*column.low_end)) + "V" +
              svg_number(y.at(*column.high_end));
    }
    if (!column.low) {
      canvas.polyline(line, stroke);
      line.clear();
      continue;
    }
    line.emplace_back(x.at(column.ls), y.at(*column.low));
    if (*column.high > *column.low) line.emplace_back(x.at(column.ls), y.at(*column.high));
  }
  if (!bars.empty()) canvas.path(bars, std::string("stroke=\"") + ink::kWindow + "\" stroke-opacity=\"0.35\"");
  canvas.polyline(line, stroke);
  const bool quiet = columns.size() > 120;  // so many good ones are a line
  for (const Column& column : columns) {
    if (column.worst == Quality::good && quiet) continue;
    const double size = column.worst == Quality::good ? 1.8 : quiet ? 2.6 : 3.4;
    canvas.mark(column.worst, x.at(column.ls), column.high ? y.at(*column.high) : kTrendBottom - 6, size);
  }
}

}  // namespace

std::string svg_trend(const Trend& trend) {
  SvgCanvas canvas(kFigureWidth, kTrendHeight, trend.title, "trend");
  const Axis x(trend.first_ls - 0.5, std::max(trend.last_ls, trend.first_ls) + 0.5, kFigureLeft, kFigureRight);
  const std::vector<Column> columns = columns_of(trend);
  Range range;
  for (const Column& column : columns) {
    for (const auto& value : {column.low, column.high, column.limit, column.low_end, column.high_end}) {
      if (value) range.add(*value);
    }
  }
  if (trend.target) range.add(*trend.target);
  const Range shown = range.with_air();
  const Axis y(shown.low, shown.high, kTrendBottom, kTrendTop);
  draw_gaps(canvas, trend, x);
  draw_frame(canvas, x, y, x.ticks(8, true), range.is_empty ? std::vector<double>{} : y.ticks(4), "lumisection",
             trend.y_name);
  draw_marks(canvas, trend, x);
  if (trend.target) {
    canvas.line(kFigureLeft, y.at(*trend.target), kFigureRight, y.at(*trend.target),
                std::string("stroke=\"") + ink::kReference + "\"");
    canvas.text(kFigureLeft + 4, y.at(*trend.target) - 4, "target " + short_value(*trend.target), "start",
                std::string("class=\"mark\" fill=\"") + ink::kReference + "\"");
  }
  draw_limit(canvas, columns, x, y, trend.limit_name);
  draw_values(canvas, columns, x, y);
  if (columns.empty()) {
    canvas.text((kFigureLeft + kFigureRight) / 2, (kTrendTop + kTrendBottom) / 2, "no window of this run has it",
                "middle", std::string("fill=\"") + ink::kQuiet + "\"");
  }
  return canvas.str();
}

}  // namespace vigil::shift
