#include "monitors/rate_curve.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/lhc.h"
#include "monitors/intervals.h"

namespace vigil::monitors {
namespace {

constexpr double kEqual = 1e-12;  // rates that differ by less, relatively, are equal

}  // namespace

RateCurve::RateCurve(const WordCounts& words, const ThresholdRange& range, std::uint64_t crossings, double confidence)
    : range_(range), crossings_(crossings), alpha_(1 - confidence) {
  std::uint64_t above = 0;
  for (auto entry = words.rbegin(); entry != words.rend(); ++entry) {
    above += entry->second;
    words_.push_back(entry->first);
    passes_.push_back(above);
  }
  std::reverse(words_.begin(), words_.end());
  std::reverse(passes_.begin(), passes_.end());
  if (crossings == 0 || above > crossings) {
    throw Error("rate curve", std::to_string(above) + " events in " + std::to_string(crossings) + " crossings",
                "at least as many crossings as events, and one");
  }
}

std::uint64_t RateCurve::passes(std::int64_t threshold) const {
  const auto word = std::lower_bound(words_.begin(), words_.end(), threshold);
  return word == words_.end() ? 0 : passes_[static_cast<std::size_t>(word - words_.begin())];
}

CurvePoint RateCurve::of_passes(std::int64_t threshold, std::uint64_t passes) const {
  const auto crossings = static_cast<double>(crossings_);
  const Interval interval = clopper_pearson(passes, crossings_, alpha_);
  return {threshold, lhc::rate_hz(static_cast<double>(passes), crossings), interval.low * lhc::kCrossingHz,
          interval.high * lhc::kCrossingHz};
}

CurvePoint RateCurve::at(std::int64_t threshold) const { return of_passes(threshold, passes(threshold)); }

TargetThresholds RateCurve::meet(double target_hz) const {
  // Thresholds above a word and up to the next have one rate: steps, ascending, each by its highest threshold.
  std::vector<std::int64_t> highest;
  std::vector<std::uint64_t> passes_of;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (!range_.holds(words_[i])) continue;
    highest.push_back(words_[i]);
    passes_of.push_back(passes_[i]);
  }
  if (highest.empty() || highest.back() < range_.highest) {
    highest.push_back(range_.highest);
    passes_of.push_back(passes(range_.highest));
  }
  const auto lowest = [&](std::size_t step) { return step == 0 ? range_.lowest : highest[step - 1] + 1; };
  const auto rate = [&](std::size_t step) {
    return lhc::rate_hz(static_cast<double>(passes_of[step]), static_cast<double>(crossings_));
  };
  TargetThresholds out{};
  std::size_t nearest = 0;
  double closest = std::abs(rate(0) - target_hz);
  for (std::size_t step = 1; step < highest.size(); ++step) {
    const double distance = std::abs(rate(step) - target_hz);
    if (distance <= closest + kEqual * std::max(1.0, target_hz)) {
      nearest = step;
      closest = std::min(closest, distance);
    }
  }
  out.nearest = of_passes(highest[nearest], passes_of[nearest]);
  out.nearest_from = lowest(nearest);

  std::optional<std::size_t> not_above;
  for (std::size_t step = 0; step < highest.size() && !not_above; ++step) {
    if (rate(step) <= target_hz * (1 + kEqual)) not_above = step;
  }
  if (not_above) out.not_above = lowest(*not_above);

  // The interval falls with the threshold: the compatible steps are neighbours.
  const double fraction = target_hz / lhc::kCrossingHz;
  const auto first_where = [&](const auto& is_so) {  // and so of all after it
    std::size_t low = 0, high = passes_of.size();
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (is_so(clopper_pearson(passes_of[middle], crossings_, alpha_))) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  };
  const std::size_t first = first_where([&](const Interval& interval) { return interval.low <= fraction; });
  const std::size_t end = first_where([&](const Interval& interval) { return interval.high < fraction; });
  if (first < end) out.compatible = {lowest(first), highest[end - 1]};
  if (!out.compatible && not_above && *not_above > 0) {
    const std::size_t step = *not_above - 1;  // ends with the word that holds too much
    const double wanted = fraction * static_cast<double>(crossings_);
    const auto below = static_cast<double>(passes_of[*not_above]), above = static_cast<double>(passes_of[step]);
    out.tie = ThresholdTie{highest[step], (wanted - below) / (above - below), above / wanted};
  }
  return out;
}

std::vector<CurvePoint> RateCurve::every_point() const {
  std::vector<CurvePoint> out;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (range_.holds(words_[i])) out.push_back(of_passes(words_[i], passes_[i]));
  }
  if (out.empty() || out.back().threshold < range_.highest) out.push_back(at(range_.highest));
  return out;
}

std::vector<CurvePoint> RateCurve::points(std::size_t most, const std::vector<std::int64_t>& also) const {
  std::set<std::int64_t> thresholds;
  for (const std::int64_t threshold : also) {
    if (range_.holds(threshold)) thresholds.insert(threshold);
  }
  const std::size_t room = most - thresholds.size();
  const std::size_t n = std::min(room, words_.size());
  for (std::size_t i = 0; i < n; ++i) thresholds.insert(words_[n == 1 ? 0 : i * (words_.size() - 1) / (n - 1)]);
  std::vector<CurvePoint> out;
  for (const std::int64_t threshold : thresholds) out.push_back(at(threshold));
  return out;
}

}  // namespace vigil::monitors
