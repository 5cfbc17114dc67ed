// vigil list: what the catalogues hold.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "alerting/sinks.h"
#include "app/command.h"
#include "fpga_model/package/formats.h"
#include "monitors/detector.h"
#include "monitors/statistics.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

int run_list(bool json) {
  ordered_json out;
  const auto add = [&](const char* group, std::string_view name, std::string_view text) {
    out[group].push_back({{"name", name}, {"summary", text}});
  };
  for (const auto& entry : monitors::statistics()) add("statistics", entry.name, entry.summary);
  for (const auto& entry : monitors::detectors()) add("detectors", entry.name, entry.summary);
  for (const auto& entry : fpga_model::formats()) add("model_formats", entry.name, entry.description);
#define VIGIL_SOURCE(name, text) add("sources", #name, text);
#include "app/sources.def"
#undef VIGIL_SOURCE
  for (const auto& entry : alerting::sink_catalogue()) add("sinks", entry.name, entry.text);
  if (json) {
    fmt::print("{}\n", out.dump());
    return 0;
  }
  for (const auto& [group, entries] : out.items()) {
    fmt::print("{}\n", group);
    for (const auto& entry : entries) {
      fmt::print("  {:<14} {}\n", entry["name"].get<std::string>(), entry["summary"].get<std::string>());
    }
  }
  return 0;
}

}  // namespace

Command list_command() {
  const auto json = std::make_shared<bool>(false);
  return {"list",
          "statistics, detectors, model formats, sources, sinks",
          "vigil list",
          {{"--json", json.get(), "one JSON document"}},
          [json] { return run_list(*json); }};
}

}  // namespace vigil::app
