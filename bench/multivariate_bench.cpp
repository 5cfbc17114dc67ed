// What the monitors of all columns together cost: the whole pipeline from memory with them at their defaults and
// without
// (`statistics: []`), turn about, on one thread. Prints for the demo model and AXOL1TL v4 (as pipeline_bench finds it)
// and each batch size the median of the ratio with : without of pairs, its quartiles, and nanoseconds an event of both.
// `multivariate_bench [PAIRS]`, default 15.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>

#include "app/judge.h"
#include "app/pipeline.h"
#include "bench/memory_frames.h"

namespace {

// Seconds from the first frame to the last closed lumisection.
double seconds(const Input& input, const std::vector<vigil::Frame>& frames, bool on, std::uint64_t& events) {
  vigil::app::Configuration configuration;
  if (!on) configuration.monitors.multivariate.statistics.clear();
  const vigil::app::ModelSet models({input.package});
  Memory source(frames);
  vigil::app::Judge judge(models, configuration, std::nullopt, vigil::app::KeepState::never, {});
  std::size_t lines = 0;
  const auto begin = std::chrono::steady_clock::now();
  run_pipeline(source, models, judge, {{}, [&](vigil::app::Closing&& closing) { lines += closing.lines.size(); }}, 1);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  events = judge.totals().events;
  return took.count();
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

void measure(const std::string& name, const Input& input, int pairs) {
  for (const std::uint32_t batch : {4096u, 512u, 64u}) {
    const std::vector<vigil::Frame> frames = make_frames(input, batch);
    std::vector<double> ratios, with, without;
    std::uint64_t events = 0;
    (void)seconds(input, frames, true, events);  // everything once, for the caches
    for (int pair = 0; pair < pairs; ++pair) {
      const bool first = pair % 2 == 0;
      const double a = seconds(input, frames, first, events), b = seconds(input, frames, !first, events);
      with.push_back(first ? a : b);
      without.push_back(first ? b : a);
      ratios.push_back(with.back() / without.back());
    }
    const double ns = 1e9 / static_cast<double>(events);
    std::printf("%-12s batch %5u  ratio %.3f (%.3f to %.3f)  %.1f with, %.1f without, ns an event, %d pairs\n",
                name.c_str(), batch, quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75),
                ns * quantile(with, 0.5), ns * quantile(without, 0.5), pairs);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_heap();
  const int pairs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
  for_each_input([&](const std::string& name, const Input& input) { measure(name, input, pairs); });
}
