// vigil reference build: what windows are compared with, from good recordings.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "app/command.h"
#include "app/logging.h"
#include "app/pipeline.h"
#include "app/recordings.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "core/error.h"
#include "core/shown.h"
#include "monitors/reference_builder.h"

namespace vigil::app {
namespace {

struct ReferenceOptions {
  ReplayOptions replay;
  std::string output, by;
  double pileup_width = 2;
};

monitors::ReferenceKeys keys_of(const std::string& by) {
  monitors::ReferenceKeys keys;
  std::size_t from = 0;
  while (!by.empty() && from <= by.size()) {
    const std::size_t comma = std::min(by.find(',', from), by.size());
    const std::string name = by.substr(from, comma - from);
    bool* key = name == "menu"              ? &keys.menu
                : name == "prescale_column" ? &keys.prescale_column
                : name == "beam_mode"       ? &keys.beam_mode
                                            : nullptr;
    if (key == nullptr || *key) {
      throw Error("--by", (key == nullptr ? "'" : "twice '") + shown(name) + "'",
                  "some of menu, prescale_column, beam_mode, each once, with commas between");
    }
    *key = true;
    from = comma + 1;
  }
  return keys;
}

// Hundredths.
std::uint32_t width_of(double pileup) {
  if (!(pileup >= 0 && pileup <= 1000) || (pileup > 0 && pileup < 0.01)) {
    throw Error("--pileup-width", fmt::format("{}", pileup), "0 (not divided) or 0.01 to 1000");
  }
  return pileup_hundredths(pileup);
}

int run_reference_build(const ReferenceOptions& options) {
  log_to_stderr();
  StopOnSignal signals;
  const monitors::ReferenceKeys keys = keys_of(options.by);
  const std::uint32_t width = width_of(options.pileup_width);
  Configuration configuration = effective_configuration(options.replay.monitor);
  configuration.monitors.pileup_width = width;
  if (configuration.models.size() != 1) {
    throw Error("--model", std::to_string(configuration.models.size()) + " packages", "one");
  }
  const ModelSet models(configuration.models);
  const ModelInfo& info = models.all().front()->info();
  replay::ReplaySource source(paths(options.replay.recordings), source_options(options.replay));
  Judge judge(models, configuration, {}, KeepState::never, [](const std::string& fact) { spdlog::warn("{}", fact); });
  monitors::ReferenceBuilder builder(info, keys, configuration.monitors, options.output);
  judge.observe([&](const monitors::ClosedLumisection& closed) { builder.add(closed); });
  {
    Watched watched(source, "reference");
    signals.watch(watched);
    run_pipeline(watched, models, judge, {}, options.replay.jobs);
    signals.watch(std::function<void()>{});
  }
  report_damage(source);
  const monitors::References references = builder.finish();
  monitors::save_references(references, options.output);
  std::uint64_t events = 0, fits = 0;
  for (const monitors::Reference& reference : references.entries) {
    events += reference.summary.events;
    fits += reference.rates.size();
  }
  if (options.replay.monitor.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"file", options.output},
                                              {"model", info.name},
                                              {"model_hash", info.hash},
                                              {"lumisections", builder.used()},
                                              {"of", builder.lumisections()},
                                              {"events", events},
                                              {"references", references.entries.size()},
                                              {"rate_fits", fits}}
                           .dump());
    return 0;
  }
  fmt::print("{}: {} events of {} lumisections ({} were not complete), model {} {}\n", escaped(options.output), events,
             builder.used(), builder.lumisections() - builder.used(), shown(info.name), info.hash.substr(0, 12));
  for (const monitors::Reference& reference : references.entries) {
    std::string words = "for any conditions";
    if (!(reference.key == monitors::ReferenceKey{})) {
      words = "for";
      const auto add = [&](const char* name, const std::string& value) {
        words += (words == "for" ? " " : ", ") + std::string(name) + " " + value;
      };
      if (reference.key.menu) add("menu", shown(*reference.key.menu));
      if (reference.key.prescale_column) add("prescale column", std::to_string(*reference.key.prescale_column));
      if (reference.key.beam_mode) add("beam mode", shown(*reference.key.beam_mode));
    }
    fmt::print("  {}: {} events, {} strata of pile-up, {} rates fitted against it\n", words, reference.summary.events,
               reference.summary.strata.size(), reference.rates.size());
  }
  return 0;
}

}  // namespace

Command reference_build_command() {
  const auto o = std::make_shared<ReferenceOptions>();
  MonitorOptions& monitor = o->replay.monitor;
  return {"reference build", "a reference from recordings",
          "vigil reference build run1/ --model demo/model -o good.json",
          joined({{recordings_option(o->replay.recordings),
                   {"--model", &monitor.models, "model package", Presence::required},
                   {"--by", &o->by, "a reference for each combination of menu, prescale_column, beam_mode"},
                   {"--pileup-width", &o->pileup_width, "of the strata of pile-up; 0: one stratum (default 2)"},
                   settings_option(monitor),
                   {"-o,--output", &o->output, "reference file to write", Presence::required}},
                  range_options(o->replay),
                  {{"--json", &monitor.json, "one JSON document"}}}),
          [o] { return run_reference_build(*o); }};
}

}  // namespace vigil::app
