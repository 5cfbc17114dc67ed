// How fast one core compares two distributions: every statistic with its p-value on 60 pairs of 128 bins, and the five
// of ordered values on two raw samples of a million numbers each, sorting included. Beside each a plain path in the
// same run: textbook loops with one logarithm a term, std::sort and a loop a statistic. Their ratio is what a change of
// machine leaves alone.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "bench/per_event.h"
#include "monitors/sample_pair.h"
#include "monitors/statistics.h"

namespace {

using namespace vigil::monitors;

constexpr std::size_t kPairs = 60, kCells = 128, kValues = 1000000;

std::vector<Cells> cell_pairs() {
  std::mt19937 random(1);
  std::vector<Cells> pairs(kPairs);
  for (Cells& cells : pairs) {
    for (std::size_t i = 0; i < kCells; ++i) {
      const double mean = 4000 * std::exp(-static_cast<double>(i) / 30) + 20;
      std::poisson_distribution<std::uint64_t> window(mean), reference(10 * mean);
      cells.add(static_cast<double>(i), window(random), reference(random));
    }
  }
  return pairs;
}

void all_on_cells(benchmark::State& state) {
  const std::vector<Cells> pairs = cell_pairs();
  SamplePair pair;
  for (auto _ : state) {
    for (const Cells& cells : pairs) {
      pair.assign(cells);
      for (const StatisticEntry& entry : statistics()) {
        if (entry.of_samples != nullptr) benchmark::DoNotOptimize(entry.of_samples(pair));
      }
    }
  }
  per_event(state, kPairs);
}

// The statistics of cells alone, without p-values.
void plain_on_cells(benchmark::State& state) {
  const std::vector<Cells> pairs = cell_pairs();
  for (auto _ : state) {
    for (const Cells& cells : pairs) {
      const double m = static_cast<double>(cells.window), n = static_cast<double>(cells.reference), l = n + m;
      const double k = static_cast<double>(cells.cells.size());
      double chi2 = 0, g = 0, psi = 0, kl = 0, js = 0, hellinger = 0, tv = 0, linf = 0;
      for (const Cell& cell : cells.cells) {
        const double c = static_cast<double>(cell.reference), d = static_cast<double>(cell.window), t = c + d;
        const double p = c / n, q = d / m, r = (p + q) / 2, a = (c + 0.5) / (n + k / 2), b = (d + 0.5) / (m + k / 2);
        chi2 += (c * m - d * n) * (c * m - d * n) / (n * m * t);
        g += (c > 0 ? c * std::log(c * l / (t * n)) : 0) + (d > 0 ? d * std::log(d * l / (t * m)) : 0);
        psi += (a - b) * std::log(a / b);
        kl += b * std::log(b / a);
        js += (p > 0 ? p * std::log2(p / r) : 0) + (q > 0 ? q * std::log2(q / r) : 0);
        hellinger += (std::sqrt(p) - std::sqrt(q)) * (std::sqrt(p) - std::sqrt(q));
        tv += std::abs(p - q);
        linf = std::max(linf, std::abs(p - q));
      }
      benchmark::DoNotOptimize(chi2 + g + psi + kl + js + hellinger + tv + linf);
    }
  }
  per_event(state, kPairs);
}

std::vector<double> normal(unsigned seed, double mean) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> distribution(mean, 1);
  std::vector<double> values(kValues);
  for (double& v : values) v = distribution(random);
  return values;
}

// Values of 18 bits with 5 behind the point, as a trigger has them.
std::vector<std::int64_t> words(unsigned seed, double mean) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> distribution(1 / mean);
  std::vector<std::int64_t> values(kValues);
  for (auto& v : values) v = std::min<std::int64_t>(static_cast<std::int64_t>(32 * distribution(random)), 131071);
  return values;
}

const StatisticEntry* const kOrdered[] = {find_statistic("ks"), find_statistic("ad"), find_statistic("mann_whitney"),
                                          find_statistic("wasserstein"), find_statistic("energy")};

template <class T>
void five_on_samples(benchmark::State& state, const std::vector<T>& a, const std::vector<T>& b) {
  const std::span<const T> first(a), second(b);
  SortedSample reference(first), sample(second);
  SamplePair pair;
  for (auto _ : state) {
    reference.assign(first);
    sample.assign(second);
    pair.assign_ordered(reference, sample);
    for (const StatisticEntry* entry : kOrdered) benchmark::DoNotOptimize(entry->of_samples(pair));
  }
  per_event(state, 2 * kValues);
}

// Without p-values and without care for ties.
void plain_on_samples(benchmark::State& state) {
  const std::vector<double> a = normal(1, 0), b = normal(2, 0.003);
  for (auto _ : state) {
    std::vector<double> x = a, y = b;
    std::sort(x.begin(), x.end());
    std::sort(y.begin(), y.end());
    const auto walk = [&](auto step) {
      double f = 0, g = 0, last = std::min(x[0], y[0]);
      const double n = static_cast<double>(x.size()), m = static_cast<double>(y.size());
      for (std::size_t i = 0, j = 0; i < x.size() || j < y.size();) {
        const bool of_x = j == y.size() || (i < x.size() && x[i] <= y[j]);
        const double value = of_x ? x[i++] : y[j++];
        step(f, g, value - last, of_x);
        f = static_cast<double>(i) / n;
        g = static_cast<double>(j) / m;
        last = value;
      }
    };
    double d = 0, w = 0, e = 0, u = 0, ad = 0;
    walk([&](double f, double g, double, bool) { d = std::max(d, std::abs(f - g)); });
    walk([&](double f, double g, double gap, bool) { w += std::abs(f - g) * gap; });
    walk([&](double f, double g, double gap, bool) { e += (f - g) * (f - g) * gap; });
    walk([&](double f, double, double, bool of_x) { u += of_x ? 0 : f; });
    walk([&](double f, double g, double, bool) {
      const double h = (f + g) / 2;
      if (h > 0 && h < 1) ad += (f - g) * (f - g) / (h * (1 - h));
    });
    benchmark::DoNotOptimize(d + w + e + u + ad);
  }
  per_event(state, 2 * kValues);
}

void five_on_reals(benchmark::State& state) { five_on_samples(state, normal(1, 0), normal(2, 0.003)); }
void five_on_words(benchmark::State& state) { five_on_samples(state, words(1, 40), words(2, 40.2)); }

#define REPEATED Unit(benchmark::kMicrosecond)->Repetitions(9)->ReportAggregatesOnly(true)
BENCHMARK(all_on_cells)->REPEATED;
BENCHMARK(plain_on_cells)->REPEATED;
BENCHMARK(five_on_reals)->REPEATED;
BENCHMARK(five_on_words)->REPEATED;
BENCHMARK(plain_on_samples)->REPEATED;

}  // namespace

BENCHMARK_MAIN();
