// One client of librdkafka, made from the settings: its properties, its log lines and errors, its end in bounded time.
// For the sources of ingest/kafka only; nobody else includes it.
// Tests: those of what is made of it, tests/ingest/kafka/*_kafka_test.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/kafka/message.h"
#include "ingest/kafka/settings.h"

struct rd_kafka_s;
struct rd_kafka_message_s;
struct rd_kafka_topic_s;
struct rd_kafka_topic_partition_list_s;

namespace vigil::ingest::kafka {

using Clock = std::chrono::steady_clock;
using Properties = std::vector<std::pair<std::string, std::string>>;
enum class Kind { consumer, producer };

// What librdkafka calls. `delivered` comes on the thread that polls, flushes or commits; `rebalanced` on the one that
// polls. Neither comes once the Client is gone.
struct Hooks {
  std::function<void(const rd_kafka_message_s&)> delivered;
  std::function<void(int code, rd_kafka_topic_partition_list_s*)> rebalanced;
};

// What stands between us and the brokers: the newest error of the connection, and since when errors of its kind come.
struct Trouble {
  int code = 0;
  std::string text;
  Clock::time_point since;
};

// Lives as long as any thread is inside librdkafka with it.
struct Handle {
  rd_kafka_s* rk = nullptr;
  Hooks hooks;
  std::atomic<bool> is_left = false;
  std::vector<std::string> secrets;
  bool is_debugging = false;                   // the property debug is given: every line is wanted
  bool is_loopback_only = false;               // a secret would go out in clear
  std::atomic<bool> is_asking_rights = false;  // one that is missing is said by who asks
  mutable std::mutex mutex;                    // of what follows
  Log log;
  std::optional<Trouble> trouble;
  std::map<std::string, rd_kafka_topic_s*> topics;  // of Client::know()

  void say(const std::string& text) const;  // redacted, escaped
  ~Handle();
};

class Client {
 public:
  // own: what this kind of client must have, whatever the settings say. Throws Error: a file of a secret, a value that
  // librdkafka does not take. Without brokers (check_settings) it connects to nothing.
  Client(const Settings& settings, Kind kind, const Properties& own, Log log, Hooks hooks = {},
         bool with_brokers = true);
  ~Client();  // at most some seconds; what takes longer is left to a thread of its own, silently
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  rd_kafka_s* rk() const { return handle_->rk; }
  const std::shared_ptr<Handle>& handle() const { return handle_; }
  std::optional<Trouble> trouble() const;
  void answered();  // by a broker: trouble is over
  // Asks once for where a topic's partitions are: librdkafka itself looks only once a second, and what is sent to a
  // topic it does not know waits for that.
  void know(const std::string& topic, std::chrono::milliseconds timeout);
  void say(const std::string& text) const { handle_->say(text); }

 private:
  std::shared_ptr<Handle> handle_;
};

// Runs `call` in a thread of its own and waits for it at most so long; false: it goes on without us, and must own all
// it uses. For what librdkafka may never return from.
bool within(std::chrono::milliseconds bound, std::function<void()> call);

Message to_message(const rd_kafka_message_s& from);
bool is_missing_right(int code);
// Credentials or certificates; and those that last: nothing that waiting mends.
bool may_be_refused(const std::optional<Trouble>& trouble);
bool is_refused_connection(const std::optional<Trouble>& trouble);
std::string error_text(int code);
// "topic 'p.frames': Write is not allowed for user 'bridge'"
std::string missing_right(const Settings& settings, const std::string& resource, const std::string& operation);
// Throws the Error of one, or of a refused connection.
[[noreturn]] void throw_missing_right(const Settings& settings, const std::string& resource,
                                      const std::string& operation);
[[noreturn]] void throw_refused_connection(const Settings& settings, const Trouble& trouble);
std::string place(const Settings& settings);  // "Kafka at HOST:PORT"

// Rules of properties, for client.cpp and properties.cpp.
inline constexpr std::string_view kFromFile = "_file";
// With what stands in files; those contents are added to `secrets`. Throws Error.
Properties read_properties(const Settings& settings, std::vector<std::string>& secrets);
// What is given for a name, the last one of several; empty where nothing is.
std::string property(const Properties& properties, std::string_view name);
// In lower case. Whether a secret goes over the connection, unencrypted.
std::string security_protocol(const Properties& properties);
bool is_secret_in_clear(const Properties& properties);
bool is_loopback_host(std::string_view broker);

}  // namespace vigil::ingest::kafka
