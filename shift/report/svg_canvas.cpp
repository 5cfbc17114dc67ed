#include "shift/report/svg_canvas.h"

#include <charconv>
#include <cmath>

#include "core/plain_text.h"

namespace vigil::shift {

namespace ink {

const char* of(Quality quality) {
  switch (quality) {
    case Quality::good:
      return "#47604f";
    case Quality::medium:
      return "#8a4b00";
    case Quality::bad:
      return "#b3001b";
    case Quality::unknown:
      break;
  }
  return "#4d5866";
}

const char* fill_of(Quality quality) {
  switch (quality) {
    case Quality::good:
      return "#b9c6bd";
    case Quality::medium:
      return "#f0a63a";
    case Quality::bad:
      return "#c1121f";
    case Quality::unknown:
      break;
  }
  return "#ffffff";
}

}  // namespace ink

std::string escaped_markup(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : plain(text, most)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string svg_number(double value) {
  if (!std::isfinite(value)) return "0";
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 2).ptr;
  std::string out(text, end);
  while (out.ends_with('0')) out.pop_back();
  if (out.ends_with('.')) out.pop_back();
  return out == "-0" ? "0" : out;
}

SvgCanvas::SvgCanvas(double width, double height, std::string_view title, std::string_view css_class) {
  body_ = "<svg class=\"" + std::string(css_class) + "\" role=\"img\" viewBox=\"0 0 " + svg_number(width) + " " +
          svg_number(height) + "\" xmlns=\"http://www.w3.org/2000/svg\"><title>" + escaped_markup(title) + "</title>\n";
}

void SvgCanvas::line(double x1, double y1, double x2, double y2, Attributes attributes) {
  body_ += "<line x1=\"" + svg_number(x1) + "\" y1=\"" + svg_number(y1) + "\" x2=\"" + svg_number(x2) + "\" y2=\"" +
           svg_number(y2) + "\" " + std::string(attributes) + "/>\n";
}

void SvgCanvas::rect(double x, double y, double width, double height, Attributes attributes) {
  body_ += "<rect x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" width=\"" + svg_number(width) +
           "\" height=\"" + svg_number(height) + "\" " + std::string(attributes) + "/>\n";
}

void SvgCanvas::polyline(const std::vector<std::pair<double, double>>& points, Attributes attributes) {
  if (points.empty()) return;
  std::string d;
  for (const auto& [x, y] : points) d += (d.empty() ? "M" : "L") + svg_number(x) + " " + svg_number(y);
  path(d, attributes);
}

void SvgCanvas::path(std::string_view d, Attributes attributes) {
  body_ += "<path d=\"" + std::string(d) + "\" " + std::string(attributes) + "/>\n";
}

void SvgCanvas::text(double x, double y, std::string_view text, std::string_view anchor, Attributes attributes) {
  body_ += "<text x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\"";
  if (anchor != "start") body_ += " text-anchor=\"" + std::string(anchor) + "\"";
  if (!attributes.empty()) body_ += " " + std::string(attributes);
  body_ += ">" + escaped_markup(text) + "</text>\n";
}

void SvgCanvas::mark(Quality quality, double x, double y, double size) {
  const std::string colour = std::string("fill=\"") + ink::of(quality) + "\"";
  const auto n = [](double value) { return svg_number(value); };
  switch (quality) {
    case Quality::good:
      body_ += "<circle cx=\"" + n(x) + "\" cy=\"" + n(y) + "\" r=\"" + n(size) + "\" " + colour + "/>\n";
      return;
    case Quality::medium:
      path("M" + n(x) + " " + n(y - 1.2 * size) + "L" + n(x + 1.2 * size) + " " + n(y + size) + "H" +
               n(x - 1.2 * size) + "Z",
           colour);
      return;
    case Quality::bad:
      rect(x - size, y - size, 2 * size, 2 * size, colour);
      return;
    case Quality::unknown:
      break;
  }
  path("M" + n(x) + " " + n(y - 1.3 * size) + "L" + n(x + 1.3 * size) + " " + n(y) + "L" + n(x) + " " +
           n(y + 1.3 * size) + "L" + n(x - 1.3 * size) + " " + n(y) + "Z",
       std::string("fill=\"#fff\" stroke=\"") + ink::of(quality) + "\"");
}

}  // namespace vigil::shift
