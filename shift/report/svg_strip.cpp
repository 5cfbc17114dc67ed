#include "shift/report/svg_strip.h"

#include <algorithm>

#include "shift/report/svg_axis.h"
#include "shift/report/svg_canvas.h"

namespace vigil::shift {
namespace {

constexpr double kStripTop = 6, kStripBottom = 30;
constexpr double kNarrowest = 1.2;
constexpr Quality kAll[] = {Quality::good, Quality::medium, Quality::bad, Quality::unknown};

double height_of(Quality quality) {
  switch (quality) {
    case Quality::bad:
      return 1;
    case Quality::medium:
      return 2 / 3.0;
    case Quality::good:
      return 1 / 3.0;
    case Quality::unknown:
      break;
  }
  return 0.08;
}

}  // namespace

std::string svg_quality_strip(const std::vector<QualityRange>& ranges, const std::string& title) {
  SvgCanvas canvas(kFigureWidth, 62, title, "strip");
  const double last_ls = ranges.empty() ? 1 : ranges.back().last_ls;
  const Axis x(0.5, last_ls + 0.5, kFigureLeft, kFigureRight);
  canvas.rect(kFigureLeft, kStripTop, kFigureRight - kFigureLeft, kStripBottom - kStripTop,
              std::string("fill=\"#f9fafb\" stroke=\"") + ink::kGrid + "\"");
  for (const Quality quality : {Quality::unknown, Quality::good, Quality::medium, Quality::bad}) {
    const std::string top = svg_number(kStripBottom - height_of(quality) * (kStripBottom - kStripTop));
    std::string area;
    double begin = 0, end = -1;
    const auto put = [&] {
      if (end <= begin) return;
      area += "M" + svg_number(begin) + " " + top + "H" + svg_number(end) + "V" + svg_number(kStripBottom) + "H" +
              svg_number(begin) + "Z";
    };
    for (const QualityRange& range : ranges) {
      if (range.quality != quality) continue;
      const double left = x.at(range.first_ls - 0.5);
      const double right = std::min(std::max(x.at(range.last_ls + 0.5), left + kNarrowest), kFigureRight);
      if (left > end) {  // of thousands of short ranges those that touch are one area
        put();
        begin = left;
      }
      end = right;
    }
    put();
    if (area.empty()) continue;
    const char* fill = quality == Quality::unknown ? ink::of(quality) : ink::fill_of(quality);
    canvas.path(area, std::string("fill=\"") + fill + "\"");
  }
  for (const double tick : x.ticks(10, true)) {
    canvas.line(x.at(tick), kStripBottom, x.at(tick), kStripBottom + 4, std::string("stroke=\"") + ink::kQuiet + "\"");
    canvas.text(x.at(tick), kStripBottom + 16, short_value(tick), "middle",
                std::string("class=\"tick\" fill=\"") + ink::kQuiet + "\"");
  }
  canvas.text(kFigureRight, kStripBottom + 29, "lumisection", "end",
              std::string("class=\"tick\" fill=\"") + ink::kQuiet + "\"");
  return canvas.str();
}

std::string svg_quality_legend() {
  SvgCanvas canvas(kFigureWidth, 22, "The shapes of the four qualities", "legend");
  double x = kFigureLeft;
  for (const Quality quality : kAll) {
    canvas.mark(quality, x + 5, 11, 4.5);
    std::string word(to_string(quality));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); });
    canvas.text(x + 16, 15, word);
    x += 110;
  }
  return canvas.str();
}

}  // namespace vigil::shift
