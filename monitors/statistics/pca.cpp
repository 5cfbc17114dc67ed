#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <vector>

#include "monitors/lumisection_scatter.h"
#include "monitors/residual.h"
#include "monitors/rule.h"
#include "monitors/statistics.h"
#include "monitors/subject.h"
#include "monitors/together.h"

namespace vigil::monitors {
namespace {

// Two-sided. A mean of squares is skewed as a gamma variable is; its cube root is not (Wilson, Hilferty 1931). The
// scatter has as many degrees of freedom as lumisections, or groups of them, less one. What a sample has more than the
// reference that its components were fitted to, and what the reference adds to the scatter, grow as the events of those
// strata of it that are compared get fewer: `reference_events`.
double tail(double ratio, double events, double reference_events, const std::vector<LumisectionScatter::Part>& parts) {
  double n = 0, sum = 0;
  for (const auto& part : parts) {
    n += part.events;
    sum += part.events * part.ratio;
  }
  const double of_all = sum / n;
  double squares = 0;
  for (const auto& part : parts) squares += part.events * (part.ratio / of_all - 1) * (part.ratio / of_all - 1);
  const double degrees = static_cast<double>(parts.size()) - 1;
  const double deviation = std::sqrt(squares / degrees * (1 / events + 1 / reference_events)) / 3;
  const double expected = std::max(1 + (of_all - 1) * n / reference_events, 0.1);
  if (!(deviation > 0)) return 1;
  const double t = (std::cbrt(ratio / expected) - 1) / deviation;
  return 2 * cdf(complement(boost::math::students_t_distribution<double>(degrees), std::abs(t)));
}

// Places of the moderate columns among those that vary in the strata compared.
std::vector<Eigen::Index> moderate_places(const TogetherReference& compared, const Summary& reference,
                                          const Subject& subject) {
  const std::vector<Eigen::Index> moderate = moderate_columns(reference, subject.index);
  std::vector<Eigen::Index> places;
  for (std::size_t i = 0; i < compared.columns.size(); ++i) {
    if (std::binary_search(moderate.begin(), moderate.end(), compared.columns[i])) {
      places.push_back(static_cast<Eigen::Index>(i));
    }
  }
  return places;
}

}  // namespace

MeasuredTogether measure_pca(const Summary& window, const Summary& reference, const Subject& subject,
                             const LumisectionScatter* scatter, const Limits& limits) {
  MeasuredTogether out;
  if (subject.target != Target::multivariate) {
    out.reading.reason = kOfAllColumns;
    return out;
  }
  const Together both = together(window, reference, subject);
  out.reading.reason = both.reason;
  if (!both.reason.empty()) return out;
  const std::vector<Eigen::Index> places = moderate_places(*both.reference, reference, subject);
  if (places.size() < 2) {
    out.reading.reason = "fewer than two columns differ in a tenth of the reference's events";
    return out;
  }
  const std::optional<double> ratio = residual_ratio(only(both.reference->moments, places),
                                                     both.reference->spectrum(places), only(both.window, places));
  if (!ratio) {
    out.reading.reason = "no variance outside the components";
    return out;
  }
  out.reading.value = *ratio - 1;
  const auto* parts = scatter == nullptr ? nullptr : &scatter->of(subject.index);
  if (parts == nullptr || parts->size() < LumisectionScatter::kLeastParts) return out;
  const double p = tail(*ratio, both.window.n, both.reference->events, *parts);
  out.reading.p_value = p;
  out.measured = {std::abs(*ratio - 1),
                  limits.medium,
                  limits.bad,
                  p,
                  std::abs(*ratio - 1),
                  "residual change",
                  "residual " + in_words(*ratio) + " of the reference's",
                  1};
  return out;
}

Reading pca(const Summary& window, const Summary& reference, const Subject& subject) {
  return measure_pca(window, reference, subject, nullptr, {}).reading;
}

}  // namespace vigil::monitors
