// Sums of products of the words of one batch, over its sampled events; and of the batches of a lumisection that is
// still open. A small batch keeps its sampled rows, which are summed together with those of others; a large one sums
// its own in the parallel stage. Used by BatchSummary and OpenSummary. Not synchronised. Tests:
// tests/monitors/cross_fill_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/event_batch.h"
#include "core/fixed_point.h"
#include "core/model.h"
#include "core/summary.h"
#include "monitors/product_sums.h"

namespace vigil::monitors {

class OpenProducts;

// Of rows first .. first + rows - 1 of the batch those whose orbit is divisible by `every_orbits` (>= 1), counted from
// `first`.
void sampled_rows(const EventBatch& batch, std::size_t first, std::size_t rows, std::uint32_t every_orbits,
                  std::vector<std::uint32_t>& sampled);

class CrossFill {
 public:
  void lay_out(const std::vector<FixedPoint>& types);
  // Replaces what it held by a batch: begin, then add block by block, then finish. Words within their types.
  void begin();
  void add(const WordsView& words, std::span<const std::uint32_t> sampled);
  void finish();

  void add_to(OpenProducts& open, CrossMoments& moments) const;

 private:
  double* room(std::size_t rows);
  void add_narrow(const WordsView& words, std::span<const std::uint32_t> sampled);
  void add_wide(const WordsView& words, std::span<const std::uint32_t> sampled);
  void sum_rows();

  std::shared_ptr<const ProductLayout> layout_ = std::make_shared<ProductLayout>();
  std::vector<double> rows_;  // sampled and not yet summed
  std::size_t row_count_ = 0;
  std::vector<std::int64_t> wide_row_;
  std::vector<std::uint64_t> norms_;
  ProductSums sums_;
  CrossMoments full_;
};

// What the small batches of a stratum left to be summed.
class OpenProducts {
 public:
  void add_rows(const std::shared_ptr<const ProductLayout>& layout, const double* rows, std::size_t n,
                CrossMoments& moments);
  void add(const std::shared_ptr<const ProductLayout>& layout, const ProductSums& sums, CrossMoments& moments);
  // Everything added so far goes to `moments`.
  void fold(CrossMoments& moments);

 private:
  std::shared_ptr<const ProductLayout> layout_;  // of the first batch
  std::vector<double> rows_;
  std::size_t row_count_ = 0;
  ProductSums sums_;
};

}  // namespace vigil::monitors
