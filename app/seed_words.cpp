#include "app/seed_words.h"

#include <spdlog/spdlog.h>

#include <fstream>
#include <limits>
#include <utility>

#include "app/judge.h"
#include "app/logging.h"
#include "app/pipeline.h"
#include "app/recordings.h"
#include "app/session.h"
#include "app/stop_on_signal.h"
#include "core/error.h"
#include "core/shown.h"
#include "monitors/reference.h"

namespace vigil::app {
namespace {

bool is_reference(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::ifstream file(path, std::ios::binary);
  char first = 0;
  return file.get(first) && first == '{';
}

std::size_t seed_of(const ModelInfo& model, const std::string& name) {
  std::string all;
  for (std::size_t i = 0; i < model.seeds.size(); ++i) {
    if (model.seeds[i].name == name) return i;
    all += (all.empty() ? "" : ", ") + shown(model.seeds[i].name);
  }
  throw Error("--seed", "'" + shown(name) + "' is no seed of model " + shown(model.name),
              all.empty() ? "a model with seeds" : "one of " + all);
}

class Collector {
 public:
  explicit Collector(SeedWords& into) : into_(into) {}

  // `where`: what is read.
  void add(const std::string& where, const std::string& stream, const std::string& selection, const Summary& summary) {
    if (summary.is_blank() || summary.n_bx_own == 0 || summary.failed_events > 0) return;
    if (!selection.empty() && selection != "zero_bias") {
      throw Error(where, "events of selection '" + shown(selection) + "'",
                  "zero_bias: what a trigger selected has no rates");
    }
    if (into_.crossings > 0 && stream != stream_) {
      throw Error(where, "streams '" + shown(stream_) + "' and '" + shown(stream) + "'", "one stream");
    }
    stream_ = stream;
    into_.words += summary.all.outputs[into_.model.seed_column(into_.of())].words;
    into_.crossings += summary.n_bx_own;
  }

 private:
  SeedWords& into_;
  std::string stream_;
};

}  // namespace

SeedWords read_seed_words(const ReplayOptions& options, const std::string& seed) {
  Configuration configuration = effective_configuration(options.monitor);
  configuration.monitors.rules.clear();  // of what only puts lumisections together
  configuration.monitors.sequential = false;
  configuration.monitors.pileup_width = 0;
  configuration.monitors.learn_ls = std::numeric_limits<std::uint32_t>::max();  // nothing is compared
  if (configuration.models.size() != 1) {
    throw Error("--model", std::to_string(configuration.models.size()) + " packages", "one");
  }
  const ModelSet models(configuration.models);
  SeedWords out;
  out.model = models.all().front()->info();
  out.seed = seed_of(out.model, seed);
  Collector collector(out);
  std::vector<std::string> recordings;
  for (const std::string& path : options.recordings) {
    if (!is_reference(path)) {
      recordings.push_back(path);
      continue;
    }
    for (const monitors::Reference& reference : monitors::load_references(path, out.model).entries) {
      collector.add(path, reference.stream, reference.selection, reference.summary);
    }
  }
  if (!recordings.empty()) {
    replay::ReplaySource source(paths(recordings), source_options(options));
    Judge judge(models, configuration, {}, KeepState::never, [](const std::string& fact) { spdlog::warn("{}", fact); });
    judge.observe([&](const monitors::ClosedLumisection& closed) {
      if (closed.mixed_context || !monitors::is_mode_judged(configuration.monitors, closed.conditions.beam_mode))
        return;
      collector.add(recordings.front(), closed.lumisection.stream, closed.conditions.selection, closed.summary);
    });
    StopOnSignal signals;
    {
      Watched watched(source, "rate curve");
      signals.watch(watched);
      run_pipeline(watched, models, judge, {}, options.jobs);
      signals.watch(std::function<void()>{});
    }
    report_damage(source);
  }
  if (out.crossings == 0) {
    throw Error(shown(options.recordings.front()), "no crossing inspected for model '" + shown(out.model.name) + "'",
                "events of model hash " + out.model.hash);
  }
  return out;
}

}  // namespace vigil::app
