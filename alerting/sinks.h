// Where actions go: the catalogue of sinks (sinks.def), what a configuration says of one, and what makes it. Each
// delivers at least once under the same id. Used by the program to read its configuration and to build what the
// dispatcher drives. A sink keeps no queue: what is undelivered is in the journal.
// Tests: tests/alerting/sink_settings_test.cpp, tests/alerting/sinks_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "alerting/dispatcher.h"
#include "alerting/journal.h"
#include "core/action.h"

namespace vigil::alerting {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;  // in the order given

struct SinkSettings;

// A key that one type of sink has.
struct SinkKey {
  enum class Kind : std::uint8_t {
    text,       // not empty
    path,       // relative to the configuration file
    url,        // http or https
    secret,     // the path of a secret's file
    secrets,    // a list of such
    number,     // a whole number
    flag,       // true or false
    templates,  // a map of names to texts with ${…} (templates.h)
    texts,      // a map of names to texts
    options,    // as texts; NAME_file is the path of a secret's file
  };
  const char* name;
  const char* summary;
  Kind kind;
  bool required = false;
  std::int64_t value = 0, lowest = 0, highest = 0;  // of a number
  const char* preset = "";                          // of texts and flags; of templates "NAME=TEXT,NAME=TEXT"
  void (*check)(const SinkSettings&, const SinkKey&) = nullptr;  // what only the type can judge; throws Error

  static constexpr SinkKey must(Kind kind, const char* name, const char* summary) {
    return {name, summary, kind, true};
  }
  static constexpr SinkKey may(Kind kind, const char* name, const char* summary, const char* preset = "") {
    return {name, summary, kind, false, 0, 0, 0, preset};
  }
  static constexpr SinkKey checked(SinkKey key, void (*check)(const SinkSettings&, const SinkKey&)) {
    key.check = check;
    return key;
  }
  static constexpr SinkKey text(const char* name, const char* summary) { return must(Kind::text, name, summary); }
  static constexpr SinkKey path(const char* name, const char* summary) { return must(Kind::path, name, summary); }
  static constexpr SinkKey flag(const char* name, const char* summary) {
    return may(Kind::flag, name, summary, "false");
  }
  static constexpr SinkKey number(const char* name, const char* summary, std::int64_t value, std::int64_t lowest,
                                  std::int64_t highest) {
    return {name, summary, Kind::number, false, value, lowest, highest};
  }
};

// One sink as configured.
struct SinkSettings {
  std::string type;  // a name of the catalogue
  std::string name;  // empty: the type; identifies its outbox rows across restarts
  Routing routing;
  std::map<std::string, std::string> own = {};  // keys with one value; numbers in decimal
  std::map<std::string, std::vector<std::string>> lists = {};
  std::map<std::string, NamedTexts> maps = {};
  std::map<std::string, std::string> where = {};     // file:line of each key that was given
  std::function<void(const std::string&)> log = {};  // of the log sink: gets one line, on the sink's thread
  // What to tell people who see the alarm of a monitor (model, stream, monitor); empty: nothing. Thread-safe.
  std::function<std::string(const std::string&, const std::string&, const std::string&)> guidance = {};

  const std::string& text(const std::string& key) const { return own.at(key); }
  std::int64_t number(const std::string& key) const;
  // False for a key that its type has not got.
  bool flag(const std::string& key) const { return own.contains(key) && own.at(key) == "true"; }
  const std::string& place(const std::string& key) const;  // its file:line, or the sink's
};

struct SinkDescription {
  std::string name;
  std::string text;
  SendWhen when;                  // by default
  std::vector<ActionKind> kinds;  // by default; empty: all
  std::span<const SinkKey> keys;  // of its own
};
const std::vector<SinkDescription>& sink_catalogue();
// Throws Error naming what there is.
const SinkDescription& sink_type(const std::string& name, const std::string& where = "sinks");

// Keys that every sink has and the configuration as a whole too, where they stand for all sinks that do not say.
std::span<const SinkKey> shared_keys();
// How a sink with these settings is driven.
Pacing pacing_of(const SinkSettings& settings);

// What a configuration gives for one key: a text, a list of texts, or a map. `where` is file and line.
struct GivenKey {
  std::string key, where;
  std::vector<std::string> values = {};  // of a text (one) and a list
  bool is_list = false;
  NamedTexts map = {};
  bool is_map = false;
};
// Whether the values of a key (of a map: of its entry `inner`) are paths, and so relative to the configuration file.
bool holds_paths(const std::string& type, const std::string& key, const std::string& inner = {});

// A sink from what a configuration gives, with the defaults of its type. Throws Error naming where, key and what was
// expected: unknown type or key, wrong type or value, a key that is missing. `where` is that of the sink.
SinkSettings read_sink(const std::vector<GivenKey>& given, const std::string& where);
// The sinks with their names filled in. Throws Error for two of one name; `where` names the configuration.
std::vector<SinkSettings> named(std::vector<SinkSettings> sinks, const std::string& where);
// Looks at the files of its secrets and at what only the type itself can judge; reads, sends and opens nothing else.
// Throws Error naming file:line, key and what was expected.
void check_sink(const SinkSettings& settings);

// A sink whose wait can be cut short from another thread.
class WaitingSink : public Sink {
 public:
  // The wait in progress and all later ones end at once with retry. Thread-safe, idempotent.
  virtual void abandon() = 0;
};

// An action that people are told of for as long as its episode goes on, and a while after.
struct OpenAlert {
  OutgoingAction action;
  std::int64_t starts_ns = 0;  // when it was first sent
  std::int64_t ended_ns = 0;   // 0: it goes on
};

// A sink that is told the same again and again until it ends.
class RepeatingSink : public WaitingSink {
 public:
  virtual std::int64_t repeat_ms() const = 0;
  virtual std::int64_t linger_ms() const = 0;  // how long after the end it is told so
  // As send, of several at once; `begin` may be empty.
  [[nodiscard]] virtual Answer tell(const std::vector<OpenAlert>& alerts, std::int64_t now_ns, const Begin& begin) = 0;
};

// Throws Error naming the sink and what of it cannot be used (unknown type, unwritable file, malformed endpoint).
std::unique_ptr<Sink> make_sink(const SinkSettings& settings);

}  // namespace vigil::alerting
