// What readers ask the brokers, each within a bounded time: partitions and their ranges. For the sources of
// ingest/kafka. Tests: tests/ingest/kafka/reader_kafka_test.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ingest/kafka/client.h"
#include "ingest/kafka/reader.h"

namespace vigil::ingest::kafka {

std::optional<std::vector<std::int32_t>> ask_partitions(const Client& client, const std::string& topic,
                                                        std::chrono::milliseconds timeout);
std::optional<std::map<std::int32_t, Range>> ask_ranges(const Client& client, const std::string& topic,
                                                        const std::vector<std::int32_t>& partitions,
                                                        std::chrono::milliseconds timeout);

}  // namespace vigil::ingest::kafka
