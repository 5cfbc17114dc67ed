#include "monitors/time_to_detect.h"

#include <algorithm>
#include <cmath>

#include "monitors/rate_alternatives.h"
#include "monitors/sequential_drift.h"
#include "monitors/shape_alternatives.h"
#include "monitors/stream_state.h"
#include "monitors/subject.h"

namespace vigil::monitors {
namespace {

constexpr double kWithoutNoise = 1e9;  // events of a sample whose noise is none
constexpr double kMostTilt = 30;       // of a shape: all events at one end
constexpr double kMostRate = 1e3;      // factor of a rate
constexpr std::uint32_t kMostLs = 16384;

double events_of(const Summary& s) { return static_cast<double>(s.all.events); }

// Fractions that move in ranks: p e^(amount (2 F - 1)), normalised; a part of the events does.
std::vector<double> tilted(const std::vector<double>& counts, double amount, double part) {
  double total = 0;
  for (const double n : counts) total += n;
  std::vector<double> result(counts.size());
  double before = 0, norm = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double rank = 2 * (before + counts[i] / 2) / total - 1;
    result[i] = counts[i] * std::exp(amount * (rank - 1));  // <= 1, against overflow
    before += counts[i];
    norm += result[i];
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    result[i] = (1 - part) * counts[i] / total + part * result[i] / norm;
  }
  return result;
}

std::uint64_t rounded(double n) { return static_cast<std::uint64_t>(std::llround(std::max(n, 0.0))); }

WordSummary expected(const WordSummary& word, double amount, double part, double events) {
  WordSummary result{Histogram(word.histogram.first_bin(), word.histogram.last_bin()), {}, {}};
  const auto& bins = word.histogram.counts();
  const std::vector<double> fractions = tilted({bins.begin(), bins.end()}, amount, part);
  for (std::size_t b = 0; b < bins.size(); ++b) {
    const std::int32_t bin = word.histogram.first_bin() + static_cast<std::int32_t>(b);
    if (bins[b] != 0) result.histogram.add(bin, rounded(events * fractions[b]));
  }
  std::vector<double> counts;
  for (const auto& [value, count] : word.words) counts.push_back(static_cast<double>(count));
  if (counts.empty()) return result;
  const std::vector<double> of_words = tilted(counts, amount, part);
  std::size_t i = 0;
  for (const auto& [value, count] : word.words) result.words.append(value, rounded(events * of_words[i++]));
  return result;
}

WordSummary& word_of(Summary& summary, const Subject& subject) {
  Stratum& all = summary.all;
  return subject.target == Target::input ? all.inputs.at(subject.index) : all.outputs.at(subject.index);
}

bool is_rate(const Rule& rule) { return rule.subject.target == Target::seed; }
// One typical change of all columns together there is not: no time is told.
bool is_together(const Rule& rule) { return rule.subject.target == Target::multivariate; }

}  // namespace

TimeToDetect::TimeToDetect(const Summary& reference, const TypicalLumisection& typical)
    : reference_(reference), typical_(typical) {
  reference_.pileup_width = 0;
  reference_.strata.clear();
}

// A window of so many lumisections as it is expected, of a part of which has changed by `amount`; only what the rule
// looks at. `scale` times the events.
Summary TimeToDetect::changed(const Rule& rule, double amount, double part, double lumisections, double scale) const {
  const ModelInfo& model = *rule.subject.model;
  Summary s(model);
  const double events = typical_.events * lumisections * scale;
  s.events = s.all.events = rounded(events);
  s.n_bx = s.n_bx_own = rounded(typical_.crossings * lumisections * scale);
  if (is_rate(rule)) {
    const SeedPasses then = seed_passes(reference_, rule.subject.index);
    const double fraction = static_cast<double>(then.passes) / std::max(1.0, static_cast<double>(then.events));
    SeedSummary& seed = s.seeds.at(rule.subject.index);
    seed.emulator = std::min(rounded(events), rounded(events * fraction * (1 + part * amount)));
    return s;
  }
  word_of(s, rule.subject) = expected(word_summary(reference_, rule.subject), amount, part, events);
  return s;
}

