// How fast one core turns emulated batches into a lumisection's summary: filling (parallel stage) and adding (judge)
// apart. 57 inputs of 18 bits, 8 latent words and a score with one seed, hardware outputs and bits compared; one event
// in 1000 differs.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "bench/per_event.h"
#include "core/summary.h"
#include "core/word_columns.h"
#include "monitors/batch_summary.h"
#include "monitors/open_summary.h"

namespace {

using namespace vigil;

constexpr std::size_t kInputs = 57, kOutputs = 9;

FixedPoint fixed(int width, int integer, bool is_signed) {
  FixedPoint type;
  type.width = width;
  type.integer = integer;
  type.is_signed = is_signed;
  return type;
}

ModelInfo model() {
  ModelInfo m;
  m.name = "bench";
  m.hash = std::string(64, '0');
  for (std::size_t i = 0; i < kInputs; ++i)
    m.inputs.push_back({"x[" + std::to_string(i) + "]", fixed(18, 13, true), false, {}, ""});
  m.outputs = {{"latent", fixed(10, 7, true), 0, 8}, {"score", fixed(18, 14, false), 8, 1}};
  m.seeds = {{"L1_Bench", 1, 0, 0, 60000, {}}};
  return m;
}

struct Batch {
  std::vector<std::uint32_t> orbit;
  std::vector<std::uint16_t> bx;
  std::vector<std::int32_t> inputs, hardware, emulator;
  std::vector<std::uint8_t> bits;
  EventBatch events;
  WordColumns input_columns, emulator_columns;

  explicit Batch(std::size_t n) {
    std::mt19937 random(1);
    std::exponential_distribution<double> pt(1.0 / 40);
    for (std::size_t r = 0; r < n; ++r) {
      orbit.push_back(static_cast<std::uint32_t>(r));
      bx.push_back(static_cast<std::uint16_t>(1 + random() % 3564));
      for (std::size_t c = 0; c < kInputs; ++c) {  // pt, eta, phi of objects, the later ones mostly absent
        const bool present = random() % kInputs >= c;
        const int code = c % 3 == 0   ? static_cast<int>(pt(random))
                         : c % 3 == 1 ? static_cast<int>(random() % 115) - 57
                                      : static_cast<int>(random() % 144);
        inputs.push_back(present ? 32 * code : 0);
      }
      for (std::size_t w = 0; w < 8; ++w) emulator.push_back(static_cast<int>(random() % 400) - 200);
      emulator.push_back(std::min(262143, static_cast<int>(100 * pt(random))));
      for (std::size_t w = 0; w < kOutputs; ++w) hardware.push_back(emulator[r * kOutputs + w]);
      if (r % 1000 == 500) ++hardware.back();
      bits.push_back(emulator.back() >= 60000 ? 1 : 0);
    }
    events.run = events.ls = 1;
    events.n = static_cast<std::uint32_t>(n);
    events.n_bx = n;
    events.orbit = {orbit.data(), 4, false, n, 1};
    events.bx = {bx.data(), 2, false, n, 1};
    events.blocks = {{"", "inputs", {inputs.data(), 4, true, n, kInputs}},
                     {"", "hw_outputs", {hardware.data(), 4, true, n, kOutputs}},
                     {"", "hw_bits", {bits.data(), 1, false, n, 1}}};
  }
};

// Blocks as the pipeline cuts them.
constexpr std::size_t kBlock = 960;

// Turning rows of words into columns, and filling from them; `turned`: filling alone, from columns that are there.
void fill(benchmark::State& state, bool turned) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const ModelInfo m = model();
  Batch batch(n);
  monitors::BatchSummary summary;
  WordColumns inputs, outputs;
  const auto turn = [&](std::size_t first, std::size_t rows) {
    to_columns(words_of(batch.inputs.data(), kInputs), first, rows, kInputs, inputs);
    to_columns(words_of(batch.emulator.data(), kOutputs), first, rows, kOutputs, outputs);
  };
  if (turned) turn(0, std::min(n, kBlock));
  for (auto _ : state) {
    summary.begin(m, batch.events);
    for (std::size_t first = 0; first < n; first += kBlock) {
      const std::size_t rows = std::min(kBlock, n - first);
      if (!turned) turn(first, rows);
      summary.add(inputs.view(), outputs.view(), first, rows);
    }
    summary.finish();
    benchmark::ClobberMemory();
  }
  per_event(state, n);
}

void add(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const ModelInfo m = model();
  const Batch batch(n);
  monitors::BatchSummary summary;
  summary.fill(m, batch.events, words_of(batch.inputs.data(), kInputs), words_of(batch.emulator.data(), kOutputs));
  monitors::OpenSummary lumisection(m);
  for (auto _ : state) {
    lumisection.add(summary);
    benchmark::ClobberMemory();
  }
  per_event(state, n);
}

#define SIZES Arg(8)->Arg(64)->Arg(512)->Arg(4096)->Arg(61440)->Repetitions(7)->ReportAggregatesOnly(true)
BENCHMARK_CAPTURE(fill, turn_and_fill, false)->SIZES;
BENCHMARK_CAPTURE(fill, fill_alone, true)->Arg(64)->Arg(512)->Arg(960)->Repetitions(7)->ReportAggregatesOnly(true);
BENCHMARK(add)->SIZES;

}  // namespace

BENCHMARK_MAIN();
