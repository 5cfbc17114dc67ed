// What the tests of all columns together share: summaries of given rows of words, every event sampled, and sources of
// correlated rows.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "monitors/product_sums.h"
#include "streams.h"

namespace vigil::monitors::fixtures {

using Rows = std::vector<std::vector<std::int64_t>>;

inline void add_rows(std::vector<WordSummary>& columns, CrossMoments& products, const Rows& rows, bool counted) {
  if (rows.empty()) return;
  if (products.columns() == 0) products.lay_out(columns.size());
  for (const auto& row : rows) {
    add_event(row.data(), products);
    for (std::size_t i = 0; i < row.size(); ++i) {
      columns[i].histogram.fill(row[i]);
      columns[i].moments += {1, row[i], static_cast<unsigned __int128>(Wide{row[i]} * row[i])};
      if (counted && i + 1 == row.size()) ++columns[i].words[row[i]];
    }
  }
}

// One event a row of both; the last output word is the one seeds cut on.
inline Summary summary_of(const ModelInfo& m, const Rows& inputs, const Rows& outputs,
                          std::optional<PileupRange> pileup = {}) {
  Summary s(m);
  Stratum part(m);
  part.pileup = pileup;
  part.events = inputs.size();
  add_rows(part.inputs, part.input_products, inputs, false);
  add_rows(part.outputs, part.output_products, outputs, true);
  s.events = inputs.size();
  s.n_bx = s.n_bx_own = 1000 * inputs.size();
  if (pileup) {
    s.pileup_width = pileup->high - pileup->low;
    s.strata.push_back(part);
    s.add_up(m);
  } else {
    s.all = part;
  }
  for (OutputSummary& output : s.outputs) output.compared = inputs.size();
  for (std::size_t i = 0; i < m.seeds.size(); ++i) {
    SeedSummary& seed = s.seeds[i];
    for (const auto& [word, count] : s.all.outputs.back().words) {
      if (word >= m.seeds[i].threshold) seed.emulator += count;
    }
    seed.compared = inputs.size();
    seed.hardware = seed.emulator;
  }
  return s;
}

// Inputs with one common factor: x_i = 1000 (1 + i) + 100 (loading f + sqrt(1 - loading^2) e_i) + shift_i, rounded; the
// last column is exponential. Outputs latent[0], latent[1] and score of them.
struct VectorSource {
  std::size_t columns = 6;
  double loading = 0.9;
  std::vector<double> shift = std::vector<double>(6);  // of each input, in words
  std::mt19937_64 random{1};

  void draw(std::size_t events, Rows& inputs, Rows& outputs) {
    std::normal_distribution<double> normal;
    std::exponential_distribution<double> exponential;
    const double own = std::sqrt(1 - loading * loading);
    inputs.clear();
    outputs.clear();
    for (std::size_t e = 0; e < events; ++e) {
      const double factor = normal(random);
      auto& row = inputs.emplace_back();
      for (std::size_t i = 0; i + 1 < columns; ++i) {
        row.push_back(std::llround(1000.0 * static_cast<double>(1 + i) +
                                   100 * (loading * factor + own * normal(random)) + shift[i]));
      }
      row.push_back(std::llround(100 * exponential(random) + shift[columns - 1]));
      const std::int64_t score = std::max<std::int64_t>(0, 200 + std::llround(60 * normal(random)));
      outputs.push_back({300 + std::llround(40 * normal(random)), 500 + std::llround(20 * normal(random)), score});
    }
  }
  Summary summary(const ModelInfo& m, std::size_t events) {
    Rows inputs, outputs;
    draw(events, inputs, outputs);
    return summary_of(m, inputs, outputs);
  }
};

}  // namespace vigil::monitors::fixtures
