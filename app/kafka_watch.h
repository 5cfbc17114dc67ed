// `watch`, `record` and `replay` on Kafka, and the merger (docs/scale_out.md): the monitors of before with another
// source, and of the merger another place for its lines. Used by the commands where their endpoint is one of Kafka.
// Tests: tests/contract/kafka_scale_test.py, kafka_frames_test.py.
#pragma once

#include <functional>

#include "app/session.h"
#include "app/shared_options.h"

namespace vigil::app {

// Exit code. Each makes its own StopOnSignal: before any other thread. Throw Error, FailedRunning.
int merge_kafka(const MonitorOptions& options, const Configuration& configuration);
int watch_kafka(const MonitorOptions& options, const Configuration& configuration);
int record_kafka(const MonitorOptions& options, const Configuration& configuration);
int replay_kafka(const MonitorOptions& options, const Configuration& configuration, const std::string& endpoint);

}  // namespace vigil::app
