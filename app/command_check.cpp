// vigil check: a configuration, its models and reference, without opening anything.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/configuration_actions.h"
#include "app/configuration_conditions.h"
#include "app/configuration_sinks.h"
#include "app/limits.h"
#include "app/scale_settings.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

int run_check(const MonitorOptions& options) {
  Configuration configuration = effective_configuration(options);
  (void)configured_sinks(configuration);
  require_approval(configuration);
  const ModelSet models(configuration.models);
  check_prescales(configuration.monitors.prescales, models);
  const auto reference = load_reference(configuration, models);
  configuration.monitors.limits = load_limits(configuration, models);
  // Rules and windows are checked by the monitor that will use them.
  for (const auto& model : models.all()) {
    monitors::StreamMonitor(model->info(), "scouting", configuration.monitors, {});
  }
  const ScaleSettings scale = scale_settings(models, configuration);
  if (options.json) {
    nlohmann::ordered_json out = {{"configuration", to_yaml(configuration)},
                                  {"settings", nlohmann::ordered_json::parse(scale.text)},
                                  {"settings_sha256", scale.sha256},
                                  {"models", nlohmann::ordered_json::array()}};
    for (const auto& model : models.all()) {
      out["models"].push_back(
          {{"name", model->info().name}, {"version", model->info().version}, {"model_hash", model->info().hash}});
    }
    fmt::print("{}\n", out.dump());
    return 0;
  }
  fmt::print("{}", to_yaml(configuration));
  for (const auto& model : models.all())
    fmt::print("# model {} {} {}\n", shown(model->info().name), shown(model->info().version), model->info().hash);
  fmt::print("# settings of partials {} {}\n", scale.sha256, scale.text);
  if (!configuration.limits.empty()) fmt::print("# limits of {} rules\n", configuration.monitors.limits.rules.size());
  if (reference) {
    std::uint64_t events = 0;
    for (const monitors::Reference& entry : reference->entries) events += entry.summary.events;
    fmt::print("# reference of {} events\n", events);
  }
  return 0;
}

}  // namespace

Command check_command() {
  const auto o = std::make_shared<MonitorOptions>();
  return {"check", "validates a configuration, loads model and reference, opens nothing", "vigil check conf/watch.yaml",
          joined({monitor_options(*o, "CONF,-c,--configuration", "one JSON document"), live_options(*o)}),
          [o] { return run_check(*o); }};
}

}  // namespace vigil::app
