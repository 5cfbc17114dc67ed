// Where actions go: the catalogue of sinks (sinks.def), what a configuration says of one, and what makes it. Each
// delivers at least once under the same id. Used by the program to read its configuration and to build what the
// dispatcher drives. A sink keeps no queue: what is undelivered is in the journal.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "alerting/journal.h"
#include "core/action.h"

namespace vigil::alerting {

// A key that one type of sink has: text, a path (relative to the configuration file), or a whole number with a default.
struct SinkKey {
  enum class Kind : std::uint8_t { text, path, number };
  const char* name;
  const char* summary;
  Kind kind;
  std::int64_t value = 0, lowest = 0, highest = 0;  // of a number; texts and paths are required

  static constexpr SinkKey text(const char* name, const char* summary) { return {name, summary, Kind::text}; }
  static constexpr SinkKey path(const char* name, const char* summary) { return {name, summary, Kind::path}; }
  static constexpr SinkKey number(const char* name, const char* summary, std::int64_t value, std::int64_t lowest,
                                  std::int64_t highest) {
    return {name, summary, Kind::number, value, lowest, highest};
  }
};

// One sink as configured.
struct SinkSettings {
  std::string type;  // a name of the catalogue
  std::string name;  // empty: the type; identifies its outbox rows across restarts
  Routing routing;
  std::map<std::string, std::string> own;       // the type's own keys; numbers in decimal
  std::function<void(const std::string&)> log;  // of the log sink: gets one line, on the sink's thread

  const std::string& text(const std::string& key) const { return own.at(key); }
  std::int64_t number(const std::string& key) const;
};

struct SinkDescription {
  std::string name;
  std::string text;
  SendWhen when;                  // by default
  std::span<const SinkKey> keys;  // of its own
};
const std::vector<SinkDescription>& sink_catalogue();
// Throws Error naming what there is.
const SinkDescription& sink_type(const std::string& name, const std::string& where = "sinks");

// What a configuration gives for one key: a text, or a list of texts. `where` is file and line.
struct GivenKey {
  std::string key, where;
  std::vector<std::string> values;
  bool is_list = false;
};

// A sink from what a configuration gives, with the defaults of its type. Throws Error naming where, key and what was
// expected: unknown type or key, wrong type or value, a key that is missing. `where` is that of the sink.
SinkSettings read_sink(const std::vector<GivenKey>& given, const std::string& where);
// The sinks with their names filled in. Throws Error for two of one name; `where` names the configuration.
std::vector<SinkSettings> named(std::vector<SinkSettings> sinks, const std::string& where);

// A sink whose wait can be cut short from another thread.
class WaitingSink : public Sink {
 public:
  // The wait in progress and all later ones end at once with retry. Thread-safe, idempotent.
  virtual void abandon() = 0;
};

// Throws Error naming the sink and what of it cannot be used (unknown type, unwritable file, malformed endpoint).
std::unique_ptr<Sink> make_sink(const SinkSettings& settings);

}  // namespace vigil::alerting
