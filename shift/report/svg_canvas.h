// One SVG drawing as text: shapes, texts and groups, numbers with two digits, everything foreign escaped. Equal calls
// give equal bytes. Used by every svg_*.cpp. Pure.
// Tests: tests/shift/svg_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/verdict.h"

namespace vigil::shift {

// Text inside HTML or SVG, in quotes too: plain (core/shown.h), then & < > " ' as entities.
std::string escaped_markup(std::string_view text, std::size_t most = std::string_view::npos);

// A coordinate or length: at most two digits behind the point, none where it is whole; no locale.
std::string svg_number(double value);

// Colours on white, of every drawing and of the report's words, those of the page's light theme: quiet where all is
// well, saturated for medium and bad.
// Each has a contrast of 4.5 to 1 at least, but for fills that stand beside a shape or word.
namespace ink {
inline constexpr const char* kText = "#17202c";
inline constexpr const char* kQuiet = "#566172";  // axes, captions
inline constexpr const char* kGrid = "#e6e9ee";
inline constexpr const char* kWindow = "#1f4e8c";  // what was measured
inline constexpr const char* kWindowFill = "#d7dfea";
inline constexpr const char* kReference = "#5b6675";
inline constexpr const char* kLimit = "#8a4b00";
const char* of(Quality quality);       // lines and shapes
const char* fill_of(Quality quality);  // areas
}  // namespace ink

// What presentation attributes a shape has besides its geometry: `stroke="…" fill="none"`.
using Attributes = std::string_view;

class SvgCanvas {
 public:
  // `width` x `height` in user units; it is shown as wide as the page allows. `title` says what it shows.
  SvgCanvas(double width, double height, std::string_view title, std::string_view css_class);

  void line(double x1, double y1, double x2, double y2, Attributes attributes);
  void rect(double x, double y, double width, double height, Attributes attributes);
  void polyline(const std::vector<std::pair<double, double>>& points, Attributes attributes);
  void path(std::string_view d, Attributes attributes);
  // anchor: start, middle or end.
  void text(double x, double y, std::string_view text, std::string_view anchor = "start", Attributes attributes = {});
  // The shape of a quality, so that colour is never alone: circle, triangle, square, hollow diamond. `size`: half its
  // width.
  void mark(Quality quality, double x, double y, double size);
  void raw(std::string_view svg) { body_ += svg; }  // already well-formed

  std::string str() const { return body_ + "</svg>\n"; }

 private:
  std::string body_;
};

}  // namespace vigil::shift
