// vigil calibrate.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "app/command.h"
#include "app/limits.h"
#include "app/logging.h"
#include "app/pipeline.h"
#include "app/recordings.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "core/error.h"
#include "core/shown.h"
#include "core/whole_file.h"
#include "monitors/calibration.h"

namespace vigil::app {
namespace {

struct CalibrateOptions {
  ReplayOptions replay;
  std::string output;
};

class Calibrator {
 public:
  Calibrator(const CalibrateOptions& options, Configuration configuration)
      : options_(options), configuration_(std::move(configuration)), models_(configuration_.models) {
    if (models_.all().size() != 1) {
      throw Error("--model", std::to_string(models_.all().size()) + " packages", "one");
    }
    if (learn_lumisections(configuration_.reference)) {
      throw Error("reference '" + configuration_.reference + "'", "it is learned",
                  "a reference file made by `vigil reference build`");
    }
    reference_ = *load_reference(configuration_, models_);
  }

  // Judges all recordings by `limits`; null where no lumisection closed.
  std::unique_ptr<monitors::CalibrationPass> pass(const std::string& what, std::vector<monitors::RuleLimit> limits) {
    std::unique_ptr<monitors::CalibrationPass> pass;
    const ModelInfo& info = models_.all().front()->info();
    monitors::MonitorSettings settings = configuration_.monitors;
    Configuration plain = configuration_;  // of what only puts lumisections together
    plain.monitors.rules.clear();
    plain.monitors.sequential = false;
    replay::ReplaySource source(paths(options_.replay.recordings), source_options(options_.replay));
    Judge judge(models_, plain, reference_, KeepState::never, [&](const std::string& fact) {
      if (limits.empty()) spdlog::warn("{}", fact);
    });
    std::string stream;
    judge.observe([&](const monitors::ClosedLumisection& closed) {
      if (!pass) {
        stream = closed.lumisection.stream;
        settings.limits = {info.name, stream, limits};
        pass = std::make_unique<monitors::CalibrationPass>(info, stream, settings, reference_);
      }
      if (closed.lumisection.stream != stream) {
        throw Error(options_.output, "streams '" + shown(stream) + "' and '" + shown(closed.lumisection.stream) + "'",
                    "recordings of one stream");
      }
      pass->close(monitors::ClosedLumisection(closed));
    });
    StopOnSignal signals;
    {
      Watched watched(source, what);
      signals.watch(watched);
      run_pipeline(watched, models_, judge, {}, options_.replay.jobs);
      signals.watch(std::function<void()>{});
    }
    if (limits.empty()) report_damage(source);
    if (pass) pass->end();
    return pass;
  }

  const std::string& reference_file() const { return configuration_.reference; }

 private:
  const CalibrateOptions& options_;
  Configuration configuration_;
  ModelSet models_;
  monitors::References reference_;
};

std::string in_text(const std::optional<double>& lumisections) {
  return lumisections ? fmt::format("{:.0f}", *lumisections) : "never";
}

int run_calibrate(const CalibrateOptions& options) {
  log_to_stderr();
  Configuration configuration = effective_configuration(options.replay.monitor);
  configuration.limits.clear();
  Calibrator calibrator(options, std::move(configuration));
  const auto sizes = calibrator.pass("sizes", {});
  if (!sizes || sizes->windows() == 0) {
    throw Error(options.output, "no window was judged",
                "recordings of good runs that the reference can be compared with");
  }
  const std::vector<monitors::RuleLimit> limits = sizes->limits();
  const auto costs = calibrator.pass("costs", limits);
  monitors::LimitsFile file = sizes->file(limits, *costs);
  file.reference_sha256 = sha256_of_file(calibrator.reference_file());
  const std::string text = to_json(file);
  write_whole(options.output, text + "\n");
  if (options.replay.monitor.json) {
    fmt::print("{}\n", text);
    return 0;
  }
  fmt::print("{:<12} {:<28} {:<14} {:>8} {:>10} {:>10} {:>10} {:>12} {:>10} {:>8}\n", "window", "monitor", "statistic",
             "judged", "largest", "medium", "bad", "pages/week", "LS medium", "LS bad");
  for (const monitors::CalibratedRule& r : file.rules) {
    fmt::print("{:<12} {:<28} {:<14} {:>8} {:>10.4g} {:>10.4g} {:>10.4g} {:>12} {:>10} {:>8}\n", shown(r.window),
               shown(r.monitor), r.statistic, r.windows, r.largest, r.medium, r.bad,
               fmt::format("{:.3g} (<{:.3g})", r.pages_per_week[1], r.pages_per_week[2]), in_text(r.medium_ls),
               in_text(r.bad_ls));
  }
  fmt::print("{}: limits of {} rules from {} judged lumisections\n", escaped(options.output), file.rules.size(),
             sizes->judged_ls());
  return 0;
}

}  // namespace

Command calibrate_command() {
  const auto o = std::make_shared<CalibrateOptions>();
  MonitorOptions& monitor = o->replay.monitor;
  return {"calibrate", "limits from good recordings, what they cost and how soon they see",
          "vigil calibrate good/ --model demo/model --reference good.json -o limits.json",
          joined({{recordings_option(o->replay.recordings),
                   {"-c,--configuration", &monitor.configuration, "configuration file (YAML)"},
                   {"--model", &monitor.models, "model package, a folder"},
                   {"--reference", &monitor.reference, "reference file"},
                   {"--window-ls", &monitor.window_ls, "window length in lumisections (default 10)"},
                   {"--hop-ls", &monitor.hop_ls, "lumisections from one window to the next (default 5)"},
                   settings_option(monitor),
                   {"-o,--output", &o->output, "limits file to write", Presence::required}},
                  range_options(o->replay),
                  {{"--json", &monitor.json, "the limits as one JSON document"}}}),
          [o] { return run_calibrate(*o); }};
}

}  // namespace vigil::app
