// vigil replay --plan PLAN --part K: one part of a plan, emulated into a file that `vigil merge` judges.
#include "app/command_part.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/logging.h"
#include "app/partial_builder.h"
#include "app/pipeline.h"
#include "app/plan_configuration.h"
#include "app/recordings.h"
#include "app/scale_settings.h"
#include "app/stop_on_signal.h"
#include "core/error.h"
#include "core/shown.h"
#include "replay/part_file.h"
#include "replay/plan.h"

namespace vigil::app {
namespace {

namespace fs = std::filesystem;

// Whether a whole part K of this plan is there. A torn or changed one is to be replaced; anything else is not ours.
bool is_there(const fs::path& file, const replay::PartHeader& wanted) {
  if (!fs::exists(file)) return false;
  try {
    const replay::PartHeader found = replay::check_part(file);
    if (found == wanted) return true;
    throw Error(file.string(),
                "part " + std::to_string(found.part) + " of " + std::to_string(found.parts) + " of plan " +
                    found.plan.substr(0, 12),
                "part " + std::to_string(wanted.part) + " of " + std::to_string(wanted.parts) + " of plan " +
                    wanted.plan.substr(0, 12) + ", or no file");
  } catch (const replay::DamagedPart& damage) {
    spdlog::warn("{}: made anew", damage.what());
    return false;
  }
}

}  // namespace

void require_planned_models(const replay::PlanFile& file, const ModelSet& models) {
  const auto& planned = file.plan.models;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const ModelInfo& info = models.all().at(i)->info();
    if (info.hash == planned[i].hash && info.name == planned[i].name) continue;
    throw Error(planned[i].path, "model " + shown(info.name) + " of hash " + info.hash,
                shown(planned[i].name) + " of hash " + planned[i].hash + ", as plan " + file.path.string() + " says");
  }
}

int run_part(const PartOptions& options) {
  log_to_stderr();
  const replay::PlanFile file = replay::load_plan(options.plan);
  const replay::Plan& plan = file.plan;
  if (options.part >= plan.parts.size()) {
    throw Error("--part", std::to_string(options.part),
                "0 to " + std::to_string(plan.parts.size() - 1) + ", the parts of " + file.path.string());
  }
  PlannedRun run = planned_run(plan, file.path.string());
  if (options.jobs > 0) run.configuration.jobs = options.jobs;
  const ModelSet models(run.configuration.models);
  require_planned_models(file, models);
  const ScaleSettings scale = scale_settings(models, run.configuration);
  if (scale.sha256 != plan.settings) {
    throw Error(file.path.string(), "settings " + plan.settings,
                scale.sha256 + ": the reference, or this vigil, is another now");
  }
  replay::check_recordings(plan, options.part);
  const fs::path out = options.output.empty() ? replay::part_path(file.path, options.part) : fs::path(options.output);
  const replay::PlanPart& part = plan.parts[options.part];
  const replay::PartHeader header{plan.settings, file.sha256, options.part,
                                  static_cast<std::uint32_t>(plan.parts.size())};
  nlohmann::ordered_json json = {{"part", header.part}, {"parts", header.parts}};
  if (is_there(out, header)) {
    if (options.json) {
      json.update({{"frames", part.frames}, {"events", part.events}, {"bytes", fs::file_size(out)}, {"already", true}});
      fmt::print("{}\n", json.dump());
    } else {
      fmt::print("{}: part {} of {} is there already\n", escaped(out.string()), header.part, header.parts);
    }
    return 0;
  }
  if (options.output.empty()) fs::create_directories(out.parent_path());
  replay::PartWriter writer(out, header);
  PartialBuilder task([&](std::string_view line) { writer.line(line); }, scale.pileup_widths);
  replay::ReplayOptions range;
  range.from_ls = run.from_ls;
  range.to_ls = run.to_ls;
  replay::ReplaySource source(replay::stretches(plan, options.part), range);
  StopOnSignal signals;
  bool stopped = false;
  {
    Watched watched(source, fmt::format("part {}", header.part));
    signals.watch([&] {
      stopped = true;
      watched.request_stop();
    });
    run_stages(
        watched, models, run.configuration.monitors.multivariate.sampling(),
        [&](std::shared_ptr<Item> item) { task.take(*item); }, {}, run.configuration.jobs);
    signals.watch(std::function<void()>{});
  }
  report_damage(source);
  if (stopped) throw FailedRunning(out.string() + ": stopped, nothing written");
  task.finish();
  const std::uint64_t bytes = writer.finish(task.frames());
  if (options.json) {
    json.update({{"frames", task.frames()}, {"events", task.events()}, {"bytes", bytes}, {"already", false}});
    fmt::print("{}\n", json.dump());
  } else {
    fmt::print("{}: part {} of {}, {} frames, {} events\n", escaped(out.string()), header.part, header.parts,
               task.frames(), task.events());
  }
  return 0;
}

}  // namespace vigil::app
