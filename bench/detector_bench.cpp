// How fast one core runs detectors over columns of values without change: `plain`, the definition written out, one
// value at a time; `singly`, Detector::feed; `column`, Detector::feed_column. All give the same alarms
// (tests/monitors).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "bench/per_event.h"
#include "monitors/detector.h"
#include "tests/monitors/plain_detectors.h"

namespace {

using namespace vigil::monitors;

constexpr std::size_t kValues = 1 << 16;

std::vector<double> normal_values() {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<double> values(kValues);
  for (double& x : values) x = normal(random);
  return values;
}

std::vector<double> sixteen() {
  std::vector<double> lambdas;
  for (int i = 1; i <= 8; ++i) lambdas.insert(lambdas.end(), {0.2 * i, -0.2 * i});
  return lambdas;
}

Detector made(const std::string& name) {
  const DetectorEntry& entry = *find_detector(name);
  Parameters parameters;
  if (entry.warm_up == WarmUp::mean_and_sd) parameters = {{"mean", 0.0}, {"sd", 1.0}};
  if (name == "e_gaussian") parameters["lambdas"] = sixteen();
  if (name == "page_hinkley") parameters["threshold"] = 1e6;
  return entry.make(parameters);
}

// `Step`: called with a value, returns whether it alarms.
template <class Step>
void plain(benchmark::State& state, Step step) {
  const std::vector<double> values = normal_values();
  std::uint64_t alarms = 0;
  for (auto _ : state) {
    for (const double x : values) alarms += step(x);
    benchmark::DoNotOptimize(alarms);
  }
  per_event(state, kValues);
}

void plain_cusum(benchmark::State& state) {
  plain(state, [up = 0.0, down = 0.0](double x) mutable {
    up = std::max(0.0, up + x - 0.5);
    down = std::max(0.0, down - x - 0.5);
    return std::max(up, down) >= 12;
  });
}

void plain_ewma(benchmark::State& state) {
  plain(state, [average = 0.0, n = 0.0](double x) mutable {
    average = 0.05 * x + 0.95 * average;
    return std::abs(average) / (4.749 * std::sqrt(0.05 / 1.95 * (1 - std::pow(0.95, 2 * ++n)))) >= 1;
  });
}

void plain_page_hinkley(benchmark::State& state) {
  plain(state, [n = 0.0, mean = 0.0, up = 0.0, least = 1e300, down = 0.0, most = -1.0](double x) mutable {
    mean += (x - mean) / ++n;
    up = 0.9999 * up + (x - mean) - 0.005;
    down = 0.9999 * down + (x - mean) + 0.005;
    least = std::min(least, up);
    most = std::max(most, down);
    return n >= 30 && std::max(up - least, most - down) > 1e6;
  });
}

void plain_adwin(benchmark::State& state) {
  plain(state, [adwin = PlainAdwin({}), at = std::uint64_t{0}](double x) mutable { return adwin.feed(x, at++); });
}

void plain_e_gaussian(benchmark::State& state) {
  const std::vector<double> lambdas = sixteen();
  plain(state, [&lambdas, steps = lambdas,
                e = PlainAlternatives(std::vector<double>(16, 1), false, std::log(1e6), true)](double x) mutable {
    for (std::size_t i = 0; i < 16; ++i) steps[i] = lambdas[i] * x - lambdas[i] * lambdas[i] / 2;
    return e.feed(steps);
  });
}

void singly(benchmark::State& state, const char* name) {
  const std::vector<double> values = normal_values();
  Detector detector = made(name);
  std::uint64_t at = 0, alarms = 0;
  for (auto _ : state) {
    for (const double x : values) alarms += detector.feed({x}, at++);
    benchmark::DoNotOptimize(alarms);
  }
  per_event(state, kValues);
}

void column(benchmark::State& state, const char* name) {
  const std::vector<double> values = normal_values();
  Detector detector = made(name);
  std::vector<Alarm> alarms;
  std::uint64_t at = 0;
  for (auto _ : state) {
    detector.feed_column(values, at, alarms);
    at += kValues;
    benchmark::DoNotOptimize(alarms.data());
  }
  per_event(state, kValues);
}

#define REPEATED Repetitions(7)->ReportAggregatesOnly(true)
#define ALL_WAYS(name)                              \
  BENCHMARK(plain_##name)->REPEATED;                \
  BENCHMARK_CAPTURE(singly, name, #name)->REPEATED; \
  BENCHMARK_CAPTURE(column, name, #name)->REPEATED
ALL_WAYS(cusum);
ALL_WAYS(ewma);
ALL_WAYS(page_hinkley);
ALL_WAYS(adwin);
ALL_WAYS(e_gaussian);

}  // namespace

BENCHMARK_MAIN();
