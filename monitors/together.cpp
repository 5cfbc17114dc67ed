#include "monitors/together.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <bit>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>
#include <cstdlib>
#include <list>
#include <numeric>

#include "monitors/strata.h"
#include "monitors/subject.h"

namespace vigil::monitors {
namespace {

int width_of(std::uint64_t value) { return static_cast<int>(std::bit_width(value)); }

using Index = Eigen::Index;

constexpr double kOfVariance = 0.95;         // that the components hold
constexpr std::uint64_t kEventsAColumn = 5;  // sampled events, at least
constexpr double kMostEigenvalue = 0.1;      // below which a direction may be left out
constexpr double kMostKurtosis = 10;         // of a moderate column
constexpr std::size_t kRemembered = 4;
constexpr double kManyDegrees = 1e7;

const CrossMoments& moments_of(const Stratum& stratum, const Subject& subject) {
  return subject.index == 0 ? stratum.input_products : stratum.output_products;
}

int magnitude_bits(const Subject& subject) {
  int bits = 1;
  const auto take = [&](const FixedPoint& type) {
    bits = std::max({bits, width_of(static_cast<std::uint64_t>(type.highest())), type.is_signed ? type.width : 0});
  };
  if (subject.index == 0) {
    for (const InputColumn& column : subject.model->inputs) take(column.type);
  } else {
    for (const Output& output : subject.model->outputs) take(output.type);
  }
  return bits;
}

// The parts of a window and of a reference that are compared with each other, where both hold sampled events.
struct Pairs {
  std::string reason;
  std::vector<std::pair<const CrossMoments*, const CrossMoments*>> parts;  // window, reference
};

Pairs pairs_of(const Summary& window, const Summary& reference, const Subject& subject) {
  const Mix mix = mix_of(window, reference);
  Pairs pairs{mix.reason, {}};
  for (const Mix::Part& part : mix.parts) {
    const CrossMoments& own = moments_of(*part.window, subject);
    const CrossMoments& its = moments_of(*part.reference, subject);
    if (own.n > 0 && its.n >= 2) pairs.parts.emplace_back(&own, &its);
  }
  return pairs;
}

std::shared_ptr<const TogetherReference> make_reference(const std::vector<SampleMoments>& samples,
                                                        const std::vector<double>& weights) {
  auto made = std::make_shared<TogetherReference>();
  const SampleMoments all = mixture(samples, weights);
  // Equal words have a variance of exactly 0, in one stratum; between strata a constant may differ.
  for (Index i = 0; i < all.mean.size(); ++i) {
    if (all.covariance(i, i) > 0) made->columns.push_back(i);
  }
  made->moments = only(all, made->columns);
  made->events = INFINITY;
  for (std::size_t s = 0; s < samples.size(); ++s) {
    made->events = std::min(made->events, samples[s].n / weights[s]);
    made->degrees += samples[s].n - 1;
  }
  if (made->columns.empty()) return made;
  const SampleMoments& m = made->moments;
  made->shrunk.compute(shrunk(m.covariance, ledoit_wolf(m)));
  made->deviations = m.covariance.diagonal().cwiseSqrt();
  const Eigen::VectorXd scale = made->deviations.cwiseInverse();
  made->correlation = scale.asDiagonal() * m.covariance * scale.asDiagonal();
  return made;
}

struct Remembered {
  std::vector<CrossMoments> sums;
  std::vector<double> weights;
  std::shared_ptr<const TogetherReference> made;
};

// The same reference is asked for in every window and at every lumisection, and costs the cube of its columns.
std::shared_ptr<const TogetherReference> reference_of(const Pairs& pairs, double window_events, int bits) {
  std::vector<double> weights;
  for (const auto& [window, reference] : pairs.parts) weights.push_back(static_cast<double>(window->n) / window_events);
  thread_local std::list<Remembered> remembered;
  const auto is_same = [&](const Remembered& r) {
    if (r.weights != weights) return false;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (r.sums[i] != *pairs.parts[i].second) return false;
    }
    return true;
  };
  const auto found = std::find_if(remembered.begin(), remembered.end(), is_same);
  if (found != remembered.end()) {
    remembered.splice(remembered.begin(), remembered, found);
    return remembered.front().made;
  }
  std::vector<SampleMoments> samples;
  Remembered next;
  for (const auto& [window, reference] : pairs.parts) {
    samples.push_back(sample_moments(*reference, bits));
    next.sums.push_back(*reference);
  }
  next.made = make_reference(samples, weights);
  next.weights = std::move(weights);
  remembered.push_front(std::move(next));
  if (remembered.size() > kRemembered) remembered.pop_back();
  return remembered.front().made;
}

// The fourth moment in units of the squared variance: of a word that differs from the rest in a part f of events 1/f.
double kurtosis(const Histogram& histogram) {
  double n = 0, mean = 0;
  const auto& counts = histogram.counts();
  const auto each = [&](const auto& take) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      const std::int32_t bin = histogram.first_bin() + static_cast<std::int32_t>(i);
      const std::int32_t size = std::abs(bin);
      const double middle =
          size < 32 ? size
                    : (static_cast<double>(bin_magnitude(size)) + static_cast<double>(bin_magnitude(size + 1))) / 2;
      take(bin < 0 ? -middle : middle, static_cast<double>(counts[i]));
    }
  };
  each([&](double x, double count) {
    n += count;
    mean += count * x;
  });
  if (n == 0) return INFINITY;
  mean /= n;
  double second = 0, fourth = 0;
  each([&](double x, double count) {
    const double square = (x - mean) * (x - mean);
    second += count * square;
    fourth += count * square * square;
  });
  return second > 0 ? fourth * n / (second * second) : INFINITY;
}

