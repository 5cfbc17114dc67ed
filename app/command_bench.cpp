// vigil model bench: how fast this machine emulates a model, and that it does so exactly.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/arrays.h"
#include "app/command.h"
#include "app/shared_options.h"
#include "app/text.h"
#include "core/error.h"
#include "core/shown.h"
#include "fpga_model/package/package.h"

namespace vigil::app {
namespace {

struct BenchOptions {
  std::string package, input, kernel = "auto";
  std::uint32_t jobs = 1;
  double seconds = 1;
  bool json = false;
};

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 1024;           // events of a block, about as many as the pipeline hands over
constexpr std::size_t kBatches = 256;          // of one timed pass, all over the same memory
constexpr std::size_t kLeading = kBatch + 32;  // columns a power of two apart would share cache sets
constexpr double kReferenceSeconds = 0.2;

// One contiguous column a word, in the smallest words that hold every type.
class Batch {
 public:
  Batch(const EventArray& events, const ModelInfo& info) : inputs_(info.inputs.size()) {
    for (const InputColumn& c : info.inputs) {
      while (bytes_ < 8 && !holds(c.type)) bytes_ *= 2;
    }
    words_.resize(kLeading * inputs_ * static_cast<std::size_t>(bytes_));
    const MutableWordsView out{words_.data(), bytes_, bytes_, bytes_ * static_cast<std::ptrdiff_t>(kLeading)};
    for (std::size_t r = 0; r < kBatch; ++r) {
      for (std::size_t c = 0; c < inputs_; ++c) out.set(r, c, events.words[r % events.rows * inputs_ + c]);
    }
  }
  WordsView view() const { return {words_.data(), bytes_, bytes_, bytes_ * static_cast<std::ptrdiff_t>(kLeading)}; }

 private:
  bool holds(const FixedPoint& type) const {
    const std::int64_t half = std::int64_t{1} << (8 * bytes_ - 1);
    return type.lowest() >= -half && type.highest() < half;
  }

  std::size_t inputs_;
  int bytes_ = 2;
  std::vector<char> words_;
};

// Output words of one thread, by column, of 4 bytes where all types fit.
class Outputs {
 public:
  explicit Outputs(const ModelInfo& info) {
    for (const Output& o : info.outputs) {
      if (o.type.lowest() < INT32_MIN || o.type.highest() > INT32_MAX) bytes_ = 8;
    }
    words_.resize(kLeading * info.output_words() * static_cast<std::size_t>(bytes_));
  }
  MutableWordsView view() { return {words_.data(), bytes_, bytes_, bytes_ * static_cast<std::ptrdiff_t>(kLeading)}; }
  const std::vector<char>& words() const { return words_; }

 private:
  int bytes_ = 4;
  std::vector<char> words_;
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

int run_model_bench(const BenchOptions& options) {
  fpga_model::LoadOptions load;
  load.target = fpga_model::parse_simd_target(options.kernel, "--kernel");
  const auto model = fpga_model::load_package(options.package, load);
  const ModelInfo& info = model->info();
  const std::string file =
      options.input.empty() ? (std::filesystem::path(options.package) / "golden_inputs.npy").string() : options.input;
  const EventArray given = read_events(file, info);
  if (given.rows == 0) throw Error(file, "no events", "at least one");
  const Batch batch(given, info);
  const auto fail = [&] { throw FailedRunning(info.name + ": the emulator failed: " + model->failure()); };

  Outputs expected(info), found(info);
  std::vector<double> by_reference;
  const auto reference_end = Clock::now() + std::chrono::duration<double>(kReferenceSeconds);
  do {
    const auto start = Clock::now();
    if (model->predict_by_reference(batch.view(), expected.view(), kBatch) != Status::ok) fail();
    by_reference.push_back(static_cast<double>(kBatch) / seconds_since(start));
  } while (Clock::now() < reference_end || by_reference.size() < 3);
  if (model->predict(batch.view(), found.view(), kBatch) != Status::ok) fail();
  if (found.words() != expected.words())
    throw FailedRunning(info.name + ": " + to_string(model->target()) + " kernels differ from the reference path");

  const auto pass = [&] {
    for_each_piece(kBatches, options.jobs, (kBatches + options.jobs - 1) / options.jobs,
                   [&](std::size_t first, std::size_t last) {
                     Outputs out(info);
                     for (std::size_t b = first; b < last; ++b) {
                       if (model->predict(batch.view(), out.view(), kBatch) != Status::ok) fail();
                     }
                   });
  };
  pass();  // warm
  std::vector<double> rates;
  const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
  do {
    const auto start = Clock::now();
    pass();
    rates.push_back(static_cast<double>(kBatch * kBatches) / seconds_since(start));
  } while (Clock::now() < end || rates.size() < 3);
  std::sort(rates.begin(), rates.end());
  std::sort(by_reference.begin(), by_reference.end());
  const double median = rates[rates.size() / 2], reference = by_reference[by_reference.size() / 2];
  const std::string kernel = to_string(model->target());
  if (options.json) {
    const ordered_json result = {{"events_per_s", {{"min", rates.front()}, {"median", median}, {"max", rates.back()}}},
                                 {"kernel", kernel},
                                 {"jobs", options.jobs},
                                 {"reference_events_per_s", reference},
                                 {"ratio", median / reference}};
    fmt::print("{}\n", result.dump());
  } else {
    fmt::print("{} {}: {} events/s median (min {}, max {}), kernel {}, {} jobs; {:.1f} x the reference path ({})\n",
               shown(info.name), shown(info.version), short_number(median), short_number(rates.front()),
               short_number(rates.back()), kernel, options.jobs, median / reference, short_number(reference));
  }
  return 0;
}

}  // namespace

Command model_bench_command() {
  const auto o = std::make_shared<BenchOptions>();
  return {"model bench",
          "how fast this machine emulates it",
          "vigil model bench demo/model --seconds 2",
          {{"PKG", &o->package, "model package", Presence::required},
           {"--input", &o->input, "events, .npy (default: the golden inputs)"},
           jobs_option(o->jobs),
           kernel_option(o->kernel),
           {"--seconds", &o->seconds, "time to measure", Presence::optional, {}, {{0.01, 3600}}},
           {"--json", &o->json, "one JSON document"}},
          [o] { return run_model_bench(*o); }};
}

}  // namespace vigil::app
