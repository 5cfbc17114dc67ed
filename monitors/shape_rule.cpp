// The rule of inputs and outputs: the distribution moved, significantly and by enough to matter.
#include <algorithm>
#include <cmath>

#include "monitors/counts.h"
#include "monitors/input_change.h"
#include "monitors/intervals.h"
#include "monitors/kolmogorov.h"
#include "monitors/rule.h"
#include "monitors/subject.h"

namespace vigil::monitors {
namespace {

// Limits in units of the value; the reading is bad from `bad` on, medium from `medium` on, if it is significant.
struct Measured {
  double value = 0;
  double medium = 0;
  double bad = 0;
  bool significant = true;
  std::string symbol;
  std::string effect;  // the effect size in words, where it is not the value
};

// With A and B events, D of two equal distributions stays below kolmogorov_at(p) / sqrt(A B / (A + B)) but for a
// fraction p.
Measured measure_ks(const Cells& cells, const Rule& rule, double significance) {
  const double critical = kolmogorov_at(significance) / std::sqrt(effective_events(cells));
  return {ks_distance(cells).d, std::max(rule.medium, critical), std::max(rule.bad, critical), true, "D", ""};
}

// Effect size: the triangular discrimination T = 1/2 sum (p - q)^2 / (p + q) less what noise alone gives. With equal
// parents r, p - q has the variance r (1 - r) (1/A + 1/B), so E[T] = sum r (1 - r) (1/A + 1/B) / (4 r) = (k - 1) (1/A +
// 1/B) / 4. sqrt(T) equals the total variation distance for a change spread evenly, and bounds it in general (TV^2 <= T
// <= TV): "equivalent total variation". The limit in units of chi2 is the chi2 that this same change would have at the
// limiting size: chi2 - dof grows as T does.
Measured measure_chi2(const Cells& all, const Rule& rule, double significance) {
  const Cells cells = pooled(all);
  const ChiSquared c = chi_squared(cells);
  const double noise = c.degrees / (4 * effective_events(cells));
  const double excess = triangular(cells) - noise;
  const double critical = chi_squared_at(significance, c.degrees);
  const auto limit = [&](double effect) {
    const double moved = excess > 0 && c.value > c.degrees ? (c.value - c.degrees) * (effect * effect / excess)
                                                           : 4 * effective_events(cells) * effect * effect;
    return std::max(critical, c.degrees + moved);
  };
  return {c.value,         limit(rule.medium),
          limit(rule.bad), true,
          "chi2",          "equivalent total variation " + in_words(std::sqrt(std::max(excess, 0.0)))};
}

// Both are, to second order, sums of (p - q)^2 / r: AB/(A+B) psi and 8 ln 2 AB/(A+B) js are about chi-squared with k -
// 1 degrees where nothing moved, which gives their noise and critical value. Significance itself is chi2's, whose tail
// is lighter.
Measured measure_divergence(const Cells& all, const Rule& rule, double significance, bool js) {
  const Cells cells = pooled(all);
  const ChiSquared c = chi_squared(cells);
  const double scale = effective_events(cells) * (js ? 8 * std::log(2.0) : 1);
  const double noise = c.degrees / scale;
  const double critical = chi_squared_at(significance, c.degrees) / scale;
  return {js ? jensen_shannon(cells) : stability_index(cells),
          std::max(rule.medium + noise, critical),
          std::max(rule.bad + noise, critical),
          chi_squared_p_value(c.value, c.degrees) < significance,
          js ? "JS" : "PSI",
          ""};
}

// Any other statistic of the catalogue: its limits are its values; certain by its own p-value, or by chi2's where it
// has none.
Measured measure_other(const Cells& cells, const Rule& rule, double significance, const Reading& reading) {
  const ChiSquared c = chi_squared(pooled(cells));
  const double p_value = reading.p_value.value_or(chi_squared_p_value(c.value, c.degrees));
  return {*reading.value, rule.medium, rule.bad, p_value < significance, std::string(rule.statistic->name), ""};
}

// In reference standard deviations; a constant reference counts as one LSB wide. Significance is that of D.
Measured measure_wasserstein(const Cells& cells, const Rule& rule, double significance, const Judged& judged) {
  const FixedPoint& type = word_type(rule.subject);
  const double width = std::max(deviation(word_summary(judged.reference, rule.subject), type), type.to_real(1));
  const double d = ks_distance(cells).d;
  const bool significant = kolmogorov_p_value(d * std::sqrt(effective_events(cells))) < significance;
  const double value = wasserstein_1(cells);
  return {value,
          rule.medium * width,
          rule.bad * width,
          significant,
          "W1",
          in_words(value / width) + " standard deviations of the reference"};
}

}  // namespace

Judgement judge_shape(const Rule& rule, const Judged& judged) {
  Judgement result;
  if (!judged.no_shapes.empty()) {
    result.reason = judged.no_shapes;
    return result;
  }
  const Reading reading = rule.statistic->function(judged.window, judged.reference, rule.subject);
  result.value = reading.value;
  result.p_value = reading.p_value;
  if (!reading.value) {
    result.reason = reading.reason;
    return result;
  }
  const std::string_view name = rule.statistic->name;
  const bool ordered = name == "ks" || name == "wasserstein";
  const Cells cells = shape(judged.window, judged.reference, rule.subject, ordered);
  const double significance = judged.significance;
  const Measured m = name == "ks"                    ? measure_ks(cells, rule, significance)
                     : name == "chi2"                ? measure_chi2(cells, rule, significance)
                     : name == "wasserstein"         ? measure_wasserstein(cells, rule, significance, judged)
                     : name == "psi" || name == "js" ? measure_divergence(cells, rule, significance, name == "js")
                                                     : measure_other(cells, rule, significance, reading);
  if (std::isfinite(m.bad)) result.limit = m.bad;
  result.level = !m.significant || m.value < m.medium ? Quality::good
                 : m.value < m.bad                    ? Quality::medium
                                                      : Quality::bad;
  result.reason = m.symbol + " " + in_words(m.value) + (result.limit ? ", bad at " + in_words(m.bad) : "");
  if (!m.effect.empty()) result.reason += "; " + m.effect;
  if (!m.significant && m.value >= m.medium) result.reason += "; within fluctuations";
  if (result.level < Quality::medium) return result;
  const FixedPoint& type = word_type(rule.subject);
  const WordSummary& window = word_summary(judged.window, rule.subject);
  const WordSummary& reference = word_summary(judged.reference, rule.subject);
  result.reason += "; mean " + in_words(mean(window, type)) + ", reference " + in_words(mean(reference, type));
  if (rule.subject.target == Target::input) {
    const ClassifiedInput input = classify_input(window.histogram, reference.histogram, type);
    result.evidence = input.change;
    result.reason = rule.monitor + " " + input.words + "; " + result.reason;
  } else {
    result.reason = rule.monitor + " drifted: " + result.reason;
  }
  return result;
}

}  // namespace vigil::monitors
