#include "shift/report/svg_rate_curve.h"

#include <gmock/gmock.h>

#include <regex>

namespace vigil::shift::rate_curve_figure {
namespace {

using testing::HasSubstr;
using testing::Not;

RateCurveFigure figure() {
  RateCurveFigure f;
  f.title = "Rate of <seed> & more";
  f.curve.n_bx = 1000;
  f.curve.events = 100;
  f.curve.target_rate_hz = 400'000;
  f.curve.thresholds_compatible = {4, 6};
  for (std::int64_t t = 0; t <= 10; ++t) {
    const double rate = t == 10 ? 0 : 4e6 / static_cast<double>((t + 1) * (t + 1));
    f.curve.points.push_back({t, rate, rate * 0.8, rate * 1.2 + 1e4});
  }
  f.current = 3;
  return f;
}

TEST(SvgRateCurve, IsAWholeDocumentThatShowsEverything) {
  const std::string svg = svg_rate_curve(figure());
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(svg, HasSubstr("compatible 4 to 6"));
  EXPECT_THAT(svg, HasSubstr("current 3"));
  EXPECT_THAT(svg, HasSubstr("target 400k Hz"));
  EXPECT_THAT(svg, HasSubstr("Rate of &lt;seed&gt; &amp; more"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_EQ(svg, svg_rate_curve(figure()));
}

// What lies further right is further right, and what is larger is higher.
TEST(SvgRateCurve, PutsTheCompatibleThresholdsRightOfTheCurrentOne) {
  const std::string svg = svg_rate_curve(figure());
  std::smatch compatible, current;
  ASSERT_TRUE(std::regex_search(svg, compatible, std::regex("<rect x=\"([0-9.]+)\"[^>]*fill=\"#dcebdf\"")));
  ASSERT_TRUE(std::regex_search(svg, current, std::regex("<line x1=\"([0-9.]+)\"[^>]*stroke-dasharray")));
  EXPECT_GT(std::stod(compatible[1]), std::stod(current[1]));
}

TEST(SvgRateCurve, OfNothingAndOfOnePointIsDrawnToo) {
  RateCurveFigure empty;
  EXPECT_THAT(svg_rate_curve(empty), Not(HasSubstr("nan")));
  empty.curve.points = {{7, 0, 0, 100}};
  const std::string svg = svg_rate_curve(empty);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("compatible")));
  EXPECT_THAT(svg, Not(HasSubstr("target")));
}

}  // namespace
}  // namespace vigil::shift::rate_curve_figure
