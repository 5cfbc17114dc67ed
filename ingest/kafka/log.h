// Where the Kafka layer says what is worth a line: brokers away or back, a right that went missing, offsets removed
// unread. Given by the callers of ingest/kafka; decides nothing about levels or files. Tests:
// tests/ingest/kafka/log_test.cpp.
#pragma once

#include <functional>
#include <string>

namespace vigil::ingest::kafka {

// One line, escaped, without a secret. Called from any thread, also from those of librdkafka; may be empty.
using Log = std::function<void(const std::string&)>;

// A Log for all clients of a process together: what was said within the last minute is not said again.
Log sparing(Log log);

}  // namespace vigil::ingest::kafka
