// What a user may configure, in one strict YAML file, with flags on top. Keys are nouns with a unit suffix
// (docs/configuration.md). Read at start-up only; the effective configuration goes into the journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alerting/sinks.h"
#include "ingest/sequencer.h"
#include "monitors/settings.h"

namespace vigil::app {

struct Configuration {
  std::vector<std::string> models;     // package folders
  std::vector<std::string> subscribe;  // ZeroMQ endpoints to connect to
  std::vector<std::string> topics;     // prefixes; none: everything
  std::string reference = "learn:20";  // learn:N or a file
  std::string journal;                 // empty: state lives in memory only
  std::string record;                  // folder; empty: no recording
  std::string actions_to;              // endpoint of the receiving pipeline
  std::string actions_file;            // JSON Lines file
  std::vector<alerting::SinkSettings> sinks;
  std::uint32_t reply_timeout_ms = 5000;
  std::uint32_t expiry_h = 24;
  std::uint32_t queue_frames = 4096;
  std::uint32_t jobs = 0;  // 0: one a core
  std::uint32_t cool_down_ls = 20;
  std::uint32_t broad_inputs = 3;
  bool compress = false;  // recordings
  ingest::SequencerSettings sequencer;
  monitors::MonitorSettings monitors;
};

// Sets one key from text, as `--set key=value` does. Throws Error naming the key and what was expected.
void set_key(Configuration& configuration, const std::string& key, const std::string& value);

// Reads a YAML file on top of `configuration`. Throws Error: file:line, key, expected. Relative paths are the file's.
void read_configuration(Configuration& configuration, const std::string& path);

// The configuration as YAML that read_configuration reads back to the same values.
std::string to_yaml(const Configuration& configuration);

// N of learn:N, or nullopt for a file. Throws Error on learn:0 or learn:x.
std::optional<std::uint32_t> learn_lumisections(const std::string& reference);

}  // namespace vigil::app
