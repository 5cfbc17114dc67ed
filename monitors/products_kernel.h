// The inner loop of ProductSums: sums of products of all pairs of columns over rows of whole numbers, in the widest
// vectors this machine has (chosen once, at first use). Same numbers on every machine while all sums stay below 2^53.
// Tests: tests/monitors/cross_fill_test.cpp.
#pragma once

#include <cstddef>

namespace vigil::monitors {

// Columns come in blocks of so many; a row's length is a multiple of it.
inline constexpr std::size_t kProductBlock = 8;

// Sums of products lie block by block: of block b the rows 8 b .. 8 b + 7, each from column 8 b to the last.
constexpr std::size_t products_before(std::size_t block, std::size_t width) {
  return kProductBlock * (block * width - kProductBlock * (block * (block - 1) / 2));
}
constexpr std::size_t products_size(std::size_t width) { return products_before(width / kProductBlock, width); }
// Place of the product of columns i <= j.
constexpr std::size_t product_at(std::size_t i, std::size_t j, std::size_t width) {
  const std::size_t block = i / kProductBlock, first = block * kProductBlock;
  return products_before(block, width) + (i - first) * (width - first) + (j - first);
}

// How far rows lie apart: an odd number of blocks, so that columns of many rows do not meet in the same cache lines.
constexpr std::size_t stride_of(std::size_t width) {
  return width / kProductBlock % 2 == 0 ? width + kProductBlock : width;
}

// Adds the products of `n` rows [n, width], stride_of(width) apart, to `products` [products_size(width)].
void add_products(const double* rows, std::size_t n, std::size_t width, double* products);

}  // namespace vigil::monitors
