#include "alerting/sinks.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/error.h"

namespace vigil::alerting {

#define VIGIL_SINK(type, maker, ...) std::unique_ptr<Sink> maker(const SinkSettings& settings);
#include "alerting/sinks.def"
#undef VIGIL_SINK

namespace {

struct Row {
  SinkDescription description;
  std::unique_ptr<Sink> (*make)(const SinkSettings&);
};

template <class... Keys>
std::vector<SinkKey> keys_of(Keys... keys) {
  return {keys...};
}

const std::vector<Row>& rows() {
  // clang-format off
#define VIGIL_SINK(type, maker, when, text, ...) \
  static const std::vector<SinkKey> maker##_keys = keys_of(__VA_ARGS__);
#include "alerting/sinks.def"
#undef VIGIL_SINK
  static const std::vector<Row> all = {
#define VIGIL_SINK(type, maker, when, text, ...) {{#type, text, SendWhen::when, maker##_keys}, maker},
#include "alerting/sinks.def"
#undef VIGIL_SINK
  };
  // clang-format on
  return all;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

const Row& row_of(const std::string& type, const std::string& where) {
  std::vector<std::string> known;
  for (const Row& row : rows()) {
    if (row.description.name == type) return row;
    known.push_back(row.description.name);
  }
  throw Error(where, "unknown sink '" + shown(type) + "'", "one of " + list_of(known));
}

[[noreturn]] void refuse(const GivenKey& given, const std::string& expected) {
  const std::string found = given.is_list ? "a list" : "'" + shown(given.values.front()) + "'";
  throw Error(given.where, "key '" + given.key + "': " + found, expected);
}

const std::string& one(const GivenKey& given, const std::string& expected) {
  if (given.is_list || given.values.front().empty()) refuse(given, expected);
  return given.values.front();
}

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<ActionKind> kinds(const GivenKey& given) {
  if (given.values.empty()) refuse(given, "at least one kind; without the key: all");
  std::vector<ActionKind> found;
  std::vector<std::string> known;
  for (int k = 0; k <= static_cast<int>(ActionKind::rollback); ++k) {
    known.emplace_back(to_string(static_cast<ActionKind>(k)));
  }
  for (const std::string& text : given.values) {
    const auto kind = std::find(known.begin(), known.end(), text);
    if (kind == known.end()) {
      throw Error(given.where, "key 'kinds': '" + shown(text) + "'", "some of " + list_of(known));
    }
    found.push_back(static_cast<ActionKind>(kind - known.begin()));
  }
  return found;
}

void read_own(const SinkKey& key, const GivenKey& given, SinkSettings& sink) {
  if (key.kind != SinkKey::Kind::number) {
    sink.own[key.name] = one(given, key.summary);
    return;
  }
  const std::string range = "a whole number from " + std::to_string(key.lowest) + " to " + std::to_string(key.highest);
  const auto value = whole_number(one(given, range));
  if (!value || *value < key.lowest || *value > key.highest) refuse(given, range);
  sink.own[key.name] = std::to_string(*value);
}

void read_common(const GivenKey& given, SinkSettings& sink) {
  if (given.key == "name") {
    sink.name = one(given, "a name");
  } else if (given.key == "kinds") {
    sink.routing.kinds = kinds(given);
  } else if (given.key == "models") {
    if (given.values.empty()) refuse(given, "at least one pattern; without the key: all");
    sink.routing.models = given.values;
  } else if (given.key == "when") {
    const std::string& when = one(given, "proposed or approved");
    if (when != "proposed" && when != "approved") refuse(given, "proposed or approved");
    sink.routing.when = when == "approved" ? SendWhen::approved : SendWhen::proposed;
  }
}

const std::vector<std::string> kCommon{"type", "name", "kinds", "models", "when"};

// Numbers have defaults, all else must be there.
void fill_own(const SinkDescription& type, const std::string& where, SinkSettings& sink) {
  for (const SinkKey& key : type.keys) {
    if (sink.own.contains(key.name)) continue;
    if (key.kind != SinkKey::Kind::number) {
      throw Error(where,
                  "sink '" + shown(sink.name.empty() ? sink.type : sink.name) + "' has no key '" + key.name + "'",
                  key.summary);
    }
    sink.own[key.name] = std::to_string(key.value);
  }
}

}  // namespace

std::int64_t SinkSettings::number(const std::string& key) const { return whole_number(own.at(key)).value_or(0); }

const std::vector<SinkDescription>& sink_catalogue() {
  static const std::vector<SinkDescription> all = [] {
    std::vector<SinkDescription> described;
    for (const Row& row : rows()) described.push_back(row.description);
    return described;
  }();
  return all;
}

const SinkDescription& sink_type(const std::string& name, const std::string& where) {
  return row_of(name, where).description;
}

SinkSettings read_sink(const std::vector<GivenKey>& given, const std::string& where) {
  const auto type = std::find_if(given.begin(), given.end(), [](const GivenKey& g) { return g.key == "type"; });
  if (type == given.end()) throw Error(where, "a sink without type", "type, one that `vigil list` shows");
  SinkSettings sink;
  sink.type = one(*type, "a type that `vigil list` shows");
  const SinkDescription& description = sink_type(sink.type, type->where);
  sink.routing.when = description.when;
  std::vector<std::string> known = kCommon;
  for (const SinkKey& key : description.keys) known.emplace_back(key.name);
  for (const GivenKey& g : given) {
    if (std::find(known.begin(), known.end(), g.key) == known.end()) {
      throw Error(g.where, "unknown key '" + shown(g.key) + "' of a sink of type " + sink.type,
                  "one of " + list_of(known));
    }
    read_common(g, sink);
    for (const SinkKey& key : description.keys) {
      if (g.key == key.name) read_own(key, g, sink);
    }
  }
  fill_own(description, where, sink);
  return sink;
}

std::vector<SinkSettings> named(std::vector<SinkSettings> sinks, const std::string& where) {
  std::set<std::string> names;
  for (SinkSettings& sink : sinks) {
    if (sink.name.empty()) sink.name = sink.type;
    if (!names.insert(sink.name).second) {
      throw Error(where, "two sinks named '" + shown(sink.name) + "'", "names that differ");
    }
  }
  return sinks;
}

std::unique_ptr<Sink> make_sink(const SinkSettings& settings) {
  const Row& row = row_of(settings.type, "sinks");
  SinkSettings whole = settings;
  if (whole.name.empty()) whole.name = whole.type;
  fill_own(row.description, "sinks", whole);
  return row.make(whole);
}

}  // namespace vigil::alerting
