#include "app/shared_options.h"

namespace vigil::app {

Option settings_option(MonitorOptions& into) {
  return {"--set", &into.settings, "key=value of any configuration key (repeatable)"};
}

Option recordings_option(std::vector<std::string>& into) {
  return {"REC", &into, "recording files or folders", Presence::required};
}

Option jobs_option(std::uint32_t& into) { return {"--jobs", &into, "threads", Presence::optional, {}, {{1, 1024}}}; }

Option kernel_option(std::string& into) {
  return {"--kernel", &into, "auto, reference (the plain scalar path), sse4, avx2, avx512 or vnni: same bits"};
}

Options monitor_options(MonitorOptions& o, const std::string& configuration, const std::string& json_about) {
  return {{configuration, &o.configuration, "configuration file (YAML)"},
          {"--model", &o.models, "model package, a folder (repeatable)"},
          {"--reference", &o.reference, "reference file, or learn:N lumisections (default learn:20)"},
          {"--limits", &o.limits, "effect sizes made by `vigil calibrate`"},
          {"--window-ls", &o.window_ls, "window length in lumisections (default 10)"},
          {"--hop-ls", &o.hop_ls, "lumisections from one window to the next (default 5)"},
          {"--journal", &o.journal, "SQLite file for state, results and actions"},
          settings_option(o),
          {"--json", &o.json, json_about},
          {"--fail-on",
           &o.fail_on,
           "exit 1 when it occurred (repeatable)",
           Presence::optional,
           {"bad", "unknown", "mismatch", "action"}}};
}

Options live_options(MonitorOptions& o) {
  return {{"--subscribe", &o.subscribe, "ZeroMQ endpoint to connect to (repeatable)"},
          {"--topic", &o.topics, "topic prefix (repeatable; default all)"}};
}

Option http_option(MonitorOptions& o) {
  return {"--http", &o.http, "HOST:PORT to answer people and pipelines at; port 0 takes a free one"};
}

Option hold_option(MonitorOptions& o) {
  return {"--hold", &o.hold, "with --http: goes on answering after its end, until SIGINT or SIGTERM"};
}

Options range_options(ReplayOptions& o) {
  return {{"--jobs", &o.jobs, "threads (default one a core); the results do not depend on it"},
          {"--from-ls", &o.from_ls, "first lumisection"},
          {"--to-ls", &o.to_ls, "last lumisection"}};
}

Options joined(std::initializer_list<Options> lists) {
  Options all;
  for (const Options& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

}  // namespace vigil::app
