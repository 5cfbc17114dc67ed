// What the tests of monitors share: a small model, batches with their own memory, and lumisections drawn from known
// distributions.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "core/event_batch.h"
#include "core/lhc.h"
#include "core/summary.h"
#include "monitors/stream_monitor.h"

namespace vigil::monitors::fixtures {

inline FixedPoint fixed(int width, int integer, bool is_signed = true) {
  FixedPoint type;
  type.width = width;
  type.integer = integer;
  type.is_signed = is_signed;
  return type;
}

// `inputs` columns ap_fixed<18,13>; outputs latent (2 words of `output`) and score; two seeds cut on score, bits 0
// and 5.
inline ModelInfo model(std::size_t inputs = 3, FixedPoint input = fixed(18, 13),
                       FixedPoint output = fixed(18, 14, false)) {
  ModelInfo m;
  m.name = "toy";
  m.hash = std::string(64, 'a');
  for (std::size_t i = 0; i < inputs; ++i) m.inputs.push_back({"x[" + std::to_string(i) + "]", input, false, {}, ""});
  m.outputs = {{"latent", output, 0, 2}, {"score", output, 2, 1}};
  m.seeds = {{"L1_Loose", 1, 0, 0, 100, {}}, {"L1_Tight", 1, 0, 5, 400, {}}};
  return m;
}

// Summaries filled from counts: words of a column are drawn from `weights` (bin -> relative weight).
struct Shape {
  std::vector<std::pair<std::int64_t, double>> weights;  // word, probability; sums to 1
};

// exp(-w / scale) over `words` codes times `step`, with a spike at 0.
inline Shape falling(double scale, double zeros, int words = 200, std::int64_t step = 32) {
  Shape shape;
  double sum = 0;
  for (int w = 1; w < words; ++w) sum += std::exp(-w / scale);
  shape.weights.emplace_back(0, zeros);
  for (int w = 1; w < words; ++w) shape.weights.emplace_back(w * step, (1 - zeros) * std::exp(-w / scale) / sum);
  return shape;
}

// Binomial; by its normal limit where that is indistinguishable and much faster.
template <class Random>
std::uint64_t binomial(std::uint64_t n, double p, Random& random) {
  const double mean = static_cast<double>(n) * p, variance = mean * (1 - p);
  if (variance < 400) return std::binomial_distribution<std::uint64_t>(n, p)(random);
  const double x = std::round(std::normal_distribution<double>(mean, std::sqrt(variance))(random));
  return x <= 0 ? 0 : std::min(n, static_cast<std::uint64_t>(x));
}

// n words of the shape into the column; multinomial by successive binomials.
template <class Random>
void draw(WordSummary& column, const Shape& shape, std::uint64_t n, bool exact, Random& random) {
  double left = 1;
  std::uint64_t rest = n;
  for (const auto& [word, p] : shape.weights) {
    if (rest == 0) break;
    const double share = left > 0 ? std::min(1.0, p / left) : 1.0;
    const bool last = &word == &shape.weights.back().first;
    const std::uint64_t count = last || share >= 1 ? rest : binomial(rest, share, random);
    left -= p;
    if (count == 0) continue;
    rest -= count;
    column.histogram.add(bin_of(word), count);
    column.moments +=
        {count, Wide{word} * static_cast<Wide>(count), static_cast<unsigned __int128>(word * word) * count};
    if (exact) column.words[word] += count;
  }
}

// A summary of n events of which every column has the shape that `shape_of(is_input, index)` gives; hardware agrees.
template <class Random>
Summary drawn(const ModelInfo& m, std::uint64_t n, std::uint64_t n_bx,
              const std::function<const Shape&(bool, std::size_t)>& shape_of, Random& random) {
  Summary s(m);
  s.events = n;
  s.n_bx = s.n_bx_own = n_bx;
  s.all.events = n;
  for (std::size_t i = 0; i < m.inputs.size(); ++i) draw(s.all.inputs[i], shape_of(true, i), n, false, random);
  for (std::size_t w = 0; w < m.output_words(); ++w) {
    bool seeded = false;
    for (const Seed& seed : m.seeds) seeded = seeded || m.seed_column(seed) == w;
    draw(s.all.outputs[w], shape_of(false, w), n, seeded, random);
  }
  for (OutputSummary& output : s.outputs) output.compared = n;
  for (std::size_t i = 0; i < m.seeds.size(); ++i) {
    SeedSummary& seed = s.seeds[i];
    for (const auto& [word, count] : s.all.outputs[m.seed_column(m.seeds[i])].words) {
      if (word >= m.seeds[i].threshold) seed.emulator += count;
    }
    seed.compared = n;
    seed.hardware = seed.emulator;
  }
  return s;
}

inline ClosedLumisection closed(std::uint32_t run, std::uint32_t ls, Summary summary, std::string context = "menu") {
  ClosedLumisection c;
  c.lumisection.run = run;
  c.lumisection.ls = ls;
  c.lumisection.expected_orbits = c.lumisection.covered_orbits = lhc::kOrbitsPerLumisection;
  c.summary = std::move(summary);
  c.conditions.menu = std::move(context);
  c.conditions.model_hash = std::string(64, 'a');  // model()'s
  return c;
}

}  // namespace vigil::monitors::fixtures
