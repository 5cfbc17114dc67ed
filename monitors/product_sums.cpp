#include "monitors/product_sums.h"

#include <algorithm>
#include <bit>

#include "monitors/products_kernel.h"

namespace vigil::monitors {
namespace {

int width_of(std::uint64_t value) { return static_cast<int>(std::bit_width(value)); }

using Unsigned = unsigned __int128;

constexpr int kExactBits = 53;       // of a double
constexpr int kLeastDigitBits = 13;  // so that few digits do
constexpr int kMostDigitBits = 22;   // sums of at least 2^9 rows fit

int magnitude_bits(const FixedPoint& type) {
  const std::uint64_t below = ~static_cast<std::uint64_t>(type.lowest()) + 1;  // -lowest
  const std::uint64_t most = std::max(type.lowest() < 0 ? below : 0, static_cast<std::uint64_t>(type.highest()));
  return width_of(most);
}

// A double that holds a whole number, times 2^shift, modulo 2^128.
Wide scaled(double sum, int shift) {
  const auto whole = static_cast<Unsigned>(static_cast<Wide>(static_cast<std::int64_t>(sum)));
  return shift >= 128 ? 0 : static_cast<Wide>(whole << shift);
}

}  // namespace

ProductLayout::ProductLayout(const std::vector<FixedPoint>& types) : columns(types.size()) {
  int bits = 0;
  for (const FixedPoint& type : types) bits = std::max(bits, magnitude_bits(type));
  is_narrow = bits <= kMostDigitBits;
  if (!is_narrow) return;
  digit_bits = std::max(bits, kLeastDigitBits);
  const int norm_bits = 2 * bits + width_of(columns);
  digits = static_cast<std::size_t>((norm_bits + digit_bits - 1) / digit_bits);
  width = (columns + 1 + digits + kProductBlock - 1) / kProductBlock * kProductBlock;
  stride = stride_of(width);
  most_rows = std::size_t{1} << (kExactBits - 2 * digit_bits);
}

void ProductSums::reset(const ProductLayout& layout) {
  if (rows_ == 0) sums_.assign(products_size(layout.width), 0);
}

void ProductSums::add_rows(const ProductLayout& layout, const double* rows, std::size_t n, CrossMoments& full) {
  while (n > 0) {
    const std::size_t count = std::min(n, layout.most_rows);
    if (rows_ + count > layout.most_rows) move_to(layout, full);
    reset(layout);
    add_products(rows, count, layout.width, sums_.data());
    rows_ += count;
    rows += count * layout.stride;
    n -= count;
  }
}

void ProductSums::add(const ProductLayout& layout, const ProductSums& more, CrossMoments& full) {
  if (more.rows_ == 0) return;
  if (rows_ + more.rows_ > layout.most_rows) move_to(layout, full);
  if (rows_ == 0) {
    sums_ = more.sums_;
  } else {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += more.sums_[i];
  }
  rows_ += more.rows_;
}

void ProductSums::move_to(const ProductLayout& layout, CrossMoments& full) {
  if (rows_ == 0) return;
  const std::size_t columns = layout.columns, norm = columns + 1;
  if (full.columns() == 0) full.lay_out(columns);
  const auto sum = [&](std::size_t i, std::size_t j) { return sums_[product_at(i, j, layout.width)]; };
  const auto shift = [&](std::size_t digit) { return static_cast<int>(digit) * layout.digit_bits; };
  full.n += rows_;
  std::size_t at = 0;
  for (std::size_t i = 0; i < columns; ++i) {
    full.sums[i] = wrapped_sum(full.sums[i], scaled(sum(i, columns), 0));
    const double* row = &sums_[product_at(i, i, layout.width)];
    for (std::size_t j = i; j < columns; ++j, ++at)
      full.products[at] = wrapped_sum(full.products[at], scaled(*row++, 0));
    for (std::size_t d = 0; d < layout.digits; ++d)
      full.norm_products[i] = wrapped_sum(full.norm_products[i], scaled(sum(i, norm + d), shift(d)));
  }
  for (std::size_t d = 0; d < layout.digits; ++d) {
    for (std::size_t e = d; e < layout.digits; ++e) {
      const auto square = static_cast<Unsigned>(scaled(sum(norm + d, norm + e), shift(d + e)));
      full.norm_squares += d == e ? square : 2 * square;
    }
  }
  rows_ = 0;
}

void add_event(const std::int64_t* words, CrossMoments& moments) {
  const std::size_t columns = moments.columns();
  ++moments.n;
  Unsigned norm = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < columns; ++i) {
    const Wide x = words[i];
    moments.sums[i] = wrapped_sum(moments.sums[i], x);
    for (std::size_t j = i; j < columns; ++j, ++at)
      moments.products[at] = wrapped_sum(moments.products[at], x * words[j]);
    norm += static_cast<Unsigned>(x * x);
  }
  for (std::size_t i = 0; i < columns; ++i) {
    const auto product = norm * static_cast<Unsigned>(static_cast<Wide>(words[i]));
    moments.norm_products[i] = wrapped_sum(moments.norm_products[i], static_cast<Wide>(product));
  }
  moments.norm_squares += norm * norm;
}

}  // namespace vigil::monitors
