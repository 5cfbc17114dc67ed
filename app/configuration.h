// What a user may configure, in one strict YAML file, with flags on top. Keys are nouns with a unit suffix
// (docs/configuration.md). Read at start-up only; the effective configuration goes into the journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "alerting/alarms.h"
#include "alerting/approval.h"
#include "alerting/budget.h"
#include "alerting/sinks.h"
#include "app/http_settings.h"
#include "ingest/kafka/settings.h"
#include "ingest/sequencer.h"
#include "monitors/settings.h"

namespace vigil::app {

struct Configuration {
  std::vector<std::string> models;     // package folders
  std::vector<std::string> subscribe;  // ZeroMQ endpoints to connect to
  std::vector<std::string> topics;     // prefixes; none: everything
  std::string reference = "learn:20";  // learn:N or a file
  std::string limits;                  // file of `vigil calibrate`; empty: the default sizes
  std::string journal;                 // empty: state lives in memory only
  std::string record;                  // folder; empty: no recording
  std::string actions_to;              // endpoint of the receiving pipeline
  std::string actions_file;            // JSON Lines file
  std::vector<alerting::SinkSettings> sinks;
  std::map<std::string, std::string> sink_defaults;  // keys of sinks, for those that do not say
  std::uint32_t reply_timeout_ms = 5000;
  double expiry_h = 24;
  alerting::ApprovalRules approval;
  alerting::ActWhen act_when;
  alerting::BudgetPerDay budget_per_day = alerting::default_budget_per_day();
  std::uint32_t verify_ls = 100;
  std::uint32_t queue_frames = 4096;
  std::uint32_t jobs = 0;  // 0: one a core
  std::uint32_t cool_down_ls = 20;
  std::uint32_t broad_inputs = 3;
  bool compress = false;  // recordings
  std::vector<alerting::AlarmOverride> alarms;
  std::uint32_t flood_alarms = 5;
  ingest::SequencerSettings sequencer;
  monitors::MonitorSettings monitors;
  HttpSettings http;
  ingest::kafka::Settings kafka;
  std::string to;                  // of a bridge or worker: where it writes; no key
  std::string name;                // of a bridge or worker; empty: the host's
  std::string start = "earliest";  // where who has no place in Kafka yet begins
  std::uint32_t partial_ms = 1000, bridge_buffer_mb = 1024, drain_s = 60;
  bool close_on_stop = false;
  std::string budget_key;  // the key that set the budget: budget, or the superseded false_alarms_per_day
};

// Sets one key from text, as `--set key=value` does. Throws Error naming the key and what was expected.
void set_key(Configuration& configuration, const std::string& key, const std::string& value);

// Reads a YAML file on top of `configuration`. Throws Error: file:line, key, expected. Relative paths are the file's.
void read_configuration(Configuration& configuration, const std::string& path);

// The same of YAML text; `where` stands for the file in errors, relative paths stay.
void read_configuration_text(Configuration& configuration, const std::string& text, const std::string& where);

// With every relative path made absolute, from the working directory.
Configuration with_absolute_paths(const Configuration& configuration);

// The configuration as YAML that read_configuration reads back to the same values.
std::string to_yaml(const Configuration& configuration);

// N of learn:N, or nullopt for a file. Throws Error on learn:0 or learn:x.
std::optional<std::uint32_t> learn_lumisections(const std::string& reference);

}  // namespace vigil::app
