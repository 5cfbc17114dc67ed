// vigil plan: cuts recordings into parts that tasks emulate apart, and writes the scripts of a batch system for them.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/engine.h"
#include "app/limits.h"
#include "app/logging.h"
#include "app/plan_configuration.h"
#include "app/recordings.h"
#include "app/scale_settings.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/whole_file.h"
#include "replay/plan.h"

namespace vigil::app {
namespace fs = std::filesystem;
namespace {

struct PlanOptions {
  ReplayOptions replay;
  std::optional<std::uint32_t> parts;
  std::optional<std::string> output, slurm, condor, kubernetes;
  std::optional<std::uint32_t> task_jobs, max_parallel;
  std::vector<std::string> options, claims;
  std::optional<std::string> vigil, image;
};

struct Engine {
  const char* option;
  const std::optional<std::string> PlanOptions::*folder;
  EngineFiles (*files)(const EngineTask&);
  const char* besides;  // names of files that the engine itself leaves in the folder begin so
};
constexpr Engine kEngines[] = {{"--slurm", &PlanOptions::slurm, slurm_files, ""},
                               {"--condor", &PlanOptions::condor, condor_files, "vigil.dag."},
                               {"--kubernetes", &PlanOptions::kubernetes, kubernetes_files, ""}};

std::string absolute(const std::string& path) {
  fs::path out = fs::absolute(path).lexically_normal();
  if (!out.has_filename()) out = out.parent_path();  // DIR/
  return out.string();
}

// The engine that is asked for; null without one. Throws Error on two, and on options of one that is not.
const Engine* engine_of(const PlanOptions& o) {
  const Engine* found = nullptr;
  for (const Engine& engine : kEngines) {
    if (!(o.*engine.folder)) continue;
    if (found != nullptr) throw Error(engine.option, std::string("beside ") + found->option, "one engine");
    if ((o.*engine.folder)->empty()) throw Error(engine.option, "no folder", "the folder to write into");
    found = &engine;
  }
  const bool kubernetes = o.kubernetes.has_value();
  const auto need = [](bool given, bool there, const char* option, const char* what) {
    if (given && !there) throw Error(option, std::string("without ") + what, std::string(what) + " DIR");
  };
  constexpr const char* kAny = "--slurm, --condor or --kubernetes";
  need(o.task_jobs.has_value(), found != nullptr, "--task-jobs", kAny);
  need(!o.options.empty(), found != nullptr, "--option", kAny);
  need(o.vigil.has_value(), found != nullptr, "--vigil", kAny);
  need(o.image.has_value(), kubernetes, "--image", "--kubernetes");
  need(!o.claims.empty(), kubernetes, "--claim", "--kubernetes");
  need(o.max_parallel.has_value(), kubernetes, "--max-parallel", "--kubernetes");
  if (kubernetes && o.image.value_or("").empty())
    throw Error("--kubernetes", "no --image", "--image IMAGE of the containers");
  if (o.vigil && o.vigil->empty()) throw Error("--vigil", "nothing", "the path of the executable");
  return found;
}

struct Scripts {
  std::string folder, besides;
  EngineFiles files;
};

Scripts scripts_of(const PlanOptions& o, const Engine& engine, const std::string& plan, const std::string& sha256,
                   std::size_t parts) {
  Scripts out{absolute((o.*engine.folder).value()), engine.besides, {}};
  EngineTask task;
  task.plan = plan;
  task.sha256 = sha256;
  task.parts = static_cast<std::uint32_t>(parts);
  // In an image the path is the image's.
  task.vigil = !o.vigil ? fs::read_symlink("/proc/self/exe").string() : o.kubernetes ? *o.vigil : absolute(*o.vigil);
  task.folder = out.folder;
  task.cores = o.task_jobs.value_or(1);
  task.options = o.options;
  task.image = o.image.value_or("");
  task.claims = o.claims;
  task.max_parallel = o.max_parallel.value_or(0);
  out.files = engine.files(task);
  check_engine_folder(out.folder, out.files, out.besides);
  return out;
}

replay::Plan make_plan(const PlanOptions& o) {
  PlannedRun run{effective_configuration(o.replay.monitor), o.replay.from_ls, o.replay.to_ls};
  const Configuration& c = run.configuration;
  if (run.from_ls && run.to_ls && *run.from_ls > *run.to_ls) {
    throw Error(fmt::format("lumisections {} to {}", *run.from_ls, *run.to_ls), "are none",
                "the first not beyond the last");
  }
  const ModelSet models(c.models);
  // What a merge would refuse after all tasks have run is refused now.
  (void)load_reference(c, models);
  (void)load_limits(c, models);
  replay::Plan plan = replay::cut(paths(o.replay.recordings), *o.parts);
  plan.settings = scale_settings(models, c).sha256;
  plan.configuration = plan_configuration(run);
  for (std::size_t i = 0; i < models.all().size(); ++i) {
    const ModelInfo& info = models.all()[i]->info();
    plan.models.push_back({absolute(c.models[i]), info.name, info.hash});
  }
  return plan;
}

void print(const std::string& path, const std::string& sha256, const replay::Plan& plan, bool json) {
  std::uint64_t frames = 0, events = 0, bytes = 0;
  for (const replay::PlanPart& part : plan.parts) {
    frames += part.frames;
    events += part.events;
    bytes += part.bytes;
  }
  if (json) {
    const nlohmann::ordered_json out = {{"plan", path},     {"sha256", sha256}, {"parts", plan.parts.size()},
                                        {"frames", frames}, {"events", events}, {"bytes", bytes}};
    fmt::print("{}\n", json_text(out));
  } else {
    fmt::print("{}: {} parts, {} frames, {} events, {} bytes\n", escaped(path), plan.parts.size(), frames, events,
               bytes);
  }
}

// Scripts for a plan that is there.
int run_scripts(const PlanOptions& o, const Engine* engine) {
  const MonitorOptions& m = o.replay.monitor;
  if (engine == nullptr) throw Error("plan", "neither --parts N -o PLAN nor an engine", "one of them");
  if (o.replay.recordings.size() != 1)
    throw Error(engine->option, "several plans", "one, or --parts N -o PLAN to make it");
  if (!m.configuration.empty() || !m.models.empty() || !m.settings.empty() || !m.reference.empty() ||
      !m.limits.empty() || m.window_ls || m.hop_ls || o.replay.from_ls || o.replay.to_ls) {
    throw Error(o.replay.recordings.front(), "options of the monitor beside a plan", "those with which it was made");
  }
  const replay::PlanFile plan = replay::load_plan(o.replay.recordings.front());
  const Scripts scripts = scripts_of(o, *engine, plan.path.string(), plan.sha256, plan.plan.parts.size());
  write_engine_files(scripts.folder, scripts.files, scripts.besides);
  print(plan.path.string(), plan.sha256, plan.plan, m.json);
  return 0;
}

int run_plan(const PlanOptions& o) {
  log_to_stderr();
  const Engine* engine = engine_of(o);
  if (!o.parts && !o.output) return run_scripts(o, engine);
  if (!o.parts) throw Error("plan", "no --parts", "--parts N, how many tasks there are to be");
  if (!o.output || o.output->empty()) throw Error("plan", "no -o", "-o PLAN, the file to write");
  const std::string path = absolute(*o.output);
  if (!fs::is_directory(fs::path(path).parent_path())) throw Error(path, "its folder is missing", "an existing folder");
  const replay::Plan plan = make_plan(o);
  const std::string text = to_json(plan);
  const std::string sha256 = sha256_of(text);
  const bool there = fs::exists(path);
  if (there && read_whole(path, "a plan") != text) {
    throw Error(path, "is there already, and is another", "a new file, or the same plan");
  }
  std::optional<Scripts> scripts;
  if (engine != nullptr) scripts = scripts_of(o, *engine, path, sha256, plan.parts.size());
  if (!there) write_whole(path, text);
  try {
    if (scripts) write_engine_files(scripts->folder, scripts->files, scripts->besides);
  } catch (...) {
    std::error_code ignored;
    if (!there) fs::remove(path, ignored);
    throw;
  }
  print(path, sha256, plan, o.replay.monitor.json);
  return 0;
}

// Without what a plan does not hold.
Options without(Options options, std::initializer_list<const char*> names) {
  std::erase_if(options, [&](const Option& option) {
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return option.names == name; });
  });
  return options;
}

}  // namespace

