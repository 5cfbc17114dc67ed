// What sinks.def names: one maker a sink. Used by the catalogue (sinks.cpp) only; `settings.name` is set.
#pragma once

#include <memory>

#include "alerting/sinks.h"

namespace vigil::alerting {

std::unique_ptr<Sink> make_log_sink(const SinkSettings& settings);
std::unique_ptr<Sink> make_file_sink(const SinkSettings& settings);
std::unique_ptr<Sink> make_zeromq_sink(const SinkSettings& settings);

}  // namespace vigil::alerting
