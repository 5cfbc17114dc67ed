#include "monitors/cross_fill.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace vigil::monitors {
namespace {

constexpr std::size_t kRowsAtOnce = 256;  // are summed together
constexpr std::size_t kRowsGathered = 8;
// From so many on a batch sums its own: adding its sums to those of others then costs less than summing its rows.
constexpr std::size_t kOwnRows = 32;

}  // namespace

void sampled_rows(const EventBatch& batch, std::size_t first, std::size_t rows, std::uint32_t every_orbits,
                  std::vector<std::uint32_t>& sampled) {
  sampled.resize(rows);
  const char* const orbits = static_cast<const char*>(batch.orbit.data) + 4 * first;
  std::uint32_t* const out = sampled.data();
  std::size_t count = 0;
  // Written always and kept where it counts: a branch would be guessed wrong at every sampled event.
  const auto scan = [&](const auto& is_sampled) {
    for (std::size_t row = 0; row < rows; ++row) {
      std::uint32_t orbit;
      std::memcpy(&orbit, orbits + 4 * row, 4);
      out[count] = static_cast<std::uint32_t>(row);
      count += is_sampled(orbit) ? 1 : 0;
    }
  };
  if (std::has_single_bit(every_orbits)) {
    const std::uint32_t mask = every_orbits - 1;
    scan([mask](std::uint32_t orbit) { return (orbit & mask) == 0; });
  } else {
    scan([every_orbits](std::uint32_t orbit) { return orbit % every_orbits == 0; });
  }
  sampled.resize(count);
}

void CrossFill::lay_out(const std::vector<FixedPoint>& types) {
  layout_ = std::make_shared<ProductLayout>(types);
  full_ = {};
  begin();
}

void CrossFill::begin() {
  row_count_ = 0;
  sums_.clear();
  if (full_.n != 0) full_ = {};
}

double* CrossFill::room(std::size_t rows) {
  const std::size_t needed = (row_count_ + rows) * layout_->stride;
  if (rows_.size() < needed) rows_.resize(needed);
  return rows_.data() + row_count_ * layout_->stride;
}

void CrossFill::add(const WordsView& words, std::span<const std::uint32_t> sampled) {
  if (!layout_->is_narrow) return add_wide(words, sampled);
  while (!sampled.empty()) {
    const std::size_t n = std::min(sampled.size(), kRowsAtOnce - row_count_);
    add_narrow(words, sampled.first(n));
    sampled = sampled.subspan(n);
    if (row_count_ == kRowsAtOnce) sum_rows();
  }
}

void CrossFill::add_narrow(const WordsView& words, std::span<const std::uint32_t> sampled) {
  const ProductLayout& layout = *layout_;
  double* const rows = room(sampled.size());
  norms_.assign(sampled.size(), 0);
  const bool is_column = words.word_bytes == 4 && words.row_stride == 4;
  // A few rows at a time, which stay in the first cache while all columns are gathered.
  for (std::size_t begin = 0; begin < sampled.size(); begin += kRowsGathered) {
    const std::size_t n = std::min(kRowsGathered, sampled.size() - begin);
    double* const into = rows + begin * layout.stride;
    std::array<std::uint64_t, kRowsGathered> norms{};
    std::array<std::size_t, kRowsGathered> at{};
    for (std::size_t i = 0; i < n; ++i) at[i] = std::size_t{4} * sampled[begin + i];
    for (std::size_t column = 0; column < layout.columns; ++column) {
      const char* const first =
          static_cast<const char*>(words.data) + static_cast<std::ptrdiff_t>(column) * words.column_stride;
      for (std::size_t i = 0; i < n; ++i) {
        std::int64_t word;
        if (is_column) {
          std::int32_t narrow;
          std::memcpy(&narrow, first + at[i], 4);
          word = narrow;
        } else {
          word = words.at(sampled[begin + i], column);
        }
        into[i * layout.stride + column] = static_cast<double>(word);
        norms[i] += static_cast<std::uint64_t>(word * word);
      }
    }
    std::copy_n(norms.begin(), n, norms_.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  const std::uint64_t digit = (std::uint64_t{1} << layout.digit_bits) - 1;
  for (std::size_t row = 0; row < sampled.size(); ++row) {
    double* at = rows + row * layout.stride + layout.columns;
    double* const end = rows + row * layout.stride + layout.width;
    *at++ = 1;
    std::uint64_t norm = norms_[row];
    for (std::size_t d = 0; d < layout.digits; ++d, norm >>= layout.digit_bits)
      *at++ = static_cast<double>(norm & digit);
    std::fill(at, end, 0.0);
  }
  row_count_ += sampled.size();
}

void CrossFill::add_wide(const WordsView& words, std::span<const std::uint32_t> sampled) {
  if (sampled.empty()) return;
  if (full_.columns() == 0) full_.lay_out(layout_->columns);
  wide_row_.resize(layout_->columns);
  for (const std::uint32_t row : sampled) {
    for (std::size_t column = 0; column < wide_row_.size(); ++column) wide_row_[column] = words.at(row, column);
    add_event(wide_row_.data(), full_);
  }
}

void CrossFill::sum_rows() {
  sums_.add_rows(*layout_, rows_.data(), row_count_, full_);
  row_count_ = 0;
}

void CrossFill::finish() {
  if (layout_->is_narrow && (sums_.rows() > 0 || row_count_ >= kOwnRows)) sum_rows();
}

void CrossFill::add_to(OpenProducts& open, CrossMoments& moments) const {
  if (full_.n > 0) moments += full_;
  open.add(layout_, sums_, moments);
  if (row_count_ > 0) open.add_rows(layout_, rows_.data(), row_count_, moments);
}

void OpenProducts::add_rows(const std::shared_ptr<const ProductLayout>& layout, const double* rows, std::size_t n,
                            CrossMoments& moments) {
  if (!layout_) layout_ = layout;
  const std::size_t stride = layout_->stride;
  if (rows_.size() < (row_count_ + n) * stride) rows_.resize((std::max(row_count_ + n, kRowsAtOnce)) * stride);
  std::copy_n(rows, n * stride, rows_.data() + row_count_ * stride);
  row_count_ += n;
  if (row_count_ < kRowsAtOnce) return;
  sums_.add_rows(*layout_, rows_.data(), row_count_, moments);
  row_count_ = 0;
}

void OpenProducts::add(const std::shared_ptr<const ProductLayout>& layout, const ProductSums& sums,
                       CrossMoments& moments) {
  if (sums.rows() == 0) return;
  if (!layout_) layout_ = layout;
  sums_.add(*layout_, sums, moments);
}

void OpenProducts::fold(CrossMoments& moments) {
  if (!layout_) return;
  if (row_count_ > 0) sums_.add_rows(*layout_, rows_.data(), row_count_, moments);
  row_count_ = 0;
  sums_.move_to(*layout_, moments);
}

}  // namespace vigil::monitors
