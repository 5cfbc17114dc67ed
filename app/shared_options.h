// Options that several commands take: those of the monitor, of live streams, of recordings and of the emulator.
// Tests: tests/app/command_line_test.cpp.
#pragma once

#include <initializer_list>

#include "app/command.h"

namespace vigil::app {

// Flags of watch, replay, record: on top of a configuration file.
struct MonitorOptions {
  std::string configuration;
  std::vector<std::string> models, subscribe, topics, settings, fail_on;
  std::string reference, limits, journal, actions_to, record, http, to, name;
  std::optional<std::uint32_t> window_ls, hop_ls;
  std::uint32_t jobs = 0;  // of watch, bridge and record; 0: as configured
  bool json = false, hold = false, from_partials = false, close_on_stop = false;
};

struct ReplayOptions {
  MonitorOptions monitor;
  std::vector<std::string> recordings;
  std::uint32_t jobs = 0;
  std::string speed = "max";
  std::optional<std::uint32_t> from_ls, to_ls;
};

using Options = std::vector<Option>;

Option settings_option(MonitorOptions& into);
Option recordings_option(std::vector<std::string>& into);
Option jobs_option(std::uint32_t& into);
Option kernel_option(std::string& into);
// The configuration, models, reference, windows and journal of a monitor. `configuration`: how the file is given.
Options monitor_options(MonitorOptions& into, const std::string& configuration, const std::string& json_about);
// The endpoints and topics of live streams.
Options live_options(MonitorOptions& into);
// Where the server listens.
Option http_option(MonitorOptions& into);
Option hold_option(MonitorOptions& into);
// Threads and the range of lumisections to read.
Options range_options(ReplayOptions& into);
// One list after the other, as --help shows them.
Options joined(std::initializer_list<Options> lists);

}  // namespace vigil::app
