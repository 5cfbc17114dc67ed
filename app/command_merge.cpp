// vigil merge: the parts of a plan judged as one; what `vigil replay` of the recordings prints.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/command_part.h"
#include "app/logging.h"
#include "app/merge_source.h"
#include "app/pipeline.h"
#include "app/plan_configuration.h"
#include "app/plan_status.h"
#include "app/report_output.h"
#include "app/scale_settings.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "app/stop_on_signal.h"
#include "core/error.h"
#include "core/shown.h"
#include "replay/plan.h"
#include "replay/replay_source.h"

namespace vigil::app {
namespace {

namespace fs = std::filesystem;

struct MergeOptions {
  MonitorOptions monitor;
  std::vector<std::string> parts;
  std::string plan, output;
};

// Every part's file in order. Throws Error where they are not exactly the parts of the plan, whole.
std::vector<fs::path> checked_parts(const MergeOptions& options, const replay::PlanFile& file) {
  const auto parts = static_cast<std::uint32_t>(file.plan.parts.size());
  std::vector<std::string> names = options.parts;
  if (names.empty()) {
    for (std::uint32_t k = 0; k < parts; ++k) {
      const fs::path path = replay::part_path(file.path, k);
      if (fs::exists(path)) names.push_back(path.string());
    }
  }
  std::vector<fs::path> found(parts);
  for (const std::string& name : names) {
    const replay::PartHeader header = replay::check_part(name);
    if (header.plan != file.sha256) {
      throw Error(name, "a part of plan " + header.plan, "of plan " + file.sha256 + ", " + file.path.string());
    }
    if (header.settings != file.plan.settings) {
      throw Error(name, "settings " + header.settings, file.plan.settings + " of the plan");
    }
    if (header.parts != parts || header.part >= parts) {
      throw Error(name, "part " + std::to_string(header.part) + " of " + std::to_string(header.parts),
                  "one of " + std::to_string(parts));
    }
    if (!found[header.part].empty()) {
      throw Error(name, "part " + std::to_string(header.part) + " twice, also " + found[header.part].string(),
                  "each part once");
    }
    found[header.part] = name;
  }
  std::vector<std::uint32_t> missing;
  for (std::uint32_t k = 0; k < parts; ++k) {
    if (found[k].empty()) missing.push_back(k);
  }
  if (!missing.empty()) {
    throw Error(file.path.string(), "missing parts " + in_ranges(missing) + " of " + std::to_string(parts),
                "all of them");
  }
  return found;
}

// The frame at a position over all recordings of the plan, emulated again.
std::shared_ptr<Item> read_again(const replay::Plan& plan, const std::string& position, const ModelSet& models,
                                 std::uint32_t every_orbits) {
  std::uint64_t at = std::stoull(position);
  for (const replay::PlanRecording& recording : plan.recordings) {
    if (at >= recording.bytes) {
      at -= recording.bytes;
      continue;
    }
    auto frame = replay::read_frame_at(recording.path, at);
    if (!frame) break;
    auto item = std::make_shared<Item>();
    item->frame = std::move(*frame);
    emulate(*item, models, every_orbits);
    if (item->rejection == Rejection::none) return item;
    break;
  }
  throw Error("plan", "no frame at byte " + position + " of its recordings", "the recordings as they were");
}

int run_merge(const MergeOptions& options) {
  log_to_stderr();
  const replay::PlanFile file = replay::load_plan(options.plan);
  const PlannedRun run = planned_run(file.plan, file.path.string());
  Configuration configuration = effective_configuration(options.monitor, run.configuration);
  const ModelSet models(configuration.models);
  if (models.all().size() != file.plan.models.size()) {
    throw Error("--model", std::to_string(models.all().size()) + " packages", "the plan's");
  }
  require_planned_models(file, models);
  if (const std::string own = scale_settings(models, configuration).sha256; own != file.plan.settings) {
    throw Error(file.path.string(), "settings " + file.plan.settings,
                own + ": what enters partials may not change; make another plan");
  }
  if (!configuration.journal.empty() && fs::exists(configuration.journal) && fs::file_size(configuration.journal) > 0) {
    throw Error(configuration.journal, "is there", "a new journal: a merge that was stopped begins anew");
  }
  replay::check_recordings(file.plan, std::nullopt);
  const std::vector<fs::path> parts = checked_parts(options, file);
  MergeSource source(parts);
  ReportOutput output(options.output);
  StopOnSignal signals;
  Session session(configuration, {.json = options.monitor.json,
                                  .live = false,
                                  .output = output.descriptor(),
                                  .partials = true,
                                  .read_again = [&](const std::string& position, const ModelSet& loaded) {
                                    return read_again(file.plan, position, loaded,
                                                      configuration.monitors.multivariate.sampling());
                                  }});
  bool stopped = false;
  signals.watch([&] {
    stopped = true;
    source.request_stop();
    session.stop_waiting();
  });
  session.run(source);
  signals.watch(std::function<void()>{});
  if (stopped) throw FailedRunning("merge: stopped before its end");
  output.finish();
  return session.failed(options.monitor.fail_on) ? 1 : 0;
}

}  // namespace

Command merge_command() {
  const auto o = std::make_shared<MergeOptions>();
  Options monitor =
      monitor_options(o->monitor, "-c,--configuration", "result lines as JSON on standard output, the digest last");
  return {"merge", "the parts of a plan judged as one: what replay of its recordings prints",
          "vigil merge --plan year.plan --json",
          joined({{{"PART", &o->parts, "part files, in any order (default: all of PLAN.parts/)"},
                   {"--plan", &o->plan, "the plan they are of", Presence::required},
                   {"-o,--output", &o->output, "file to write in place of standard output, whole"}},
                  monitor}),
          [o] { return run_merge(*o); }};
}

}  // namespace vigil::app
