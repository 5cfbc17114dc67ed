// Emulation alone: events a second through the demo model, and through the public packages where ../shared is there.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <vector>

#include "app/arrays.h"
#include "app/demo_data.h"
#include "bench/per_event.h"
#include "fpga_model/package.h"

namespace {

namespace fs = std::filesystem;

void emulate(benchmark::State& state, const std::string& package) {
  const auto model = vigil::fpga_model::load_package(package);
  const auto& info = model->info();
  const auto golden = vigil::app::read_events((fs::path(package) / "golden_inputs.npy").string(), info);
  constexpr std::size_t kRows = 4096;
  std::vector<std::int64_t> in(kRows * info.inputs.size()), out(kRows * info.output_words());
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = golden.words[i % golden.words.size()];
  for (auto _ : state) {
    const auto status = model->predict(vigil::words_of(in.data(), info.inputs.size()),
                                       vigil::mutable_words_of(out.data(), info.output_words()), kRows);
    if (status != vigil::Status::ok) state.SkipWithError("the emulator failed");
    benchmark::DoNotOptimize(out.data());
  }
  per_event(state, kRows);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::RegisterBenchmark("emulate/demo",
                               [](benchmark::State& s) { emulate(s, vigil::app::demo_model_folder()); });
  const fs::path shared = fs::path(vigil::app::demo_folder()) / ".." / ".." / "shared" / "data" / "models";
  for (const char* name : {"axol1tl_v4", "cicada_v2", "jet3_default", "emtf_nn_v1", "bdt_binary_18_8"}) {
    const std::string package = (shared / name).lexically_normal().string();
    if (!fs::is_directory(package)) continue;
    benchmark::RegisterBenchmark((std::string("emulate/") + name).c_str(),
                                 [package](benchmark::State& s) { emulate(s, package); });
  }
  benchmark::RunSpecifiedBenchmarks();
}
