#include "monitors/shape_alternatives.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "monitors/intervals.h"

namespace vigil::monitors {
namespace {

constexpr std::array kLambdas{0.05, 0.15, 0.4, 0.8};
constexpr std::array kMoved{0.05, 0.5};       // parts of all events that move into a cell
constexpr std::array kLeft{0.3, 0.9};         // parts of a cell's events that leave it
constexpr double kLeastFactor = 0.05;         // one event must not end a bet
constexpr double kLargestCell = 1.0 / 24;     // probability at which a cell is full
constexpr double kSmallestCell = 1.0 / 4096;  // in the tails
constexpr double kLeastCount = 20;            // reference events of a cell
constexpr double kWorthLeaving = 0.05;        // probability of a cell that is worth a bet on less
constexpr double kMostBound = 0.15;           // of a mean of P, in which a bet on a stratum still makes sense
constexpr double kSmoothWeight = 0.5, kMoreWeight = 0.3, kLessWeight = 0.2;

struct ReferenceCells {
  std::vector<std::uint64_t> counts;
  std::uint64_t total = 0;
  double fraction(std::size_t cell) const { return static_cast<double>(counts[cell]) / static_cast<double>(total); }
};

// Neighbouring bins joined: about equal cells in the bulk; towards the ends each holds as much as all beyond it. What
// lies below and above all that ever came is a cell of its own, of count 0 (its probability is that of a tolerance
// interval: Wilks 1941).
ReferenceCells join(const Histogram& reference, std::vector<std::uint16_t>& cell_of_bin) {
  ReferenceCells cells;
  cells.total = reference.total();
  const auto total = static_cast<double>(cells.total);
  const auto& counts = reference.counts();
  const auto came = [](std::uint64_t n) { return n > 0; };
  const auto first = static_cast<std::size_t>(std::find_if(counts.begin(), counts.end(), came) - counts.begin());
  const auto end =
      counts.size() - static_cast<std::size_t>(std::find_if(counts.rbegin(), counts.rend(), came) - counts.rbegin());
  cell_of_bin.assign(counts.size(), 0);
  if (first > 0) cells.counts.push_back(0);
  std::uint64_t before = 0, open = 0;
  for (std::size_t bin = first; bin < end; ++bin) {
    cell_of_bin[bin] = static_cast<std::uint16_t>(cells.counts.size());
    open += counts[bin];
    const double below = static_cast<double>(before) / total;
    const double above = 1 - static_cast<double>(before + open) / total;
    const double full = std::clamp(std::min(below, above), kSmallestCell, kLargestCell);
    if (static_cast<double>(open) < std::max(full * total, kLeastCount)) continue;
    cells.counts.push_back(open);
    before += open;
    open = 0;
  }
  const std::size_t last = cells.counts.size();
  if (open > 0 && before > 0) {  // too few for a cell of their own
    cells.counts.back() += open;
    for (std::size_t bin = first; bin < end; ++bin) {
      cell_of_bin[bin] = std::min(cell_of_bin[bin], static_cast<std::uint16_t>(last - 1));
    }
  } else if (open > 0) {
    cells.counts.push_back(open);
  }
  if (end < counts.size()) {
    std::fill(cell_of_bin.begin() + static_cast<std::ptrdiff_t>(end), cell_of_bin.end(),
              static_cast<std::uint16_t>(cells.counts.size()));
    cells.counts.push_back(0);
  }
  return cells;
}

// A stratum in the cells of the whole.
ReferenceCells cells_of(const Histogram& stratum, const std::vector<std::uint16_t>& cell_of_bin, std::size_t cells) {
  ReferenceCells out;
  out.total = stratum.total();
  out.counts.assign(cells, 0);
  for (std::size_t bin = 0; bin < stratum.counts().size(); ++bin) out.counts[cell_of_bin[bin]] += stratum.counts()[bin];
  return out;
}

double legendre(int degree, double u) {
  return degree == 1 ? u : degree == 2 ? (3 * u * u - 1) / 2 : (5 * u * u * u - 3 * u) / 2;
}

// P(u) of each cell at its mid-rank, with its mean under the reference taken off.
std::vector<double> smooth(const ReferenceCells& cells, int degree) {
  std::vector<double> values;
  double mean = 0;
  std::uint64_t before = 0;
  for (std::size_t c = 0; c < cells.counts.size(); ++c) {
    const double rank =
        (static_cast<double>(before) + static_cast<double>(cells.counts[c]) / 2) / static_cast<double>(cells.total);
    values.push_back(legendre(degree, 2 * rank - 1));
    mean += cells.fraction(c) * values.back();
    before += cells.counts[c];
  }
  // What never came has no rank of its own.
  if (values.size() > 1 && cells.counts.front() == 0) values.front() = values[1];
  if (values.size() > 1 && cells.counts.back() == 0) values.back() = values[values.size() - 2];
  for (double& v : values) v -= mean;
  return values;
}

double spread(const ReferenceCells& cells, const std::vector<double>& values) {
  double variance = 0;
  for (std::size_t c = 0; c < values.size(); ++c) variance += cells.fraction(c) * values[c] * values[c];
  return variance;
}

// Half-width of the empirical Bernstein interval of the mean of bounded values, one-sided at `risk`.
double mean_bound(const ReferenceCells& cells, const std::vector<double>& values, double risk) {
  const double variance = spread(cells, values);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double n = static_cast<double>(cells.total), log = std::log(2 / risk);
  return n < 2 ? *high - *low : std::sqrt(2 * variance * log / n) + 7 * (*high - *low) * log / (3 * (n - 1));
}

}  // namespace

ShapeAlternatives::ShapeAlternatives(const std::vector<const Histogram*>& strata, double risk)
    : first_bin_(strata.front()->first_bin()) {
  Histogram whole = *strata.front();
  for (std::size_t s = 1; s < strata.size(); ++s) whole += *strata[s];
  // The whole says which alternatives there are and what their cells are; each stratum, what they bet.
  std::vector<ReferenceCells> of;
  of.push_back(join(whole, cell_of_bin_));
  cells_ = of.front().counts.size();
  const bool is_divided = strata.size() > 1;
  if (is_divided) {
    for (const Histogram* stratum : strata) of.push_back(cells_of(*stratum, cell_of_bin_, cells_));
  }
  const double each = risk / (6 + 2 * static_cast<double>(cells_)) / static_cast<double>(strata.size());
  std::vector<std::vector<double>> factors(of.size());  // logarithms, alternative by alternative
  std::vector<double> bet(cells_);
  const auto add = [&](std::size_t s, bool is_worth) {
    for (const double f : bet) factors[s].push_back(is_worth ? std::log(f) : 0);
  };
  const auto weigh = [&](double weight) {  // shared by what was added since the last call
    const std::size_t now = factors[0].size() / cells_, before = weights_.size();
    weights_.resize(now, weight / static_cast<double>(std::max<std::size_t>(now - before, 1)));
  };
  for (int degree = 1; degree <= 3 && cells_ > 1; ++degree) {
    std::vector<std::vector<double>> values;
    std::vector<double> bounds;
    for (const ReferenceCells& cells : of) {
      values.push_back(smooth(cells, degree));
      bounds.push_back(mean_bound(cells, values.back(), each));
    }
    for (const double size : kLambdas) {
      for (const double lambda : {size, -size}) {
        const auto bet_on = [&](std::size_t s) {
          for (std::size_t c = 0; c < cells_; ++c) bet[c] = 1 + lambda * values[s][c] - size * bounds[s];
          return *std::min_element(bet.begin(), bet.end()) >= kLeastFactor;
        };
        if (!bet_on(0)) continue;
        add(0, true);
        for (std::size_t s = 1; s < of.size(); ++s) {
          // In a thin stratum the bound costs more than most changes would bring; so below.
          add(s, bet_on(s) && bounds[s] <= kMostBound);
        }
      }
    }
  }
  weigh(kSmoothWeight);
  std::vector<std::vector<Interval>> fraction(of.size());
  for (std::size_t s = 0; s < of.size(); ++s) {
    for (const std::uint64_t count : of[s].counts) fraction[s].push_back(clopper_pearson(count, of[s].total, 2 * each));
  }
  for (std::size_t c = 0; c < cells_ && cells_ > 1; ++c) {
    for (const double moved : kMoved) {
      for (std::size_t s = 0; s < of.size(); ++s) {
        std::fill(bet.begin(), bet.end(), 1 - moved);
        bet[c] = 1 - moved + moved / fraction[s][c].high;
        const double then = moved + (1 - moved) * of[s].fraction(c);  // of the events, were it so
        add(s, s == 0 || then * std::log(bet[c]) + (1 - then) * std::log(1 - moved) > 0);
      }
    }
  }
  weigh(kMoreWeight);
  for (std::size_t c = 0; c < cells_ && cells_ > 1; ++c) {
    if (of[0].fraction(c) < kWorthLeaving || fraction[0][c].low >= 1) continue;
    for (const double left : kLeft) {
      for (std::size_t s = 0; s < of.size(); ++s) {
        const double low = fraction[s][c].low;
        const double others = low < 1 ? 1 + left * low / (1 - low) : 1;
        std::fill(bet.begin(), bet.end(), others);
        bet[c] = 1 - left;
        const double then = (1 - left) * of[s].fraction(c);
        add(s, s == 0 || then * std::log(1 - left) + (1 - then) * std::log(others) > 0);
      }
    }
  }
  weigh(kLessWeight);
  if (weights_.empty()) {  // one cell that holds all there can be
    for (auto& list : factors) list.assign(cells_, 0);
    weights_.assign(1, 1);
  }
  for (std::size_t s = is_divided ? 1 : 0; s < of.size(); ++s) {
    std::vector<double>& by_cell = log_factors_.emplace_back(factors[s].size());
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      for (std::size_t c = 0; c < cells_; ++c) by_cell[c * weights_.size() + i] = factors[s][i * cells_ + c];
    }
  }
}

std::vector<double> ShapeAlternatives::steps(const Histogram& events, std::size_t stratum) const {
  const std::vector<double>& factors = log_factors_[stratum];
  std::vector<double> counts(cells_), steps(weights_.size());
  const auto& bins = events.counts();
  for (std::size_t b = 0; b < bins.size() && b < cell_of_bin_.size(); ++b) {
    if (bins[b] != 0) counts[cell_of_bin_[b]] += static_cast<double>(bins[b]);
  }
  for (std::size_t c = 0; c < cells_; ++c) {  // cell by cell: each sum in order, all of them in vectors
    if (counts[c] == 0) continue;
    const double n = counts[c];
    const double* row = &factors[c * steps.size()];
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i] += n * row[i];
  }
  return steps;
}

}  // namespace vigil::monitors
