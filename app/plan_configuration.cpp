#include "app/plan_configuration.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"

namespace vigil::app {
namespace {

std::optional<std::uint32_t> lumisection(const nlohmann::json& object, const char* key, const std::string& where) {
  if (!object.contains(key)) return std::nullopt;
  const nlohmann::json& value = object[key];
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > UINT32_MAX) {
    throw Error(where + ": configuration", std::string("key '") + key + "'", "a lumisection");
  }
  return value.get<std::uint32_t>();
}

}  // namespace

std::string plan_configuration(const PlannedRun& run) {
  Configuration c = with_absolute_paths(run.configuration);
  const Configuration defaults;
  c.subscribe.clear();
  c.topics.clear();
  c.journal.clear();
  c.record.clear();
  c.compress = defaults.compress;
  c.actions_to.clear();
  c.actions_file.clear();
  c.sinks.clear();
  c.sink_defaults.clear();
  c.jobs = defaults.jobs;
  c.queue_frames = defaults.queue_frames;
  c.http = defaults.http;
  c.kafka = defaults.kafka;
  c.name = defaults.name;
  c.start = defaults.start;
  c.partial_ms = defaults.partial_ms;
  c.bridge_buffer_mb = defaults.bridge_buffer_mb;
  c.drain_s = defaults.drain_s;
  c.close_on_stop = defaults.close_on_stop;
  nlohmann::json out = {{"yaml", to_yaml(c)}};
  if (run.from_ls) out["from_ls"] = *run.from_ls;
  if (run.to_ls) out["to_ls"] = *run.to_ls;
  return json_text(out);
}

PlannedRun planned_run(const replay::Plan& plan, const std::string& where) {
  const auto json = nlohmann::json::parse(plan.configuration, nullptr, false);
  if (!json.is_object() || !json.contains("yaml") || !json["yaml"].is_string()) {
    throw Error(where + ": configuration", "no text 'yaml'", "what `vigil plan` writes");
  }
  PlannedRun run;
  run.from_ls = lumisection(json, "from_ls", where);
  run.to_ls = lumisection(json, "to_ls", where);
  read_configuration_text(run.configuration, json["yaml"], where + ": configuration");
  if (const auto n = learn_lumisections(run.configuration.reference)) run.configuration.monitors.learn_ls = *n;
  run.configuration.models.clear();
  for (const replay::PlanModel& model : plan.models) run.configuration.models.push_back(model.path);
  return run;
}

}  // namespace vigil::app
