// How to reach Kafka: brokers, prefix of the topics, librdkafka's properties; and every rule of what may stand there.
// Used by the configuration, the commands and all clients of ingest/kafka. Connects to nothing.
// Tests: tests/ingest/kafka/settings_test.cpp, properties_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/kafka/log.h"

namespace vigil::ingest::kafka {

struct Settings {
  std::string brokers;  // host:port,host:port
  std::string prefix;   // 1..100 of A-Za-z0-9_-
  std::vector<std::pair<std::string, std::string>>
      properties;                       // of librdkafka; <name>_file: the file holding the value
  std::uint32_t create_partitions = 0;  // above 0: missing topics are created, the frames with so many partitions
  std::uint32_t replication = 1;        // of created topics
};

bool is_endpoint(std::string_view text);  // begins with kafka://

// All checks throw Error: where, what was found, what was expected. `where` is what the text stands in or for.
// kafka://HOST:PORT[,HOST:PORT...]/PREFIX; sets brokers and prefix, leaves the rest.
void read_endpoint(std::string_view text, Settings& into);
void check_brokers(const std::vector<std::string>& brokers, const std::string& where = "kafka.brokers");
void check_prefix(std::string_view prefix, const std::string& where = "kafka.prefix");
void check_name(std::string_view name,
                const std::string& where = "name");  // of a bridge or worker: 1..64 of A-Za-z0-9_.-

// One property: refused where the law rests on it (group, offsets, transactions, acknowledgements, order), where
// librdkafka does not know it or takes no such value, a secret in clear (NAME_file is meant), or one that switches the
// check of certificates or host names off. The value is shown only where it is no secret.
void check_property(const std::string& name, const std::string& value, const std::string& where = "kafka.properties");

// The whole, after the parts: every property, files of secrets, certificates and keys that do not load, properties that
// do not go together, a secret over sasl_plaintext to a broker beyond loopback. Opens no connection. Plaintext beyond
// loopback is said through `log`.
void check_settings(const Settings& settings, const Log& log);

}  // namespace vigil::ingest::kafka
