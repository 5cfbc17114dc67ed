// How long judging takes at the close of a lumisection of a 57-input model: windows of 10 every 5 with all default
// monitors, without and with the sequential rules of all monitors, and the serialised state the journal keeps. Times
// are per lumisection.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <vector>

#include "core/summary.h"
#include "monitors/stream_monitor.h"

namespace {

using namespace vigil;

ModelInfo model() {
  ModelInfo m;
  m.name = "bench";
  m.hash = std::string(64, '0');
  FixedPoint input, score;
  input.width = score.width = 18;
  input.integer = 13;
  score.integer = 14;
  score.is_signed = false;
  for (int i = 0; i < 57; ++i) m.inputs.push_back({"x[" + std::to_string(i) + "]", input, false, {}, ""});
  m.outputs = {{"score", score, 0, 1}};
  m.seeds = {{"L1_Bench", 0, 0, 0, 60000, {}}};
  return m;
}

Summary lumisection(const ModelInfo& m, unsigned seed, int events) {
  std::mt19937 random(seed);
  std::exponential_distribution<double> pt(1.0 / 40);
  Summary s(m);
  s.events = s.all.events = static_cast<std::uint64_t>(events);
  s.n_bx = s.n_bx_own = 9346000;
  for (int i = 0; i < events; ++i) {
    const auto fill = [](WordSummary& w, std::int64_t word) {
      w.histogram.fill(word);
      w.moments += {1, word, static_cast<unsigned __int128>(word * word)};
    };
    for (WordSummary& w : s.all.inputs) fill(w, 32 * static_cast<std::int64_t>(pt(random)));
    const auto score = std::min<std::int64_t>(262143, static_cast<std::int64_t>(100 * pt(random)));
    fill(s.all.outputs[0], score);
    ++s.all.outputs[0].words[score];
    ++s.events_per_bx[random() % 3564];
  }
  s.outputs[0].compared = s.seeds[0].compared = s.events;
  return s;
}

void run(benchmark::State& state, bool sequential, bool save) {
  const ModelInfo m = model();
  std::vector<Summary> pool;
  for (unsigned i = 0; i < 16; ++i) pool.push_back(lumisection(m, i, static_cast<int>(state.range(0))));
  monitors::MonitorSettings settings;
  settings.sequential = sequential;
  monitors::StreamMonitor monitor(m, "scouting", settings, std::nullopt);
  std::uint32_t ls = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    monitors::ClosedLumisection closed;
    closed.lumisection.run = 1;
    closed.lumisection.ls = ++ls;
    closed.lumisection.expected_orbits = closed.lumisection.covered_orbits = lhc::kOrbitsPerLumisection;
    closed.summary = pool[ls % pool.size()];
    state.ResumeTiming();
    benchmark::DoNotOptimize(monitor.close(std::move(closed)));
    if (save) bytes = monitor.save().size();
  }
  if (save) state.counters["state_bytes"] = static_cast<double>(bytes);
}

void close_windows_only(benchmark::State& state) { run(state, false, false); }
void close_all(benchmark::State& state) { run(state, true, false); }
void close_windows_only_and_save(benchmark::State& state) { run(state, false, true); }
void close_all_and_save(benchmark::State& state) { run(state, true, true); }

void sizes(benchmark::internal::Benchmark* b) {
  b->Arg(1200)->Arg(50000)->Unit(benchmark::kMillisecond)->Repetitions(7)->ReportAggregatesOnly(true);
}
BENCHMARK(close_windows_only)->Apply(sizes);
BENCHMARK(close_all)->Apply(sizes);
BENCHMARK(close_windows_only_and_save)->Apply(sizes);
BENCHMARK(close_all_and_save)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
