#include "monitors/products_kernel.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "monitors/products_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace vigil::monitors {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Four columns i .. i + 3 with the columns of kVectors vectors from j on, over n rows: what stays in registers.
template <std::size_t kVectors, class D>
HWY_ATTR void add_tile(D d, const double* rows, std::size_t n, std::size_t apart, std::size_t i, std::size_t j,
                       double* products, std::size_t stride) {
  const std::size_t lanes = hn::Lanes(d);
  auto a0 = hn::LoadU(d, products), a1 = hn::LoadU(d, products + stride), a2 = hn::LoadU(d, products + 2 * stride),
       a3 = hn::LoadU(d, products + 3 * stride);
  auto b0 = a0, b1 = a1, b2 = a2, b3 = a3;
  if constexpr (kVectors == 2) {
    b0 = hn::LoadU(d, products + lanes);
    b1 = hn::LoadU(d, products + stride + lanes);
    b2 = hn::LoadU(d, products + 2 * stride + lanes);
    b3 = hn::LoadU(d, products + 3 * stride + lanes);
  }
  for (std::size_t row = 0; row < n; ++row, rows += apart) {
    const auto x0 = hn::Set(d, rows[i]), x1 = hn::Set(d, rows[i + 1]), x2 = hn::Set(d, rows[i + 2]),
               x3 = hn::Set(d, rows[i + 3]);
    const auto y = hn::LoadU(d, rows + j);
    a0 = hn::MulAdd(x0, y, a0);
    a1 = hn::MulAdd(x1, y, a1);
    a2 = hn::MulAdd(x2, y, a2);
    a3 = hn::MulAdd(x3, y, a3);
    if constexpr (kVectors == 2) {
      const auto z = hn::LoadU(d, rows + j + lanes);
      b0 = hn::MulAdd(x0, z, b0);
      b1 = hn::MulAdd(x1, z, b1);
      b2 = hn::MulAdd(x2, z, b2);
      b3 = hn::MulAdd(x3, z, b3);
    }
  }
  hn::StoreU(a0, d, products);
  hn::StoreU(a1, d, products + stride);
  hn::StoreU(a2, d, products + 2 * stride);
  hn::StoreU(a3, d, products + 3 * stride);
  if constexpr (kVectors == 2) {
    hn::StoreU(b0, d, products + lanes);
    hn::StoreU(b1, d, products + stride + lanes);
    hn::StoreU(b2, d, products + 2 * stride + lanes);
    hn::StoreU(b3, d, products + 3 * stride + lanes);
  }
}

HWY_ATTR void add_all_products(const double* rows, std::size_t n, std::size_t width, double* products) {
  const hn::CappedTag<double, kProductBlock> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t apart = stride_of(width);
  const std::size_t chunk = std::clamp<std::size_t>(2048 / apart, 16, 256);  // rows that stay in the first cache
  for (std::size_t first = 0; first < n; first += chunk, rows += chunk * apart) {
    const std::size_t count = std::min(chunk, n - first);
    for (std::size_t begin = 0; begin < width; begin += kProductBlock) {
      const std::size_t stride = width - begin;
      double* const block = products + products_before(begin / kProductBlock, width);
      for (std::size_t i = 0; i < kProductBlock; i += 4) {
        std::size_t j = begin;
        for (; j + 2 * lanes <= width; j += 2 * lanes)
          add_tile<2>(d, rows, count, apart, begin + i, j, block + i * stride + (j - begin), stride);
        for (; j < width; j += lanes)
          add_tile<1>(d, rows, count, apart, begin + i, j, block + i * stride + (j - begin), stride);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vigil::monitors
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vigil::monitors {
namespace {
HWY_EXPORT(add_all_products);
}  // namespace

void add_products(const double* rows, std::size_t n, std::size_t width, double* products) {
  HWY_DYNAMIC_DISPATCH(add_all_products)(rows, n, width, products);
}

}  // namespace vigil::monitors
#endif
