#include "bench/detection/measure.h"

#include <cmath>
#include <functional>

#include "monitors/detectors/episode.h"

namespace vigil::bench {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr std::uint64_t kNullSeed = 20'240'901;
constexpr double kAlarms = 30;  // a rate is that of so many, where the values suffice
constexpr int kSteps = 9;

double between(const Candidate& candidate, double t) {
  return candidate.mild * std::pow(candidate.strict / candidate.mild, t);
}

std::uint64_t seed_of(const Scenario& scenario, std::size_t row) {
  std::uint64_t seed = 1469598103934665603u;
  for (const char c : scenario.name) seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return seed + row;
}

}  // namespace

Null::Null(const Law& law, std::size_t n) : plain_(n) {
  Source source(kNullSeed);
  source.fill(law, plain_);
}

// The detector starts anew after each. Stops where `enough` are exceeded.
std::size_t Null::alarms(const Candidate& candidate, double value, std::size_t n, std::size_t enough) const {
  const monitors::Detector fresh = candidate.make(value);
  monitors::Detector detector = fresh;
  std::vector<monitors::Alarm> alarms;
  std::vector<double> block;
  std::size_t found = 0;
  for (std::size_t first = 0; first < n && found <= enough;) {
    const auto values = std::span(plain_).subspan(first, std::min(kBlock, n - first));
    block.assign(values.begin(), values.end());
    prepare(candidate, block);
    alarms.clear();
    detector.feed_column(block, first, alarms);
    first += block.size();
    if (alarms.empty()) continue;
    ++found;
    first = alarms.front().at + 1;
    detector = fresh;
  }
  return found;
}

std::optional<double> Null::tune(const Candidate& candidate, double values_an_alarm) const {
  const std::size_t n = std::min(plain_.size(), static_cast<std::size_t>(kAlarms * values_an_alarm));
  const auto enough = static_cast<std::size_t>(static_cast<double>(n) / values_an_alarm);
  std::function<std::size_t(double)> count = [&](double value) { return alarms(candidate, value, n, enough); };
  if (candidate.free) {  // one pass is enough for all limits; the alarms are those of one alarm an episode
    std::vector<double>& trace = traces_[candidate.name];
    monitors::Detector detector = candidate.make(candidate.mild);
    if (trace.empty()) {
      trace.reserve(plain_.size());
      for (const double x : plain_) {
        (void)detector.feed({x}, 0);
        trace.push_back(detector.value());
      }
    }
    count = [&, scale = candidate.mild / detector.limit()](double value) {
      monitors::Episode episode(value / scale, true);
      std::size_t found = 0;
      for (std::size_t i = 0; i < n && found <= enough; ++i) found += episode.step(trace[i]);
      return found;
    };
  }
  if (count(candidate.strict) > enough) return {};
  if (count(candidate.mild) <= enough) return candidate.mild;
  double mild = 0, strict = 1;
  for (int step = 0; step < kSteps; ++step) {
    const double middle = (mild + strict) / 2;
    (count(between(candidate, middle)) > enough ? mild : strict) = middle;
  }
  return between(candidate, strict);
}

std::vector<double> row_of(const Scenario& scenario, const Candidate& candidate, std::size_t row, std::size_t n) {
  std::vector<double> values(n);
  Source source(seed_of(scenario, row));
  const std::size_t before = std::min(n, scenario.history);
  source.fill(scenario.null, std::span(values).first(before));
  source.fill(scenario.changed, std::span(values).subspan(before));
  prepare(candidate, values);
  return values;
}

Delay delay(const Scenario& scenario, const Candidate& candidate, double value) {
  Delay result;
  double sum = 0, squares = 0;
  std::vector<double> block(kBlock);
  for (std::size_t row = 0; result.rows < scenario.rows && row < 10 * scenario.rows; ++row) {
    Source source(seed_of(scenario, row));
    monitors::Detector detector = candidate.make(value);
    std::vector<monitors::Alarm> alarms;
    const auto feed = [&](const Law& law, std::uint64_t at, std::size_t n) {
      const auto values = std::span(block).first(n);
      source.fill(law, values);
      prepare(candidate, values);
      detector.feed_column(values, at, alarms);
    };
    for (std::size_t at = 0; at < scenario.history && alarms.empty(); at += kBlock) {
      feed(scenario.null, at, std::min(kBlock, scenario.history - at));
    }
    if (!alarms.empty()) continue;
    ++result.rows;
    for (std::size_t at = 0; at < scenario.most && alarms.empty(); at += kBlock) feed(scenario.changed, at, kBlock);
    const double values =
        alarms.empty() ? static_cast<double>(scenario.most) : static_cast<double>(alarms.front().at + 1);
    result.missed += alarms.empty();
    sum += values;
    squares += values * values;
  }
  const auto n = static_cast<double>(std::max<std::size_t>(result.rows, 1));
  result.mean = sum / n;
  result.error = std::sqrt(std::max(0.0, squares / n - result.mean * result.mean) / n);
  return result;
}

}  // namespace vigil::bench
