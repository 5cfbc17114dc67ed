// The whole pipeline from memory: decode, emulate, compare, summarise, judge. Events a second for the demo model and
// for AXOL1TL v4 (the package in VIGIL_AXOL1TL, or ../shared/data/models/axol1tl_v4 beside the sources) against batch
// size and threads. `without_emulator` is the rest of it on one thread: the emulator's words are taken from the
// hardware's.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "app/judge.h"
#include "app/pipeline.h"
#include "bench/memory_frames.h"
#include "bench/per_event.h"
#include "core/word_columns.h"
#include "fpga_model/package/package.h"
#include "ingest/decode.h"

namespace {

// Frames of one input and batch size at a time are kept: a set takes a quarter of a gigabyte.
const std::vector<vigil::Frame>& frames(const Input& input, std::uint32_t events_a_batch) {
  static std::string made_for;
  static std::vector<vigil::Frame> made;
  const std::string wanted = input.package + ":" + std::to_string(events_a_batch);
  if (made_for != wanted) {
    made = {};
    made = make_frames(input, events_a_batch);
    made_for = wanted;
  }
  return made;
}

void pipeline(benchmark::State& state, const Input& input) {
  const auto& given = frames(input, static_cast<std::uint32_t>(state.range(0)));
  const vigil::app::Configuration configuration;
  const vigil::app::ModelSet models({input.package});
  std::size_t events = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto source = std::make_unique<Memory>(given);
    auto judge = std::make_unique<vigil::app::Judge>(models, configuration, std::nullopt, vigil::app::KeepState::never,
                                                     std::function<void(const std::string&)>());
    state.ResumeTiming();
    std::size_t lines = 0;
    run_pipeline(*source, models, *judge, {{}, [&](vigil::app::Closing&& closing) { lines += closing.lines.size(); }},
                 static_cast<unsigned>(state.range(1)));
    benchmark::DoNotOptimize(lines);
    state.PauseTiming();
    events = judge->totals().events;
    judge.reset();
    source.reset();
    state.ResumeTiming();
  }
  per_event(state, events);
}

// The rest on one thread: all but the emulator, whose words are taken from the hardware columns, and the threads.
void without_emulator(benchmark::State& state, const Input& input) {
  const auto& given = frames(input, static_cast<std::uint32_t>(state.range(0)));
  const vigil::app::Configuration configuration;
  const vigil::app::ModelSet models({input.package});
  const vigil::ModelInfo& info = models.all().front()->info();
  std::size_t events = 0;
  vigil::WordColumns inputs, outputs;
  const std::size_t block = 65536 / (info.inputs.size() + info.output_words()) / 64 * 64;
  for (auto _ : state) {
    state.PauseTiming();
    auto source = std::make_unique<Memory>(given);
    auto judge = std::make_unique<vigil::app::Judge>(models, configuration, std::nullopt, vigil::app::KeepState::never,
                                                     std::function<void(const std::string&)>());
    vigil::app::ItemPool pool;
    state.ResumeTiming();
    while (auto frame = source->next()) {
      auto item = pool.take();
      item->frame = std::move(*frame);
      item->rejection = vigil::ingest::decode(
          item->frame, [&](std::string_view) { return &info; }, item->batch);
      if (item->rejection != vigil::Rejection::none) return state.SkipWithError("rejected");
      item->summary.begin(info, item->batch);
      const std::size_t n = item->batch.n;
      for (std::size_t first = 0; first < n; first += block) {
        const std::size_t rows = std::min(block, n - first);
        vigil::ingest::raw_input_columns(item->batch, info, first, rows, inputs);
        vigil::to_columns(item->batch.hw_outputs().view(), first, rows, info.output_words(), outputs);
        item->summary.add(inputs.view(), outputs.view(), first, rows);
      }
      item->summary.finish();
      benchmark::DoNotOptimize(judge->take(std::move(item)));
    }
    benchmark::DoNotOptimize(judge->end());
    state.PauseTiming();
    events = judge->totals().events;
    judge.reset();
    source.reset();
    state.ResumeTiming();
  }
  per_event(state, events);
}

void register_all(const std::string& name, const Input& input) {
  benchmark::RegisterBenchmark(("without_emulator/" + name).c_str(),
                               [=](benchmark::State& s) { without_emulator(s, input); })
      ->Arg(4096)
      ->Arg(512)
      ->Arg(64)
      ->ArgName("batch")
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark(("pipeline/" + name).c_str(), [=](benchmark::State& s) { pipeline(s, input); })
      ->ArgsProduct({{4096, 512, 64}, {2, 1}})  // TBB never has more threads than its first run
      ->ArgNames({"batch", "jobs"})
      ->MeasureProcessCPUTime()
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  keep_heap();
  benchmark::Initialize(&argc, argv);
  for_each_input(register_all);
  benchmark::RunSpecifiedBenchmarks();
}
