// The subcommands: options as the command line gives them, and what runs them. Each returns the exit code:
// 0 done, 1 done and what --fail-on named occurred (or emulate --compare found a mismatch). Errors are thrown.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace vigil::app {

// Something broke after a good start: exit 3. Start-up errors (vigil::Error) are exit 2.
struct FailedRunning : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Flags of watch, replay, record: on top of a configuration file.
struct MonitorOptions {
  std::string configuration;
  std::vector<std::string> models, subscribe, topics, settings, fail_on;
  std::string reference, journal, actions_to, record;
  std::optional<std::uint32_t> window_ls, hop_ls;
  bool json = false;
};

struct ReplayOptions {
  MonitorOptions monitor;
  std::vector<std::string> recordings;
  std::uint32_t jobs = 0;
  std::string speed = "max";
  std::optional<std::uint32_t> from_ls, to_ls;
};

struct PublishOptions {
  std::vector<std::string> recordings;
  std::string endpoint, speed = "realtime";
  bool loop = false, json = false;
};

struct SimulateOptions {
  std::string scenario, model, other_model, events, record, publish, truth, speed = "max";
  bool compress = false, json = false;
};

struct EmulateOptions {
  std::string model, input, output, layers, compare, kernel = "auto";
  std::uint32_t jobs = 1;
  bool json = false;
};

struct ModelOptions {
  std::string package, input, kernel = "auto";
  std::uint32_t jobs = 1;
  double seconds = 1;
  bool json = false;
};

struct ImportOptions {
  std::string source, output, name, version = "1";
  std::optional<std::string> hls4ml_version, conifer_sum;
  bool json = false;
};

struct StatisticsOptions {
  std::string reference, sample;
  std::optional<std::uint32_t> bins;
  bool json = false;
};

struct ReferenceOptions {
  ReplayOptions replay;
  std::string output;
};

struct ActionsOptions {
  std::string journal, id, actor, reason, output;
  double hours = 0;  // of a shelve
  bool json = false;
};

int run_watch(const MonitorOptions& options);
int run_replay(const ReplayOptions& options);
int run_record(const MonitorOptions& options);
int run_publish(const PublishOptions& options);
int run_simulate(const SimulateOptions& options);
int run_emulate(const EmulateOptions& options);
int run_model_inspect(const ModelOptions& options);
int run_model_bench(const ModelOptions& options);
int run_model_import(const ImportOptions& options);
int run_statistics(const StatisticsOptions& options);
int run_reference_build(const ReferenceOptions& options);
int run_check(const MonitorOptions& options);
int run_actions_list(const ActionsOptions& options);
int run_actions_show(const ActionsOptions& options);
int run_actions_note(const ActionsOptions& options, const std::string& verb);  // approve, reject, ack, shelve, retry
int run_actions_export(const ActionsOptions& options);
int run_status(const std::string& journal, bool json);
int run_list(bool json);
int run_decode(const std::string& file, bool json);
int run_demo(bool json);

}  // namespace vigil::app