// In which the mean of words of this kurtosis is normal as far out as a page asks for it: of rare words, of which a
// part f is 1 / kurtosis, so many have to be expected; words no wilder than normal ones need few.
double events_needed(double kurtosis, double normal_events) { return kurtosis * std::min(normal_events, 3 * kurtosis); }

std::string too_few(std::uint64_t events, std::size_t columns, const char* where) {
  return std::to_string(events) + " sampled events" + where + ", " + std::to_string(kEventsAColumn * columns) +
         " needed";
}

}  // namespace

Spectrum spectrum_of(const Eigen::MatrixXd& correlation) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(correlation);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

Index outside_components(const Eigen::VectorXd& ascending) {
  const double total = ascending.sum();
  double inside = 0;
  Index left = ascending.size();
  while (left > 0 && inside < kOfVariance * total) inside += ascending[--left];
  return left;
}

const Spectrum& TogetherReference::spectrum(const std::vector<Index>& places) const {
  if (const auto known = spectra_.find(places); known != spectra_.end()) return known->second;
  if (spectra_.size() >= kRemembered) spectra_.clear();
  const auto n = static_cast<Index>(places.size());
  Eigen::MatrixXd part(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j)
      part(i, j) = correlation(places[static_cast<std::size_t>(i)], places[static_cast<std::size_t>(j)]);
  }
  return spectra_[places] = spectrum_of(part);
}

const Spectrum& TogetherReference::spectrum() const {
  std::vector<Index> all(columns.size());
  std::iota(all.begin(), all.end(), Index{0});
  return spectrum(all);
}

std::vector<Index> moderate_columns(const Summary& reference, std::size_t index) {
  const auto& words = index == 0 ? reference.all.inputs : reference.all.outputs;
  std::vector<Index> columns;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (kurtosis(words[i].histogram) <= kMostKurtosis) columns.push_back(static_cast<Index>(i));
  }
  return columns;
}

