#include "monitors/exact_words.h"

#include <algorithm>
#include <limits>

namespace vigil::monitors {
namespace {
constexpr int kDenseWidth = 18;                         // a dense table up to here (1 MiB)
constexpr std::size_t kWaiting = std::size_t{1} << 16;  // at least; grows with what is settled
}  // namespace

std::vector<std::size_t> exact_output_words(const ModelInfo& model) {
  std::vector<std::size_t> columns;
  for (const Seed& seed : model.seeds) columns.push_back(model.seed_column(seed));
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

ExactWords::ExactWords(const FixedPoint& type)
    : lowest_(type.lowest()), size_(type.width <= kDenseWidth ? std::size_t{1} << type.width : 0) {}

void ExactWords::add(const std::int64_t* words, std::size_t n) {
  if (n == 0) return;
  if (size_ == 0) {
    waiting_.insert(waiting_.end(), words, words + n);
    if (waiting_.size() >= std::max(kWaiting, settled_.size())) settle();
    return;
  }
  if (dense_.empty()) dense_.resize(size_);
  if (n > std::numeric_limits<std::uint32_t>::max() - counted_) settle();
  counted_ += n;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t at = static_cast<std::uint64_t>(words[i]) - static_cast<std::uint64_t>(lowest_);
    if (at < size_) ++dense_[at];
  }
}

void ExactWords::settle() {
  WordCounts counts;
  if (size_ != 0) {
    constexpr std::size_t kStep = 16;
    for (std::size_t at = 0; at < dense_.size(); at += kStep) {
      const std::size_t end = std::min(at + kStep, dense_.size());
      std::uint32_t any = 0;
      for (std::size_t i = at; i < end; ++i) any |= dense_[i];
      for (std::size_t i = at; any != 0 && i < end; ++i) {
        if (dense_[i] == 0) continue;
        counts.append(lowest_ + static_cast<std::int64_t>(i), dense_[i]);
        dense_[i] = 0;
      }
    }
    counted_ = 0;
  } else {
    std::sort(waiting_.begin(), waiting_.end());
    for (const std::int64_t word : waiting_) ++counts[word];
    waiting_.clear();
  }
  settled_ += counts;
}

void ExactWords::move_to(WordCounts& into) {
  settle();
  into += settled_;
  settled_ = {};
}

}  // namespace vigil::monitors
