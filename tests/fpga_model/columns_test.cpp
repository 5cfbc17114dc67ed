// Words to lanes and back: every layout, width and instruction set gives what WordsView::at and set say.
#include "fpga_model/simd/columns.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace vigil::fpga_model {
namespace {

enum class Layout { columns, rows, padded_rows };

template <class Word>
struct Array {
  std::vector<Word> words;
  WordsView view;
  MutableWordsView mutable_view;

  Array(std::size_t rows, std::size_t columns, Layout layout) {
    const std::size_t pitch = layout == Layout::columns ? rows + 32 : columns + (layout == Layout::rows ? 0 : 3);
    words.resize(pitch * (layout == Layout::columns ? columns : rows));
    const auto step = static_cast<std::ptrdiff_t>(sizeof(Word));
    const std::ptrdiff_t row = layout == Layout::columns ? step : step * static_cast<std::ptrdiff_t>(pitch);
    const std::ptrdiff_t column = layout == Layout::columns ? step * static_cast<std::ptrdiff_t>(pitch) : step;
    view = {words.data(), sizeof(Word), row, column};
    mutable_view = {words.data(), sizeof(Word), row, column};
  }
};

template <class Word, class Lane>
void check(Layout layout) {
  constexpr std::int64_t kLowest = std::max<std::int64_t>(
      {std::numeric_limits<Word>::lowest(), std::numeric_limits<Lane>::lowest(), std::int64_t{-1} << 40});
  constexpr std::int64_t kHighest = std::min<std::int64_t>(
      {std::numeric_limits<Word>::max(), std::numeric_limits<Lane>::max(), std::int64_t{1} << 40});
  std::mt19937_64 random(7);
  for (const SimdTarget target : simd_targets()) {
    for (const std::size_t columns : {1u, 2u, 3u, 4u, 7u, 8u, 9u, 19u}) {
      constexpr std::size_t kRows = 150;
      Array<Word> in(kRows, columns, layout);
      for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t c = 0; c < columns; ++c)
          in.mutable_view.set(r, c, std::uniform_int_distribution<std::int64_t>(kLowest, kHighest)(random));
      }
      const std::vector<std::int64_t> lowest(columns, kLowest);
      const std::vector<std::int64_t> highest(columns, kHighest);
      for (const std::size_t rows : {std::size_t{64}, std::size_t{1}, std::size_t{63}}) {
        const std::size_t first = rows == 64 ? 64 : 86;
        std::vector<Lane> lanes(columns * kColumnLanes, 1);
        ASSERT_TRUE(
            load_columns(in.view, first, 0, columns, rows, lowest.data(), highest.data(), lanes.data(), target));
        for (std::size_t c = 0; c < columns; ++c) {
          std::vector<Lane> one(kColumnLanes, 1);
          ASSERT_TRUE(load_column(in.view, first, c, rows, kLowest, kHighest, one.data(), target));
          for (std::size_t r = 0; r < kColumnLanes; ++r) {
            const std::int64_t expected = r < rows ? in.view.at(first + r, c) : 0;
            ASSERT_EQ(lanes[c * kColumnLanes + r], expected) << to_string(target) << " column " << c << " row " << r;
            ASSERT_EQ(one[r], expected);
          }
        }
        Array<Word> out(kRows, columns, layout);
        for (std::size_t c = 0; c < columns; ++c)
          store_column(lanes.data() + c * kColumnLanes, out.mutable_view, first, c, rows, target);
        for (std::size_t r = 0; r < kRows; ++r) {
          for (std::size_t c = 0; c < columns; ++c) {
            const bool written = r >= first && r < first + rows;
            ASSERT_EQ(out.view.at(r, c), written ? in.view.at(r, c) : 0);
          }
        }
        // One word beyond its own column's bounds, in any place, is seen; beside the block it is not.
        for (std::size_t c = 0; c < columns; ++c) {
          for (const std::size_t r : {std::size_t{0}, rows / 2, rows - 1}) {
            const std::int64_t kept = in.view.at(first + r, c);
            for (const std::int64_t beyond : {std::int64_t{-101}, std::int64_t{101}}) {
              std::vector<std::int64_t> low(columns, kLowest);
              std::vector<std::int64_t> high(columns, kHighest);
              low[c] = -100;
              high[c] = 100;
              for (std::size_t i = 0; i < rows; ++i) in.mutable_view.set(first + i, c, i % 2 == 0 ? -100 : 100);
              ASSERT_TRUE(
                  load_columns(in.view, first, 0, columns, rows, low.data(), high.data(), lanes.data(), target));
              in.mutable_view.set(first + r, c, beyond);
              ASSERT_FALSE(
                  load_columns(in.view, first, 0, columns, rows, low.data(), high.data(), lanes.data(), target))
                  << to_string(target) << " column " << c << " row " << r;
              ASSERT_FALSE(load_column(in.view, first, c, rows, -100, 100, lanes.data(), target));
            }
            in.mutable_view.set(first + r, c, kept);
          }
        }
      }
    }
  }
}

template <class Word>
void check_lanes() {
  for (const Layout layout : {Layout::columns, Layout::rows, Layout::padded_rows}) {
    check<Word, std::int16_t>(layout);
    check<Word, std::int32_t>(layout);
    check<Word, std::int64_t>(layout);
  }
}

TEST(Columns, Words8) { check_lanes<std::int8_t>(); }
TEST(Columns, Words16) { check_lanes<std::int16_t>(); }
TEST(Columns, Words32) { check_lanes<std::int32_t>(); }
TEST(Columns, Words64) { check_lanes<std::int64_t>(); }

TEST(Columns, UnalignedWordsAreRead) {
  std::vector<char> bytes(64 * 4 + 1);
  for (std::size_t r = 0; r < 64; ++r) {
    const auto word = static_cast<std::int32_t>(r * 1000);
    std::memcpy(bytes.data() + 1 + 4 * r, &word, 4);
  }
  for (const SimdTarget target : simd_targets()) {
    std::int32_t lanes[64];
    ASSERT_TRUE(load_column({bytes.data() + 1, 4, 4, 0}, 0, 0, 64, 0, 63000, lanes, target));
    for (int r = 0; r < 64; ++r) ASSERT_EQ(lanes[r], r * 1000);
  }
}

}  // namespace
}  // namespace vigil::fpga_model
