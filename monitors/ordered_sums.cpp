#include "monitors/ordered_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace vigil::monitors {
namespace {

using Unsigned = unsigned __int128;

// F - G times N M is the integer `difference`; Int holds it, and twice the pairs.
template <class Int>
class Pass {
 public:
  Pass(std::uint64_t n, std::uint64_t m) : n_(static_cast<Int>(n)), m_(static_cast<Int>(m)) {}

  // The next cell in ascending order.
  void cell(std::int64_t c, std::int64_t d) {
    const std::int64_t t = c + d;
    const Int before = difference_;
    difference_ += c * m_ - d * n_;
    largest_ = std::max(largest_, difference_ < 0 ? -difference_ : difference_);
    const auto after = static_cast<double>(difference_), twice = static_cast<double>(before + difference_);
    const auto many = static_cast<double>(t);
    squares_ += many * (after * after);
    // Of all events those below and above the cell: 4 b (L - b) - L t in Scholz and Stephens' terms, without
    // cancelling.
    const std::int64_t above = total() - below_ - t;
    const double b = static_cast<double>(below_), a = static_cast<double>(above);
    const double spread = 4 * b * a + (b + a) * many;
    if (spread > 0) weighted_ += many * (twice * twice) / spread;
    twice_pairs_ += d * (2 * seen_ + c);
    seen_ += c;
    below_ += t;
    if (t > 1) cubes_ += static_cast<Unsigned>(t) * static_cast<Unsigned>(t) * static_cast<Unsigned>(t) - 1;
    ++cells_;
  }
  // From the cell to the next, in units of 2^exponent.
  void distance(double gap) {
    const auto x = static_cast<double>(difference_);
    area_ += std::abs(x) * gap;
    square_area_ += x * x * gap;
  }

  OrderedSums finish(int exponent) const {
    const auto n = static_cast<double>(n_), m = static_cast<double>(m_), l = static_cast<double>(total());
    OrderedSums sums;
    const auto g = static_cast<Int>(std::gcd(static_cast<std::uint64_t>(n_), static_cast<std::uint64_t>(m_)));
    const Int numerator = largest_ / g;
    sums.supremum = static_cast<double>(numerator) / (static_cast<double>(n_ / g) * m);
    sums.numerator = numerator > Int{INT64_MAX} ? UINT64_MAX : static_cast<std::uint64_t>(numerator);
    sums.mean_square = squares_ / (n * m) / l / l;
    sums.weighted_square = weighted_ / (n * m) * ((l - 1) / l);
    sums.above = static_cast<double>(twice_pairs_) / 2;
    sums.above_deviation = std::sqrt(n * m / 12 * untied());
    set_areas(sums, area_ / (n * m), square_area_ / (n * m) / (n * m), exponent);
    return sums;
  }

 private:
  std::int64_t total() const { return static_cast<std::int64_t>(n_ + m_); }
  // L + 1 - sum (t^3 - t) / (L (L - 1)) = (L^3 - sum t^3) / (L (L - 1)); cells with t = 1 count 1 each.
  double untied() const {
    const auto l = static_cast<double>(total());
    if (cells_ <= 1) return 0;
    if (total() >= std::int64_t{1} << 42)
      return l + 1 - (static_cast<double>(cubes_) + static_cast<double>(cells_) - l) / l / (l - 1);
    const auto whole = static_cast<Unsigned>(total());
    return static_cast<double>(whole * whole * whole - cubes_ - static_cast<Unsigned>(cells_)) / l / (l - 1);
  }

  Int n_, m_;
  Int difference_ = 0, largest_ = 0, twice_pairs_ = 0;
  std::int64_t seen_ = 0, below_ = 0, cells_ = 0;
  Unsigned cubes_ = 0;
  double squares_ = 0, weighted_ = 0, area_ = 0, square_area_ = 0;
};

// `f` with a pass in 64 bits where they hold everything, else in 128.
template <class F>
OrderedSums passed(std::uint64_t n, std::uint64_t m, F f) {
  if (static_cast<Unsigned>(n) * m < (Unsigned{1} << 60)) return f(Pass<std::int64_t>(n, m));
  return f(Pass<Wide>(n, m));
}

}  // namespace

void set_areas(OrderedSums& sums, double area, double square_area, int exponent) {
  const int odd = exponent & 1;
  sums.area = std::ldexp(area, exponent);
  sums.root_area = std::ldexp(std::sqrt(odd != 0 ? 2 * square_area : square_area), (exponent - odd) / 2);
}

OrderedSums ordered_sums(const Cells& cells) {
  const auto& all = cells.cells;
  const double range = all.back().value - all.front().value;
  const int exponent = range > 0 ? std::ilogb(range) : 0;
  const double scale = std::ldexp(1.0, -exponent);
  return passed(cells.reference, cells.window, [&](auto pass) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      pass.cell(static_cast<std::int64_t>(all[i].reference), static_cast<std::int64_t>(all[i].window));
      if (i + 1 < all.size()) pass.distance((all[i + 1].value - all[i].value) * scale);
    }
    return pass.finish(exponent);
  });
}

OrderedSums ordered_sums(const SortedSample& reference, const SortedSample& sample) {
  const auto r = reference.keys(), s = sample.keys();
  const bool finite = reference.counts().minus_infinity + reference.counts().plus_infinity +
                          sample.counts().minus_infinity + sample.counts().plus_infinity ==
                      0;
  const std::uint64_t least = std::min(r.front(), s.front()), most = std::max(r.back(), s.back());
  const Distances distances(reference.is_integer(), finite ? least : most, most);
  return passed(r.size(), s.size(), [&](auto pass) {
    std::uint64_t last = least;
    for_each_cell(r, s, [&](std::uint64_t key, std::int64_t c, std::int64_t d) {
      pass.distance(distances(last, key));
      last = key;
      pass.cell(c, d);
    });
    return pass.finish(distances.exponent());
  });
}

}  // namespace vigil::monitors
