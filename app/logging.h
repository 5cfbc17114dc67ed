// The program's log: one line a fact, on stderr, so that stdout holds results only.
// Tests: tests/contract/hostile_names_test.py.
#pragma once

namespace vigil::app {

// Sends spdlog to stderr, each message escaped (core/shown.h); VIGIL_LOG=off|error|warning|info|debug sets the level
// (default info).
void log_to_stderr();

}  // namespace vigil::app
