// Events a second of ingest's share: peeking the header, decoding with all checks, and turning rows of words or codes
// into columns of raw words. 57 i4 input columns (those of AXOL1TL), two output words and 64 decision bits, in batches
// of 1, 64 and 4096 events.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "bench/per_event.h"
#include "ingest/decode.h"
#include "ingest/encode.h"

namespace {

using namespace vigil;

constexpr std::size_t kColumns = 57;

ModelInfo model(bool integer_on_wire) {
  ModelInfo info;
  info.name = "axol1tl";
  info.hash = std::string(64, 'a');
  for (std::size_t i = 0; i < kColumns; ++i) {
    info.inputs.push_back({"x[" + std::to_string(i) + "]", {.width = 18, .integer = 13}, integer_on_wire, {}, {}});
  }
  info.outputs = {{"score", {.width = 18, .integer = 14, .is_signed = false}, 0, 1},
                  {"latent", {.width = 18, .integer = 14}, 1, 1}};
  return info;
}

Frame frame(std::size_t n) {
  std::vector<std::uint32_t> orbit(n);
  std::vector<std::uint16_t> bx(n);
  std::vector<std::int32_t> inputs(n * kColumns), outputs(n * 2);
  std::vector<std::uint64_t> bits(n, 8);
  for (std::size_t i = 0; i < n; ++i) {
    orbit[i] = static_cast<std::uint32_t>(i / 2000);
    bx[i] = static_cast<std::uint16_t>(1 + i % 3564);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = static_cast<std::int32_t>(i * 2654435761u % 4096);
  EventBatch b;
  b.source = "link0";
  b.epoch = 1'700'000'000'000'000'000ull;
  b.stream = "scouting";
  b.run = 400'000;
  b.ls = 1;
  b.last_orbit = static_cast<std::uint32_t>(n);
  b.n_bx = n;
  b.model = "axol1tl";
  b.n = static_cast<std::uint32_t>(n);
  b.orbit = {orbit.data(), 4, false, n, 1};
  b.bx = {bx.data(), 2, false, n, 1};
  b.blocks = {{"", "inputs", {inputs.data(), 4, true, n, kColumns}},
              {"", "hw_outputs", {outputs.data(), 4, true, n, 2}},
              {"", "hw_bits", {bits.data(), 8, false, n, 1}}};
  Frame f;
  f.parts = ingest::encode(b);
  return f;
}

void finish(benchmark::State& state, const Frame& f) {
  per_event(state, static_cast<std::size_t>(state.range(0)));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(f.parts[1].size()));
}

void peek(benchmark::State& state) {
  const Frame f = frame(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(ingest::peek_header(f.parts));
  finish(state, f);
}

void decode(benchmark::State& state, bool integer_on_wire, bool to_columns) {
  const Frame f = frame(static_cast<std::size_t>(state.range(0)));
  const ModelInfo info = model(integer_on_wire);
  const ingest::ModelLookup lookup = [&](std::string_view) { return &info; };
  WordColumns columns;
  for (auto _ : state) {
    EventBatch batch;
    if (ingest::decode(f, lookup, batch) != Rejection::none) state.SkipWithError("rejected");
    for (std::size_t first = 0; to_columns && first < batch.n; first += 960) {  // in blocks, as the pipeline does
      ingest::raw_input_columns(batch, info, first, std::min<std::size_t>(960, batch.n - first), columns);
      benchmark::DoNotOptimize(columns.data.data());
    }
    benchmark::DoNotOptimize(batch.n);
  }
  finish(state, f);
}

#define SIZES Arg(1)->Arg(64)->Arg(4096)->Repetitions(5)->ReportAggregatesOnly()
BENCHMARK(peek)->SIZES;
BENCHMARK_CAPTURE(decode, raw_words, false, false)->SIZES;
BENCHMARK_CAPTURE(decode, integer_codes, true, false)->SIZES;
BENCHMARK_CAPTURE(decode, raw_words_to_columns, false, true)->SIZES;
BENCHMARK_CAPTURE(decode, integer_codes_to_columns, true, true)->SIZES;

}  // namespace

BENCHMARK_MAIN();
