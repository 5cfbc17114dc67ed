// What of a sink's keys is common to all types: reading, defaults, refusals. Used by sinks.cpp and sink_reading.cpp.
// Tests: tests/alerting/sink_settings_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "alerting/sinks.h"

namespace vigil::alerting {

std::string list_of(const std::vector<std::string>& names);  // "a, b, c"

// Fills in the defaults of keys that were not given. Throws Error for one that must be there.
void fill_own(const SinkDescription& type, const std::string& where, SinkSettings& sink);

// What only a type can judge of a key; each stands in the file of its sink and throws Error.
void check_signing_secrets(const SinkSettings& settings, const SinkKey& key);
void check_labels(const SinkSettings& settings, const SinkKey& key);
void check_producer_properties(const SinkSettings& settings, const SinkKey& key);

}  // namespace vigil::alerting