Together together(const Summary& window, const Summary& reference, const Subject& subject, double normal_events) {
  Together both;
  both.normal_events = normal_events;
  both.all_columns = subject.index == 0 ? subject.model->inputs.size() : subject.model->output_words();
  if (window.is_blank() || window.all.events == 0) {
    both.reason = "no events in the window";
    return both;
  }
  if (reference.is_blank() || reference.all.events == 0) {
    both.reason = "no events in the reference";
    return both;
  }
  if (moments_of(reference.all, subject).n == 0) {
    both.reason = "no products of words in the reference";
    return both;
  }
  const Pairs pairs = pairs_of(window, reference, subject);
  both.reason = pairs.reason;
  if (!both.reason.empty()) return both;
  const int bits = magnitude_bits(subject);
  CrossMoments own;
  std::uint64_t others = 0;
  for (const auto& [mine, its] : pairs.parts) {
    own += *mine;
    others += its->n;
  }
  if (own.n < kEventsAColumn * both.all_columns) {
    both.reason = too_few(own.n, both.all_columns, "");
  } else if (others < kEventsAColumn * both.all_columns) {
    both.reason = too_few(others, both.all_columns, " in the reference");
  } else if (!fit_products(bits, std::max(own.n, others))) {
    both.reason = "words too wide for exact sums of products";
  }
  if (!both.reason.empty()) return both;
  both.reference = reference_of(pairs, static_cast<double>(own.n), bits);
  const TogetherReference& r = *both.reference;
  if (r.columns.empty()) {
    both.reason = "no column of the reference varies";
    return both;
  }
  both.window = only(sample_moments(own, bits), r.columns);
  const auto& words = subject.index == 0 ? reference.all.inputs : reference.all.outputs;
  const double events = std::min(both.window.n, r.events);
  double wildness = 0;
  for (std::size_t i = 0; i < r.columns.size(); ++i) {
    const double k = kurtosis(words[static_cast<std::size_t>(r.columns[i])].histogram);
    if (events_needed(k, normal_events) > events) continue;
    both.regular.push_back(static_cast<Index>(i));
    wildness += k;
  }
  // A sample variance of n words of kurtosis k scatters by (k - 1) / n, of normal ones by 2 / n.
  const double mean = both.regular.empty() ? 3 : wildness / static_cast<double>(both.regular.size());
  both.degrees = r.degrees * std::min(1.0, 2 / std::max(mean - 1, 1e-9));
  return both;
}

Shift standardised_shift(const Together& both) {
  const TogetherReference& r = *both.reference;
  Shift shift;
  shift.standardised = Eigen::VectorXd::Zero(static_cast<Index>(both.all_columns));
  if (both.regular.empty()) return shift;
  const Spectrum& spectrum = r.spectrum(both.regular);
  const auto n = static_cast<Index>(both.regular.size());
  Eigen::VectorXd deviation(n);
  for (Index i = 0; i < n; ++i) {
    const Index place = both.regular[static_cast<std::size_t>(i)];
    deviation[i] = (both.window.mean[place] - r.moments.mean[place]) / r.deviations[place];
  }
  const double least = std::min(kMostEigenvalue, both.normal_events / std::min(both.window.n, r.events));
  Eigen::VectorXd along = spectrum.vectors.transpose() * deviation;
  for (Index i = 0; i < n; ++i) {
    const bool is_in = spectrum.values[i] >= least;
    along[i] = is_in ? along[i] / std::sqrt(spectrum.values[i]) : 0;
    shift.directions += is_in ? 1 : 0;
  }
  const Eigen::VectorXd back = spectrum.vectors * along;
  for (Index i = 0; i < n; ++i)
    shift.standardised[r.columns[static_cast<std::size_t>(both.regular[static_cast<std::size_t>(i)])]] = back[i];
  return shift;
}

double hotelling_tail(double t2, double directions, double degrees) {
  if (!(t2 > 0) || degrees < directions) return 1;
  if (degrees > kManyDegrees) {
    return cdf(complement(boost::math::chi_squared_distribution<double>(directions), t2));
  }
  const double rest = degrees - directions + 1;
  return cdf(
      complement(boost::math::fisher_f_distribution<double>(directions, rest), t2 * rest / (degrees * directions)));
}

double hotelling_quantile(double p, double directions, double degrees) {
  if (degrees > kManyDegrees) {
    return quantile(complement(boost::math::chi_squared_distribution<double>(directions), p));
  }
  const double rest = degrees - directions + 1;
  return quantile(complement(boost::math::fisher_f_distribution<double>(directions, rest), p)) * degrees * directions /
         rest;
}

MeanShift mean_shift(const Together& both) {
  const TogetherReference& r = *both.reference;
  MeanShift out;
  out.events = both.window.n;
  out.columns = static_cast<double>(r.columns.size());
  const Eigen::VectorXd d = both.window.mean - r.moments.mean;
  out.t2 = out.events * d.dot(r.shrunk.solve(d));
  out.effect = std::sqrt(std::max(0.0, (out.t2 - out.columns) / out.events));
  const Shift shift = standardised_shift(both);
  out.directions = shift.directions;
  if (shift.directions > 0) {
    const double t2 = shift.standardised.squaredNorm() / (1 / out.events + 1 / r.events);
    out.p_value = hotelling_tail(t2, shift.directions, both.degrees);
  }
  return out;
}

}  // namespace vigil::monitors
