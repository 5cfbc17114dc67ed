// What the sequencer costs a batch: whole streams against streams of which every second frame is lost, and one source
// against four thousand. `losses` over `whole` is the ratio that says that losses are linear.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "core/lhc.h"
#include "ingest/sequencer.h"

namespace {

using namespace vigil;
using namespace vigil::ingest;

// `numbers` sequence numbers of each source over lumisections of 100 numbers; every `step`-th of them arrives.
std::vector<BatchFacts> stream(std::size_t sources, std::uint64_t numbers, std::uint64_t step) {
  std::vector<BatchFacts> batches;
  constexpr std::uint32_t kWidth = lhc::kOrbitsPerLumisection / 100;
  for (std::uint64_t i = 0; i < numbers; i += step) {
    const auto ls = static_cast<std::uint32_t>(1 + i / 100);
    const std::uint32_t first = lhc::first_orbit(ls) + static_cast<std::uint32_t>(i % 100) * kWidth;
    for (std::size_t s = 0; s < sources; ++s) {
      batches.push_back({"link" + std::to_string(s), 1, i, 1, ls, first, first + kWidth - 1, "zero_bias", 0});
    }
  }
  return batches;
}

void run(benchmark::State& state, const std::vector<BatchFacts>& batches) {
  for (auto _ : state) {
    Sequencer sequencer({});
    for (const BatchFacts& batch : batches) benchmark::DoNotOptimize(sequencer.offer(batch, {}));
    benchmark::DoNotOptimize(sequencer.end());
  }
  const double n = static_cast<double>(batches.size());
  state.counters["batches/s"] = benchmark::Counter(n, benchmark::Counter::kIsIterationInvariantRate);
}

void whole(benchmark::State& state) { run(state, stream(1, 40000, 1)); }
void losses(benchmark::State& state) { run(state, stream(1, 40000, 2)); }
void losses_longer(benchmark::State& state) { run(state, stream(1, 160000, 2)); }
void late(benchmark::State& state) {
  std::vector<BatchFacts> batches = stream(1, 1000, 1);
  for (int i = 0; i < 39; ++i) {
    for (BatchFacts b : stream(1, 800, 1)) {
      b.seq += 1000 * static_cast<std::uint64_t>(i + 1);
      batches.push_back(b);
    }
  }
  run(state, batches);
}
void many_sources(benchmark::State& state) { run(state, stream(static_cast<std::size_t>(state.range(0)), 100, 1)); }

BENCHMARK(whole)->Unit(benchmark::kMillisecond);
BENCHMARK(losses)->Unit(benchmark::kMillisecond);
BENCHMARK(losses_longer)->Unit(benchmark::kMillisecond);
BENCHMARK(late)->Unit(benchmark::kMillisecond);
BENCHMARK(many_sources)->Arg(4)->Arg(400)->Arg(4000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
