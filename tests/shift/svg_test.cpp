#include <gmock/gmock.h>

#include <cmath>
#include <regex>

#include "shift/report/svg_axis.h"
#include "shift/report/svg_canvas.h"
#include "shift/report/svg_overlay.h"
#include "shift/report/svg_strip.h"
#include "shift/report/svg_trend.h"

namespace vigil::shift {
namespace {

using testing::HasSubstr;
using testing::Not;

// Tags that are opened are closed, in order; no attribute is torn.
void expect_well_formed(const std::string& svg) {
  std::vector<std::string> open;
  for (std::size_t at = svg.find('<'); at != std::string::npos; at = svg.find('<', at + 1)) {
    const std::size_t end = svg.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = svg.substr(at + 1, end - at - 1);
    ASSERT_EQ(std::count(tag.begin(), tag.end(), '"') % 2, 0) << tag;
    if (tag.front() == '/') {
      ASSERT_FALSE(open.empty());
      ASSERT_EQ(open.back(), tag.substr(1));
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
  }
  EXPECT_TRUE(open.empty());
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST(Svg, NumbersHaveTwoDigitsAndNoMore) {
  EXPECT_EQ(svg_number(1.0), "1");
  EXPECT_EQ(svg_number(-0.001), "0");
  EXPECT_EQ(svg_number(12.345), "12.35");
  EXPECT_EQ(svg_number(100.5), "100.5");
  EXPECT_EQ(svg_number(NAN), "0");
}

TEST(Svg, MarkupOfOthersIsText) {
  EXPECT_EQ(escaped_markup("<script>\"&'\x1b"), "&lt;script&gt;&quot;&amp;&#39;\ufffd");
  SvgCanvas canvas(10, 10, "</title><script>", "x");
  canvas.text(1, 1, "<b>");
  expect_well_formed(canvas.str());
  EXPECT_THAT(canvas.str(), Not(HasSubstr("<script")));
  EXPECT_THAT(canvas.str(), HasSubstr("role=\"img\""));
}

TEST(Svg, FourQualitiesAreFourShapes) {
  std::set<std::string> shapes;
  for (const Quality quality : {Quality::unknown, Quality::good, Quality::medium, Quality::bad}) {
    SvgCanvas canvas(10, 10, "", "");
    canvas.mark(quality, 5, 5, 3);
    shapes.insert(std::regex_replace(canvas.str(), std::regex("(fill|stroke)=\"[^\"]*\""), ""));
  }
  EXPECT_EQ(shapes.size(), 4u) << "told apart without colour";
}

TEST(Axis, TicksAreRoundWithinTheRangeAndAscending) {
  for (const auto& [low, high] : {std::pair{0.0, 1.0}, {-3.2, 17.9}, {1e-7, 2e-7}, {0.0, 16384.0}, {5.0, 5.0}}) {
    const Axis axis(low, high, 0, 100);
    const auto ticks = axis.ticks(6);
    ASSERT_GE(ticks.size(), 1u);
    ASSERT_LE(ticks.size(), 14u);
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      EXPECT_GE(ticks[i], axis.low() - 1e-9);
      EXPECT_LE(ticks[i], axis.high() + (axis.high() - axis.low()) * 1e-6);
      if (i > 0) {
        EXPECT_GT(ticks[i], ticks[i - 1]);
      }
    }
  }
  EXPECT_THAT(Axis(1, 1000, 0, 90, true).ticks(6), testing::ElementsAre(1, 10, 100, 1000));
  EXPECT_DOUBLE_EQ(Axis(1, 1000, 0, 90, true).at(10), 30);
  EXPECT_DOUBLE_EQ(Axis(1, 1000, 0, 90, true).at(0), 0) << "nothing lies at the bottom of a logarithmic axis";
}

TEST(Trend, MediumAndBadAreMarkedLimitsDrawnAndMarksNamed) {
  Trend trend{.title = "Trend of loss", .y_name = "ks", .first_ls = 1, .last_ls = 50};
  for (std::uint32_t ls = 5; ls <= 50; ls += 5) {
    trend.points.push_back({ls, ls == 20 ? Quality::bad : ls == 25 ? Quality::medium : Quality::good, ls / 100.0, 0.2});
  }
  trend.points.push_back({50, Quality::unknown, {}, {}});
  trend.marks = {{12, "menu <v2>"}};
  trend.gaps = {{30, 31}};
  const std::string svg = svg_trend(trend);
  expect_well_formed(svg);
  EXPECT_EQ(count_of(svg, ink::of(Quality::bad)), 1u);
  EXPECT_THAT(svg, HasSubstr("menu &lt;v2&gt;"));
  EXPECT_THAT(svg, HasSubstr(">limit<"));
  EXPECT_THAT(svg, HasSubstr("#eceff3")) << "the gap";
}

TEST(Trend, ALongRunIsSmallAndNothingBadIsLost) {
  Trend trend{.title = "t", .y_name = "y", .first_ls = 1, .last_ls = 100'000};
  for (std::uint32_t ls = 1; ls <= 100'000; ++ls) {
    trend.points.push_back({ls, ls == 54'321 ? Quality::bad : Quality::good, std::sin(ls * 0.001), 2.0});
  }
  const std::string svg = svg_trend(trend);
  EXPECT_LT(svg.size(), 40'000u);
  EXPECT_EQ(count_of(svg, ink::of(Quality::bad)), 1u);
  EXPECT_EQ(svg, svg_trend(trend));
}

TEST(Trend, NothingToDrawIsSaid) {
  const std::string svg = svg_trend({.title = "t", .y_name = "y", .first_ls = 3, .last_ls = 3});
  expect_well_formed(svg);
  EXPECT_THAT(svg, HasSubstr("no window of this run has it"));
}

ComparedHistogram histogram(bool with_reference) {
  ComparedHistogram h;
  h.type = {.width = 16, .integer = 16};
  Histogram window(h.type), reference(h.type);
  for (int word = -300; word < 30000; word += 7) {
    window.fill(word % 500);
    reference.fill(word % 400);
  }
  compare_bins(window, with_reference ? &reference : nullptr, h);
  h.thresholds = {{"L1 <tight>", 200, 200}, {"beyond", 99999, 99999}};
  return h;
}

TEST(Overlay, HasRatioAndResidualsOnlyWithReference) {
  const std::string both = svg_overlay(histogram(true), "score"), alone = svg_overlay(histogram(false), "score");
  expect_well_formed(both);
  expect_well_formed(alone);
  EXPECT_THAT(both, HasSubstr(">ratio<"));
  EXPECT_THAT(both, HasSubstr("residual / σ"));
  EXPECT_THAT(both, HasSubstr("L1 &lt;tight&gt;"));
  EXPECT_THAT(both, Not(HasSubstr("beyond")));
  EXPECT_THAT(alone, Not(HasSubstr(">ratio<")));
  EXPECT_THAT(svg_overlay({}, "score"), HasSubstr("no events"));
}

TEST(Crossings, EachCountedCrossingIsDrawnOnce) {
  std::vector<std::uint32_t> counts(3564);
  for (std::size_t bx = 0; bx < counts.size(); bx += 5) counts[bx] = 1 + static_cast<std::uint32_t>(bx % 7);
  const std::string svg = svg_crossings(counts, "Events", false);
  expect_well_formed(svg);
  EXPECT_EQ(count_of(svg, "h4.8v"), 713u);  // no two lie side by side: 3564 / 5, rounded up
  EXPECT_THAT(svg, HasSubstr("darkest: 7 in one"));
  expect_well_formed(svg_crossings(std::vector<std::uint32_t>(3564), "Mismatches", true));
}

TEST(Strip, ThousandsOfRangesStaySmallAndTheWorstIsOnTop) {
  std::vector<QualityRange> ranges;
  for (std::uint32_t ls = 1; ls <= 16'000; ++ls) {
    ranges.push_back({ls, ls, ls % 1000 == 0 ? Quality::bad : ls % 2 == 0 ? Quality::good : Quality::medium, {}});
  }
  const std::string svg = svg_quality_strip(ranges, "Quality");
  expect_well_formed(svg);
  EXPECT_LT(svg.size(), 60'000u);
  EXPECT_GT(svg.find(ink::fill_of(Quality::bad)), svg.find(ink::fill_of(Quality::medium)));
  expect_well_formed(svg_quality_strip({}, "Quality"));
  expect_well_formed(svg_quality_legend());
}

}  // namespace
}  // namespace vigil::shift
