// The whole pipeline from memory: decode, emulate, compare, summarise, judge. Events a second against the number of
// threads.
#include <benchmark/benchmark.h>

#include "app/demo_data.h"
#include "app/judge.h"
#include "app/pipeline.h"
#include "bench/per_event.h"
#include "fpga_model/package.h"
#include "ingest/encode.h"
#include "replay/scenario_source.h"

namespace {

// Frames made once, handed out again and again.
class Memory : public vigil::Source {
 public:
  explicit Memory(const std::vector<vigil::Frame>& frames) : frames_(frames) {}
  std::optional<vigil::Frame> next() override {
    if (at_ == frames_.size()) return {};
    return frames_[at_++];
  }
  void request_stop() override { at_ = frames_.size(); }

 private:
  const std::vector<vigil::Frame>& frames_;
  std::size_t at_ = 0;
};

const std::vector<vigil::Frame>& frames(std::uint32_t batches_per_ls) {
  static std::map<std::uint32_t, std::vector<vigil::Frame>> made;
  auto& out = made[batches_per_ls];
  if (out.empty()) {
    vigil::replay::Scenario scenario =
        vigil::replay::parse_scenario("lumisections: 30\nevents_per_ls: 8192\n", "bench");
    scenario.batches_per_ls = batches_per_ls;
    vigil::replay::ScenarioSource source(scenario, vigil::fpga_model::load_package(vigil::app::demo_model_folder()),
                                         vigil::app::demo_events(), vigil::ingest::encode);
    while (auto frame = source.next()) out.push_back(std::move(*frame));
  }
  return out;
}

void pipeline(benchmark::State& state) {
  const auto& input = frames(static_cast<std::uint32_t>(state.range(1)));
  vigil::app::Configuration configuration;
  const vigil::app::ModelSet models({vigil::app::demo_model_folder()});
  std::size_t events = 0;
  for (auto _ : state) {
    Memory source(input);
    vigil::app::Judge judge(models, configuration, {}, false, {});
    std::size_t lines = 0;
    run_pipeline(source, models, judge, {{}, [&](vigil::app::Closing&& closing) { lines += closing.lines.size(); }},
                 static_cast<unsigned>(state.range(0)));
    benchmark::DoNotOptimize(lines);
    events = judge.totals().events;
  }
  per_event(state, events);
}

BENCHMARK(pipeline)
    ->ArgsProduct({{1, 2}, {2, 16, 256}})
    ->ArgNames({"jobs", "batches_per_ls"})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
