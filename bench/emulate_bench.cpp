// Emulation alone, on contiguous columns as the pipeline hands them over: events a second through the demo model, and
// through the public packages where ../shared is there, by the reference path and by the kernels of this processor.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <vector>

#include "app/arrays.h"
#include "app/demo_data.h"
#include "bench/per_event.h"
#include "core/word_columns.h"
#include "fpga_model/package/package.h"

namespace {

namespace fs = std::filesystem;
using vigil::fpga_model::SimdTarget;

constexpr std::size_t kRows = 1024;

void emulate(benchmark::State& state, const std::string& package, SimdTarget target) {
  vigil::fpga_model::LoadOptions options;
  options.target = target;
  const auto model = vigil::fpga_model::load_package(package, options);
  const auto& info = model->info();
  const auto golden = vigil::app::read_events((fs::path(package) / "golden_inputs.npy").string(), info);
  const std::size_t columns = info.inputs.size();
  std::vector<std::int64_t> rows(kRows * columns);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = golden.words[i % golden.words.size()];
  vigil::WordColumns in, out;
  vigil::to_columns(vigil::words_of(rows.data(), columns), 0, kRows, columns, in);
  out.resize(kRows, info.output_words());
  for (auto _ : state) {
    const auto status = model->predict(in.view(), out.mutable_view(), kRows);
    if (status != vigil::Status::ok) state.SkipWithError("the emulator failed");
    benchmark::DoNotOptimize(out.data.data());
  }
  per_event(state, kRows);
}

void add(const std::string& name, const std::string& package) {
  for (const SimdTarget target : {SimdTarget::reference, vigil::fpga_model::best_simd_target()}) {
    benchmark::RegisterBenchmark(("emulate/" + name + "/" + to_string(target)).c_str(),
                                 [=](benchmark::State& s) { emulate(s, package, target); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  add("demo", vigil::app::demo_model_folder());
  const fs::path shared = fs::path(vigil::app::demo_folder()) / ".." / ".." / "shared" / "data" / "models";
  for (const char* name : {"axol1tl_v4", "cicada_v2", "jet3_default", "emtf_nn_v1", "bdt_binary_18_8"}) {
    const std::string package = (shared / name).lexically_normal().string();
    if (fs::is_directory(package)) add(name, package);
  }
  benchmark::RunSpecifiedBenchmarks();
}
