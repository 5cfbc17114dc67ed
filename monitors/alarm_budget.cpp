#include "monitors/alarm_budget.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/non_central_chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <compare>
#include <map>
#include <mutex>

namespace vigil::monitors {
namespace {

constexpr double kMostUncertain = 0.1;  // p-value of a reading under any budget
// Of a family's share: its limits are p-values, which cost a rule more than the logarithm of a sequential one.
constexpr double kWindowsPart = 0.75;
constexpr double kReferencePart = 0.1;                    // of a sequential rule's share: for a reference that misleads
constexpr double kReferenceLs = 100;                      // judged lumisections a reference serves at least
constexpr double kLeastCertain = 1e-100;                  // p-value; quantiles of all distributions exist there
constexpr double kLeastLog = 1;                           // of sequential limits: below e nothing is evidence
constexpr double kLeastMismatchLog = 13.815510557964274;  // ln 1e6: hardware and emulator are meant to be equal
constexpr int kCorrelationSteps = 64;                     // correlations are rounded up to these

using Shares = std::array<double, kFamilies>;

Shares shares_of(const FalseAlarmBudget& budget, const std::array<FamilyCounts, kFamilies>& counts) {
  const auto& s = budget.shares;
  Shares shares{s.inputs, s.outputs, s.rates, s.mismatch, s.multivariate};
  double sum = 0;
  for (std::size_t f = 0; f < kFamilies; ++f) {
    if (counts[f].rules + counts[f].sequential == 0) shares[f] = 0;
    sum += shares[f];
  }
  if (sum > 0) {
    for (double& share : shares) share /= sum;
  }
  return shares;
}

}  // namespace

Family family_of(Target target) {
  switch (target) {
    case Target::output:
      return Family::outputs;
    case Target::input:
      return Family::inputs;
    case Target::seed:
      return Family::rates;
    case Target::multivariate:
      return Family::multivariate;
    case Target::mismatch:
      break;
  }
  return Family::mismatch;
}

std::array<FamilyCounts, kFamilies> count_families(std::span<const Rule> of_windows, std::span<const Rule> sequential) {
  std::array<FamilyCounts, kFamilies> counts{};
  const auto family = [&](const Rule& rule) -> FamilyCounts& {
    return counts[static_cast<std::size_t>(family_of(rule.subject.target))];
  };
  for (const Rule& rule : of_windows) ++family(rule).rules;
  for (const Rule& rule : sequential) ++family(rule).sequential;
  return counts;
}

std::array<RuleLimits, kFamilies> alarm_limits(const MonitorSettings& settings,
                                               const std::array<FamilyCounts, kFamilies>& counts) {
  const Shares shares = shares_of(settings.budget, counts);
  double windows = 0;  // a judged lumisection
  for (const WindowSettings& w : settings.windows) windows += 1.0 / w.hop_ls;
  std::array<RuleLimits, kFamilies> limits;
  for (std::size_t f = 0; f < kFamilies; ++f) {
    const bool both = counts[f].rules > 0 && windows > 0 && counts[f].sequential > 0;
    const double share = shares[f] / settings.week_ls;  // a judged lumisection
    const double of_windows = both ? kWindowsPart : 1, of_sequential = both ? 1 - kWindowsPart : 1;
    const double page = settings.budget.page * share, warn = settings.budget.warn * share;
    RuleLimits& l = limits[f];
    const double readings = std::max(windows * static_cast<double>(counts[f].rules), 1e-12);
    l.page = std::clamp(of_windows * page / readings, kLeastCertain, kMostUncertain);
    // Every reading that is medium or bad counts once.
    l.warn = std::clamp(of_windows * (page + warn) / readings, kLeastCertain, kMostUncertain);
    // An e-detector's mean run length is at least e^limit, whatever the dependence.
    const double rules = static_cast<double>(std::max<std::size_t>(counts[f].sequential, 1));
    const auto log_length = [&](double rate) {
      const bool of_mismatches = f == static_cast<std::size_t>(Family::mismatch);
      return std::max(of_mismatches ? kLeastMismatchLog : kLeastLog,
                      -std::log(std::max((1 - kReferencePart) * of_sequential * rate / rules, kLeastCertain)));
    };
    l.sequential_page = log_length(page);
    l.sequential_warn = log_length(warn);
    l.reference_risk =
        std::clamp(kReferencePart * of_sequential * page * kReferenceLs / rules, kLeastCertain, kMostUncertain);
  }
  return limits;
}

double both_above(double p, double rho) {
  if (rho >= 1) return p;
  const boost::math::normal_distribution<double> normal;
  const double z = quantile(complement(normal, p));
  const double width = std::sqrt(1 - rho * rho);
  // The integrand falls as the normal density beyond z: twelve units hold all of it.
  const auto density = [&](double x) { return pdf(normal, x) * cdf(complement(normal, (z - rho * x) / width)); };
  using Gauss = boost::math::quadrature::gauss<double, 30>;
  double sum = 0;
  for (int piece = 0; piece < 4; ++piece) sum += Gauss::integrate(density, z + 3 * piece, z + 3 * (piece + 1));
  return std::min(sum, p);
}

double both_above(double p, double rho, double degrees) {
  if (rho >= 1) return p;
  if (degrees < 2) return both_above(p, rho);
  const boost::math::chi_squared_distribution<double> marginal(degrees);
  const double rest = 1 - rho * rho;
  const double q = quantile(complement(marginal, p));
  // Given the first, the second is a scaled noncentral chi-squared. Over the tail probability u of the first, u = p
  // t^2.
  const auto density = [&](double t) {
    const double x = quantile(complement(marginal, std::max(p * t * t, kLeastCertain)));
    const boost::math::non_central_chi_squared_distribution<double> given(degrees, rho * rho * x / rest);
    return 2 * t * cdf(complement(given, q / rest));
  };
  return std::min(p, p * boost::math::quadrature::gauss<double, 10>::integrate(density, 0.0, 1.0));
}

namespace {

// Degrees of freedom rounded down: the fewer, the more two overlapping windows have in common.
double fewer(double degrees) {
  double result = 1;
  for (const double d : {2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0}) {
    if (d <= degrees) result = d;
  }
  return result;
}

struct Question {
  double onset, most;
  std::uint32_t m;
  std::vector<int> steps;  // of correlation
  double degrees;
  auto operator<=>(const Question&) const = default;
};

double solve(const Question& asked) {
  // Markov: at least m - 1 of the others are bad with probability at most their expected number over m - 1.
  const auto excess = [&](double log_p) {
    const double p = std::exp(log_p);
    double sum = 0;
    for (const int step : asked.steps)
      sum += both_above(p, static_cast<double>(step) / kCorrelationSteps, asked.degrees);
    return std::log(std::min(p, sum / (asked.m - 1)) / asked.onset);
  };
  const double low = std::log(asked.onset), high = std::log(asked.most);
  const double at_high = excess(high);
  if (at_high <= 0) return asked.most;
  const double at_low = excess(low);
  if (at_low >= 0) return asked.onset;
  std::uintmax_t steps = 40;
  const auto close = [](double a, double b) { return std::abs(a - b) < 1e-6; };
  return std::exp(boost::math::tools::toms748_solve(excess, low, high, at_low, at_high, close, steps).first);
}

}  // namespace

double reading_limit(double onset, double most, std::uint32_t m, std::span<const double> correlations, double degrees) {
  if (m < 2 || correlations.empty() || onset >= most) return std::min(onset, most);
  Question asked{onset, most, m, {}, fewer(degrees)};
  for (const double rho : correlations) {
    asked.steps.push_back(std::clamp(static_cast<int>(std::ceil(rho * kCorrelationSteps)), 0, kCorrelationSteps));
  }
  static std::mutex mutex;
  static std::map<Question, double> solved;
  const std::lock_guard lock(mutex);
  const auto [known, is_new] = solved.try_emplace(asked, 0);
  if (is_new) known->second = solve(asked);
  return known->second;
}

std::vector<double> overlap_correlations(const WindowSettings& window, std::uint32_t n, double events,
                                         double reference_events) {
  std::vector<double> correlations;
  for (std::uint32_t k = 1; k < n; ++k) {
    const double overlap = std::max(0.0, 1 - static_cast<double>(k) * window.hop_ls / window.window_ls);
    // Both deviate by the same reference; its part of the variance is events over both.
    correlations.push_back(reference_events > 0 ? (overlap * reference_events + events) / (reference_events + events)
                                                : overlap);
  }
  return correlations;
}

}  // namespace vigil::monitors
