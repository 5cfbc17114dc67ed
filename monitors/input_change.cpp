#include "monitors/input_change.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "monitors/rule.h"

namespace vigil::monitors {
namespace {

constexpr double kNearlyAll = 0.98;
constexpr double kMuchMore = 0.2;     // of all words
constexpr double kSameFactor = 1.12;  // largest over smallest ratio of quantiles; a bin is 1/16 octave, 4 to 6% wide
constexpr double kAnyFactor = 1.03;

double fraction(const Histogram& h, std::int32_t bin, double total) {
  if (bin < h.first_bin() || bin > h.last_bin()) return 0;
  return static_cast<double>(h.counts()[static_cast<std::size_t>(bin - h.first_bin())]) / total;
}

std::int32_t fullest_bin(const Histogram& h) {
  const auto most = std::max_element(h.counts().begin(), h.counts().end());
  return h.first_bin() + static_cast<std::int32_t>(most - h.counts().begin());
}

// Magnitude counts of the bins that are not 0, by |bin|.
std::vector<double> magnitudes(const Histogram& h) {
  std::vector<double> counts(static_cast<std::size_t>(std::max(std::abs(h.first_bin()), std::abs(h.last_bin()))) + 1);
  for (std::size_t i = 0; i < h.counts().size(); ++i) {
    const std::int32_t bin = h.first_bin() + static_cast<std::int32_t>(i);
    if (bin != 0) counts[static_cast<std::size_t>(std::abs(bin))] += static_cast<double>(h.counts()[i]);
  }
  return counts;
}

// Interpolated within the bin.
double quantile(const std::vector<double>& counts, double total, double share) {
  double below = 0;
  for (std::size_t bin = 1; bin < counts.size(); ++bin) {
    if (counts[bin] > 0 && below + counts[bin] >= share * total) {
      const auto low = static_cast<double>(bin_magnitude(static_cast<std::int32_t>(bin)));
      const auto high = static_cast<double>(bin_magnitude(static_cast<std::int32_t>(bin) + 1));
      return low + (high - low) * (share * total - below) / counts[bin];
    }
    below += counts[bin];
  }
  return 0;
}

// The factor by which all quantiles moved, if they moved by one.
std::optional<double> common_factor(const Histogram& window, const Histogram& reference) {
  const std::vector<double> a = magnitudes(window), b = magnitudes(reference);
  double total_a = 0, total_b = 0;
  for (const double n : a) total_a += n;
  for (const double n : b) total_b += n;
  if (total_a < 50 || total_b < 50) return std::nullopt;
  constexpr std::array<double, 5> kShares = {0.25, 0.4, 0.5, 0.6, 0.75};
  double smallest = 1e300, largest = 0, log_sum = 0;
  for (const double share : kShares) {
    const double qa = quantile(a, total_a, share), qb = quantile(b, total_b, share);
    if (qa <= 0 || qb <= 0) return std::nullopt;
    smallest = std::min(smallest, qa / qb);
    largest = std::max(largest, qa / qb);
    log_sum += std::log(qa / qb);
  }
  const double factor = std::exp(log_sum / kShares.size());
  const bool moved = factor > kAnyFactor || factor < 1 / kAnyFactor;
  // A factor near 1 must be told from an unequal change with a tighter spread.
  const double spread = std::min(kSameFactor, 1 + std::abs(factor - 1));
  if (!moved || largest / smallest > std::max(spread, 1.04)) return std::nullopt;
  return factor;
}

}  // namespace

ClassifiedInput classify_input(const Histogram& window, const Histogram& reference, const FixedPoint& type) {
  const auto a = static_cast<double>(window.total()), b = static_cast<double>(reference.total());
  const double zero_a = fraction(window, 0, a), zero_b = fraction(reference, 0, b);
  if (zero_a >= kNearlyAll && zero_b < zero_a - 0.01) {
    return {{InputChange::Kind::dead, {}},
            "dead: " + percent(zero_a) + " of words are 0, reference " + percent(zero_b)};
  }
  const std::int32_t full = fullest_bin(window);
  const double full_a = fraction(window, full, a), full_b = fraction(reference, full, b);
  const auto word = [&](std::int32_t bin) {
    if (bin == bin_of(type.highest())) return std::string("at the type's largest");
    if (bin == bin_of(type.lowest())) return std::string("at the type's smallest");
    const auto low = static_cast<std::int64_t>(bin_magnitude(std::abs(bin)));
    return (bin_magnitude(std::abs(bin) + 1) - bin_magnitude(std::abs(bin)) > 1 ? "near " : "") +
           in_words(type.to_real(bin < 0 ? -low : low));
  };
  const auto hot = [&](const std::string& what, double now, double then) {
    return ClassifiedInput{{InputChange::Kind::hot, {}},
                           "hot: " + percent(now) + " of words are " + what + ", reference " + percent(then)};
  };
  if (full != 0 && full_a >= kNearlyAll && full_b < full_a - 0.01) return hot(word(full), full_a, full_b);
  for (const std::int32_t end : {bin_of(type.highest()), bin_of(type.lowest())}) {
    if (end == 0) continue;
    const double now = fraction(window, end, a), then = fraction(reference, end, b);
    if (now - then >= kMuchMore) return hot(word(end), now, then);
  }
  if (zero_b - zero_a >= kMuchMore && 1 - zero_a > 2 * (1 - zero_b)) return hot("not 0", 1 - zero_a, 1 - zero_b);
  if (std::abs(zero_a - zero_b) < 0.1) {
    if (const auto factor = common_factor(window, reference)) {
      return {{InputChange::Kind::rescaled, *factor},
              "rescaled: words are " + in_words(*factor) + " times the reference's"};
    }
  }
  return {{InputChange::Kind::shifted, {}}, "shifted"};
}

}  // namespace vigil::monitors