// What the change measures; of shapes as if neither side had noise, of rates as the rule's interval has it.
double TimeToDetect::size_of(const Rule& rule, double amount, double part, double lumisections,
                             const PValueLimit& certain) const {
  const bool rate = is_rate(rule);
  const double scale = rate ? 1 : kWithoutNoise / std::max(1.0, typical_.events * lumisections);
  const Summary window = changed(rule, amount, part, lumisections, scale);
  const Summary* reference = &reference_;
  Summary large;
  if (!rate) {
    large = changed(rule, 0, 0, lumisections, scale);
    reference = &large;
  }
  Rule any = rule;
  any.medium = any.bad = 0;
  return judge(any, {window, *reference, certain(1), certain, "", "", {}}).effect;
}

std::optional<double> TimeToDetect::amount_of(const Rule& rule, double lumisections, const PValueLimit& certain,
                                              double size) const {
  const auto measured = [&](double amount) { return size_of(rule, amount, 1, lumisections, certain); };
  double low = 0, high = is_rate(rule) ? kMostRate : kMostTilt;
  if (!(size > 0) || measured(high) < size) return {};
  for (int i = 0; i < 30; ++i) {
    const double middle = (low + high) / 2;
    (measured(middle) < size ? low : high) = middle;
  }
  return high;
}

std::optional<double> TimeToDetect::in_windows(const Rule& rule, const WindowSettings& window,
                                               const PValueLimit& certain, Quality level, double size) const {
  if (is_together(rule) || events_of(reference_) == 0 || typical_.events <= 0) return {};
  // Of rates the level's interval tells the size; of shapes the value does, and certainty is asked for apart.
  const PValueLimit of_size = is_rate(rule) ? certain : PValueLimit(SequentialDrift::kAnyShape);
  const double full = window.window_ls;
  const auto amount = amount_of(rule, full, of_size, size);
  if (!amount) return {};
  const double needed = (level == Quality::bad ? rule.bad : rule.medium) * (1 - 1e-6);
  const auto reaches = [&](double part) {
    if (size_of(rule, *amount, part, full, of_size) < needed) return false;
    const Summary real = changed(rule, *amount, part, full, 1);
    Rule any = rule;
    any.medium = any.bad = 0;
    return judge(any, {real, reference_, 1, certain, "", "", {}}).level == Quality::bad;  // certain
  };
  if (!reaches(1)) return {};
  std::uint32_t changed_ls = window.window_ls;  // the fewest changed lumisections of a window that reach it
  for (std::uint32_t low = 0; low + 1 < changed_ls;) {
    const std::uint32_t middle = (low + changed_ls) / 2;
    if (reaches(middle / full)) {
      changed_ls = middle;
    } else {
      low = middle;
    }
  }
  // The first window that closes with so many, then as many more as m asks for; the median over the phase of the hop.
  const std::uint32_t more = level == Quality::bad ? rule.m - 1 : 0;
  std::vector<double> times;
  for (std::uint32_t phase = 1; phase <= window.hop_ls; ++phase) {
    std::uint32_t age = phase;
    while (age < changed_ls) age += window.hop_ls;
    times.push_back(age + double{1} * more * window.hop_ls);
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

std::optional<double> TimeToDetect::sequential(const Rule& rule, const SequentialLimits& limits, Quality level,
                                               double size) const {
  if (is_together(rule) || events_of(reference_) == 0 || typical_.events <= 0) return {};
  const auto amount =
      amount_of(rule, kSinceLs, is_rate(rule) ? SequentialDrift::kRateInterval : SequentialDrift::kAnyShape, size);
  if (!amount) return {};
  std::vector<double> weights, steps;  // of a lumisection
  const Summary one = changed(rule, *amount, 1, 1, 1);
  if (is_rate(rule)) {
    const SeedPasses then = seed_passes(reference_, rule.subject.index), now = seed_passes(one, rule.subject.index);
    const RateAlternatives bets(then.passes, then.events, limits.reference_risk);
    weights = bets.weights();
    steps = bets.steps(now.passes, now.events);
  } else {
    const ShapeAlternatives bets(word_summary(reference_, rule.subject).histogram, limits.reference_risk);
    weights = bets.weights();
    steps = bets.steps(word_summary(one, rule.subject).histogram);
  }
  double sum = 0, soonest = INFINITY;
  for (const double w : weights) sum += w;
  const double limit = level == Quality::bad ? limits.page : limits.warn;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i] > 0) soonest = std::min(soonest, std::ceil((limit - std::log(weights[i] / sum)) / steps[i]));
  }
  if (!(soonest <= kMostLs)) return {};
  return std::max(soonest, 1.0);
}

}  // namespace vigil::monitors
