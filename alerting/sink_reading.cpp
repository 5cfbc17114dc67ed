#include "alerting/sink_reading.h"

#include <algorithm>
#include <charconv>

#include "alerting/http_client.h"
#include "alerting/templates.h"
#include "core/error.h"
#include "core/secrets.h"

namespace vigil::alerting {
namespace {

using Kind = SinkKey::Kind;

// What is a secret by its key is not shown even where it is wrong: somebody may have written it there.
[[noreturn]] void refuse(const GivenKey& given, const std::string& expected, bool hide = false) {
  const std::string found = given.is_map    ? "a map"
                            : given.is_list ? "a list"
                            : hide          ? "a text"
                                            : "'" + shown(given.values.front()) + "'";
  throw Error(given.where, "key '" + given.key + "': " + found, expected);
}

const std::string& one(const GivenKey& given, const std::string& expected) {
  if (given.is_map || given.is_list || given.values.front().empty()) refuse(given, expected);
  return given.values.front();
}

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<ActionKind> kinds(const GivenKey& given) {
  if (given.is_map) refuse(given, "a list of kinds");
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

void read_number(const SinkKey& key, const GivenKey& given, SinkSettings& sink) {
  const std::string range = "a whole number from " + std::to_string(key.lowest) + " to " + std::to_string(key.highest);
  const auto value = whole_number(one(given, range));
  if (!value || *value < key.lowest || *value > key.highest) refuse(given, range);
  sink.own[key.name] = std::to_string(*value);
}

void read_map(const SinkKey& key, const GivenKey& given, SinkSettings& sink) {
  if (!given.is_map) refuse(given, "a map of names to texts");
  for (const auto& [name, text] : given.map) {
    if (name.empty()) throw Error(given.where, "key '" + given.key + "': an empty name", "a name");
    if (key.kind != Kind::templates) continue;
    if (const std::string problem = template_problem(text); !problem.empty()) {
      throw Error(given.where, "key '" + given.key + "', '" + shown(name) + "': " + shown(problem), kTemplate);
    }
  }
  sink.maps[key.name] = given.map;
}

void read_url(const SinkKey& key, const GivenKey& given, SinkSettings& sink) {
  const std::string& url = one(given, key.summary);
  // A user and a password are in it, or the URL cannot be taken apart: it is not shown.
  if (const std::string problem = url_problem(url); !problem.empty()) {
    throw Error(given.where, "key '" + given.key + "': " + problem, key.summary);
  }
  sink.own[key.name] = url;
}

void read_own(const SinkKey& key, const GivenKey& given, SinkSettings& sink) {
  switch (key.kind) {
    case Kind::number:
      return read_number(key, given, sink);
    case Kind::flag: {
      const std::string& value = one(given, "true or false");
      if (value != "true" && value != "false") refuse(given, "true or false");
      sink.own[key.name] = value;
      return;
    }
    case Kind::url:
      return read_url(key, given, sink);
    case Kind::templates:
    case Kind::texts:
    case Kind::options:
      return read_map(key, given, sink);
    case Kind::secrets:
      if (given.is_map || given.values.empty()) refuse(given, std::string("a list: ") + key.summary, true);
      sink.lists[key.name] = given.values;
      return;
    case Kind::secret:
    case Kind::text:
    case Kind::path:
      sink.own[key.name] = one(given, key.summary);
      return;
  }
}

void read_common(const GivenKey& given, SinkSettings& sink) {
  if (given.key == "name") {
    sink.name = one(given, "a name");
  } else if (given.key == "kinds") {
    sink.routing.kinds = kinds(given);
  } else if (given.key == "models") {
    if (given.is_map) refuse(given, "a list of patterns");
    if (given.values.empty()) refuse(given, "at least one pattern; without the key: all");
    sink.routing.models = given.values;
  } else if (given.key == "when") {
    const std::string& when = one(given, "proposed or approved");
    if (when != "proposed" && when != "approved") refuse(given, "proposed or approved");
    sink.routing.when = when == "approved" ? SendWhen::approved : SendWhen::proposed;
  }
}

const std::vector<std::string> kCommon{"type", "name", "kinds", "models", "when"};

NamedTexts preset_map(std::string_view preset) {
  NamedTexts map;
  while (!preset.empty()) {
    const std::string_view item = preset.substr(0, preset.find(','));
    const std::size_t equals = item.find('=');
    map.emplace_back(item.substr(0, equals), item.substr(equals + 1));
    preset.remove_prefix(std::min(preset.size(), item.size() + 1));
  }
  return map;
}

void check_secret(const SinkSettings& sink, const std::string& key, const std::string& path, bool one_line = true) {
  if (const std::string problem = secret_problem(path, one_line); !problem.empty()) {
    throw Error(sink.place(key), "key '" + key + "': '" + path + "': " + problem, kSecretFile);
  }
}

const SinkKey* key_of(const SinkDescription& type, const std::string& name) {
  for (const SinkKey& key : type.keys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

}  // namespace

std::string list_of(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

void fill_own(const SinkDescription& type, const std::string& where, SinkSettings& sink) {
  for (const SinkKey& key : type.keys) {
    if (sink.own.contains(key.name) || sink.lists.contains(key.name) || sink.maps.contains(key.name)) continue;
    if (key.required) {
      throw Error(where,
                  "sink '" + shown(sink.name.empty() ? sink.type : sink.name) + "' has no key '" + key.name + "'",
                  key.summary);
    }
    switch (key.kind) {
      case Kind::number:
        sink.own[key.name] = std::to_string(key.value);
        break;
      case Kind::templates:
      case Kind::texts:
      case Kind::options:
        sink.maps[key.name] = preset_map(key.preset);
        break;
      case Kind::secrets:
        sink.lists[key.name] = {};
        break;
      default:
        sink.own[key.name] = key.preset;
    }
  }
}

bool holds_paths(const std::string& type, const std::string& key, const std::string& inner) {
  for (const SinkDescription& known : sink_catalogue()) {
    if (known.name != type) continue;
    const SinkKey* found = key_of(known, key);
    if (found == nullptr) return false;
    if (!inner.empty()) return found->kind == Kind::options && inner.ends_with("_file");
    return found->kind == Kind::path || found->kind == Kind::secret || found->kind == Kind::secrets;
  }
  return false;
}

SinkSettings read_sink(const std::vector<GivenKey>& given, const std::string& where) {
  const auto type = std::find_if(given.begin(), given.end(), [](const GivenKey& g) { return g.key == "type"; });
  if (type == given.end()) throw Error(where, "a sink without type", "type, one that `vigil list` shows");
  SinkSettings sink;
  sink.type = one(*type, "a type that `vigil list` shows");
  const SinkDescription& description = sink_type(sink.type, type->where);
  sink.routing.when = description.when;
  sink.routing.kinds = description.kinds;
  std::vector<std::string> known = kCommon;
  for (const SinkKey& key : shared_keys()) known.emplace_back(key.name);
  for (const SinkKey& key : description.keys) known.emplace_back(key.name);
  for (const GivenKey& g : given) {
    if (std::find(known.begin(), known.end(), g.key) == known.end()) {
      throw Error(g.where, "unknown key '" + shown(g.key) + "' of a sink of type " + sink.type,
                  "one of " + list_of(known));
    }
    sink.where[g.key] = g.where;
    read_common(g, sink);
    for (const SinkKey& key : shared_keys()) {
      if (g.key == key.name) read_own(key, g, sink);
    }
    for (const SinkKey& key : description.keys) {
      if (g.key == key.name) read_own(key, g, sink);
    }
  }
  fill_own(description, where, sink);
  return sink;
}

void check_sink(const SinkSettings& settings) {
  bool holds_secret = false;
  std::string url_key;
  for (const SinkKey& key : sink_type(settings.type).keys) {
    if (key.kind == Kind::secret && !settings.text(key.name).empty()) {
      check_secret(settings, key.name, settings.text(key.name));
      holds_secret = true;
    }
    if (key.kind == Kind::secrets) {
      for (const std::string& path : settings.lists.at(key.name)) check_secret(settings, key.name, path);
    }
    if (key.kind == Kind::options) {
      for (const auto& [name, path] : settings.maps.at(key.name)) {
        if (name.ends_with("_file")) check_secret(settings, key.name, path, false);
      }
    }
    if (key.kind == Kind::url) url_key = key.name;
    if (key.check != nullptr) key.check(settings, key);
  }
  if (holds_secret && !url_key.empty() && is_plain_beyond_loopback(settings.text(url_key))) {
    throw Error(settings.place(url_key), "key '" + url_key + "': a secret over plain http",
                "https, or http to this machine (127.0.0.1, localhost)");
  }
}

}  // namespace vigil::alerting
