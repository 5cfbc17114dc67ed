#include "monitors/window_cutter.h"

#include <gtest/gtest.h>

namespace vigil::monitors {
namespace {

std::vector<WindowSpan> run(WindowCutter& cutter, std::uint32_t first, std::uint32_t last) {
  std::vector<WindowSpan> all;
  for (std::uint32_t ls = first; ls <= last; ++ls) {
    for (const WindowSpan& span : cutter.add(ls)) all.push_back(span);
  }
  return all;
}

using Spans = std::vector<WindowSpan>;

TEST(WindowCutter, SlidesFromTheFirstLumisectionAfterACut) {
  WindowCutter cutter(10, 5);
  EXPECT_EQ(run(cutter, 3, 27), (Spans{{3, 12}, {8, 17}, {13, 22}, {18, 27}}));
  // 23..27 is in a closed window: the open window that began at 23 holds nothing new.
  EXPECT_EQ(cutter.cut(), std::nullopt);
  EXPECT_EQ(run(cutter, 28, 30), Spans{});
  EXPECT_EQ(cutter.cut(), (WindowSpan{28, 30}));
  EXPECT_EQ(cutter.cut(), std::nullopt);
}

TEST(WindowCutter, ACutClosesOnlyTheEarliestOpenWindow) {
  WindowCutter cutter(10, 2);
  EXPECT_EQ(run(cutter, 1, 13), (Spans{{1, 10}, {3, 12}}));
  EXPECT_EQ(cutter.cut(), (WindowSpan{5, 13}));  // 7.., 9.., 11.., 13.. are dropped
}

TEST(WindowCutter, TumblingWindowsAndGapsBetweenWindows) {
  WindowCutter tumbling(4, 4);
  EXPECT_EQ(run(tumbling, 1, 9), (Spans{{1, 4}, {5, 8}}));
  EXPECT_EQ(tumbling.cut(), (WindowSpan{9, 9}));
  EXPECT_EQ(run(tumbling, 10, 13), (Spans{{10, 13}}));
  EXPECT_EQ(tumbling.cut(), std::nullopt);
  WindowCutter sparse(2, 5);
  EXPECT_EQ(run(sparse, 1, 8), (Spans{{1, 2}, {6, 7}}));
  EXPECT_EQ(sparse.cut(), std::nullopt);  // 8 belongs to no window
  EXPECT_EQ(run(sparse, 9, 14), (Spans{{9, 10}}));
  EXPECT_EQ(sparse.cut(), (WindowSpan{14, 14}));
}

TEST(WindowCutter, NeedsTheLumisectionsOfOpenWindows) {
  WindowCutter cutter(10, 5);
  EXPECT_EQ(cutter.needed(), std::nullopt);
  run(cutter, 1, 9);
  EXPECT_EQ(cutter.needed(), 1u);
  run(cutter, 10, 10);
  EXPECT_EQ(cutter.needed(), 6u);
}

TEST(WindowCutter, GoesOnFromItsState) {
  for (std::uint32_t at = 1; at < 30; ++at) {
    WindowCutter whole(7, 3), first(7, 3), second(7, 3);
    Spans expected = run(whole, 1, 30), got = run(first, 1, at);
    second.restore(first.state());
    for (const WindowSpan& span : run(second, at + 1, 30)) got.push_back(span);
    EXPECT_EQ(got, expected);
    EXPECT_EQ(second.cut(), whole.cut());
  }
}

TEST(WindowCutter, EndsOfTheRangeOfLumisections) {
  WindowCutter cutter(UINT32_MAX, UINT32_MAX);
  EXPECT_EQ(run(cutter, 1, 5), Spans{});
  EXPECT_EQ(cutter.cut(), (WindowSpan{1, 5}));
  WindowCutter one(1, 1);
  EXPECT_EQ(run(one, 16384, 16384), (Spans{{16384, 16384}}));
}

}  // namespace
}  // namespace vigil::monitors