Command plan_command() {
  const auto o = std::make_shared<PlanOptions>();
  Options monitor = without(monitor_options(o->replay.monitor, "-c,--configuration", "one JSON document"),
                            {"--journal", "--fail-on"});
  Options range = without(range_options(o->replay), {"--jobs"});
  const std::optional<std::pair<double, double>> from_one{{1, 1024}};
  return {"plan", "cuts recordings into parts for a batch system; writes its scripts",
          "vigil plan run1/ --model demo/model --parts 16 -o run1.plan --slurm run1.slurm",
          joined({{{"REC", &o->replay.recordings, "recording files or folders; or a plan, to write scripts for",
                    Presence::required},
                   {"--parts", &o->parts, "how many parts"},
                   {"-o,--output", &o->output, "the plan, a new file"}},
                  monitor,
                  range,
                  {{"--slurm", &o->slurm, "folder for the scripts of Slurm"},
                   {"--condor", &o->condor, "folder for the scripts of HTCondor"},
                   {"--kubernetes", &o->kubernetes, "folder for the manifests of Kubernetes"},
                   {"--task-jobs", &o->task_jobs, "cores of a task (default 1)", Presence::optional, {}, from_one},
                   {"--option", &o->options, "a line of the engine's own in what it runs (repeatable)"},
                   {"--vigil", &o->vigil, "the executable that tasks run (default this one)"},
                   {"--image", &o->image, "container image (Kubernetes)"},
                   {"--claim", &o->claims, "PVC:PATH, a claim and where it is mounted (Kubernetes; repeatable)"},
                   {"--max-parallel",
                    &o->max_parallel,
                    "tasks at a time (Kubernetes; default all)",
                    Presence::optional,
                    {},
                    {{1, 100000}}}}}),
          [o] { return run_plan(*o); }};
}

}  // namespace vigil::app
