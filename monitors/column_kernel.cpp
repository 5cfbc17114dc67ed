#include "monitors/column_kernel.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "monitors/column_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace vigil::monitors {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
ColumnSums cells_of_column(const std::int32_t* words, std::size_t n, const ColumnCells& column, std::int32_t common,
                           std::uint32_t* cells) {
  ColumnSums result;
  for (std::size_t i = 0; i < n; ++i) {
    std::int32_t word;
    std::memcpy(&word, words + i, sizeof word);
    result.sum += word;
    result.squares += static_cast<std::uint64_t>(std::int64_t{word} * word);
    const std::int32_t cell = column.cell_of(word);
    cells[result.found] = static_cast<std::uint32_t>(cell);
    result.found += cell != common;
  }
  return result;
}
#else
HWY_ATTR ColumnSums cells_of_column(const std::int32_t* words, std::size_t n, const ColumnCells& column,
                                    std::int32_t common, std::uint32_t* cells) {
  const hn::ScalableTag<std::int32_t> d;
  const hn::RepartitionToWide<decltype(d)> wide;
  const hn::Rebind<float, decltype(d)> real;
  const hn::Rebind<std::uint32_t, decltype(d)> bits;
  const std::size_t lanes = hn::Lanes(d);
  const auto lowest = hn::Set(d, column.lowest), highest = hn::Set(d, column.highest);
  // A sign bit makes the shifted float larger by 2^12.
  const auto zero = hn::Set(d, kCellOfOne - 1), to_positive = hn::Set(d, 1 - kCellOfOne),
             to_negative = hn::Set(d, column.positive - kCellOfOne - (1 << 12)), left_out = hn::Set(d, common);
  auto sums = hn::Zero(d);
  auto even = hn::Zero(wide), odd = hn::Zero(wide);
  ColumnSums result;
  const auto step = [&](auto word) HWY_ATTR {
    sums = hn::Add(sums, word);
    even = hn::Add(even, hn::MulEven(word, word));
    const auto upper =
        hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(hn::Rebind<std::uint64_t, decltype(wide)>(), word)));
    odd = hn::Add(odd, hn::MulEven(upper, upper));
    const auto inside = hn::Min(hn::Max(word, lowest), highest);
    const auto exponent = hn::BitCast(d, hn::ShiftRight<19>(hn::BitCast(bits, hn::ConvertTo(real, inside))));
    return hn::Add(hn::Max(exponent, zero), hn::IfNegativeThenElse(inside, to_negative, to_positive));
  };
  const auto write = [&](auto cell, auto mask) HWY_ATTR {
    hn::StoreU(hn::Compress(cell, mask), d, reinterpret_cast<std::int32_t*>(cells + result.found));
    result.found += hn::CountTrue(d, mask);
  };
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto word = hn::LoadU(d, words + i);
    // Absent objects come in the same columns of most events.
    if (common == 0 && hn::AllTrue(d, hn::Eq(word, hn::Zero(d)))) continue;
    const auto cell = step(word);
    write(cell, hn::Ne(cell, left_out));
  }
  if (i < n) {  // zeros add nothing to the sums
    HWY_ALIGN std::int32_t rest[hn::MaxLanes(decltype(d)())] = {};
    std::memcpy(rest, words + i, (n - i) * sizeof *words);
    const auto cell = step(hn::Load(d, rest));
    write(cell, hn::And(hn::Ne(cell, left_out), hn::FirstN(d, n - i)));
  }
  result.sum = hn::GetLane(hn::SumOfLanes(d, sums));
  result.squares = static_cast<std::uint64_t>(hn::GetLane(hn::SumOfLanes(wide, hn::Add(even, odd))));
  return result;
}
#endif

#if HWY_TARGET == HWY_SCALAR
std::size_t collect_counts(std::uint32_t* counts, std::size_t n, std::uint32_t* cells, std::uint32_t* found) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < n; ++i) {
    cells[size] = static_cast<std::uint32_t>(i);
    found[size] = counts[i];
    size += counts[i] != 0;
    counts[i] = 0;
  }
  return size;
}
#else
HWY_ATTR std::size_t collect_counts(std::uint32_t* counts, std::size_t n, std::uint32_t* cells, std::uint32_t* found) {
  const hn::ScalableTag<std::uint32_t> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t size = 0, i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto count = hn::LoadU(d, counts + i);
    const auto is_there = hn::Ne(count, hn::Zero(d));
    if (hn::AllFalse(d, is_there)) continue;
    hn::StoreU(hn::Compress(count, is_there), d, found + size);
    hn::StoreU(hn::Compress(hn::Iota(d, static_cast<std::uint32_t>(i)), is_there), d, cells + size);
    size += hn::CountTrue(d, is_there);
    hn::StoreU(hn::Zero(d), d, counts + i);
  }
  for (; i < n; ++i) {
    if (counts[i] == 0) continue;
    cells[size] = static_cast<std::uint32_t>(i);
    found[size++] = counts[i];
    counts[i] = 0;
  }
  return size;
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace vigil::monitors
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vigil::monitors {
namespace {
HWY_EXPORT(cells_of_column);
HWY_EXPORT(collect_counts);
}  // namespace

ColumnSums cells_of_words(const std::int32_t* words, std::size_t n, const ColumnCells& column, std::int32_t common,
                          std::uint32_t* cells) {
  return HWY_DYNAMIC_DISPATCH(cells_of_column)(words, n, column, common, cells);
}

std::size_t take_counts(std::uint32_t* counts, std::size_t n, std::uint32_t* cells, std::uint32_t* found) {
  return HWY_DYNAMIC_DISPATCH(collect_counts)(counts, n, cells, found);
}

}  // namespace vigil::monitors
#endif
