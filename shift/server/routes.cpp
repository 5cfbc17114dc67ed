#include "shift/server/routes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/shown.h"
#include "core/utf8.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

constexpr int kDepth = 32;

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> out;
  std::size_t begin = 1;
  for (;;) {
    const auto end = path.find('/', begin);
    out.push_back(path.substr(begin, end == std::string::npos ? end : end - begin));
    if (end == std::string::npos) return out;
    begin = end + 1;
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string in_words(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

template <class Named>
std::string names_of(const std::vector<Named>& all) {
  std::vector<std::string> names;
  for (const Named& one : all) names.push_back(one.name);
  return names.empty() ? "none" : in_words(names);
}

// A value as a person sent it, short: text in quotes, all else by what it is.
std::string described(const ordered_json& value) {
  if (value.is_string()) return "\"" + shown(value.get_ref<const std::string&>()) + "\"";
  if (value.is_number() || value.is_boolean() || value.is_null()) return shown(value.dump());
  return value.is_object() ? "an object" : "a list";
}

// Throws while the text is read, so that nothing deep or doubtful is ever built.
class StrictReader {
 public:
  bool operator()(int depth, ordered_json::parse_event_t event, const ordered_json& parsed) {
    using Event = ordered_json::parse_event_t;
    if (depth > kDepth) throw BadRequest{"body: nested deeper than " + std::to_string(kDepth)};
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end) keys_.pop_back();
    if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      throw BadRequest{shown(parsed.get<std::string>()) + ": given twice, expected once"};
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> keys_;
};

ordered_json parse_object(const std::string& text) {
  StrictReader strict;
  ordered_json body;
  try {
    body = ordered_json::parse(text, [&](int depth, ordered_json::parse_event_t event, ordered_json& parsed) {
      return strict(depth, event, parsed);
    });
  } catch (const ordered_json::exception&) {
    throw BadRequest{"body: no JSON, expected a JSON object"};
  }
  if (!body.is_object()) throw BadRequest{"body: " + described(body) + ", expected a JSON object"};
  return body;
}

void make_whole(ordered_json& value) {
  if (!value.is_number_float()) return;
  const double x = value.get<double>();
  if (x >= 0 && x < 9e15 && static_cast<double>(static_cast<std::uint64_t>(x)) == x)
    value = static_cast<std::uint64_t>(x);
}

}  // namespace

std::optional<std::string> percent_decoded(const std::string& text, bool plus) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return {};
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool is_uuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

RouteTable::Match RouteTable::find(const std::string& method, const std::string& path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  // Split first, decoded after: an encoded '/' parts nothing.
  std::vector<std::string> asked = segments(path);
  for (std::string& segment : asked) {
    const auto plain = percent_decoded(segment, false);
    if (!plain) return match;
    segment = *plain;
  }
  for (const Route& route : routes_) {
    const std::vector<std::string> wanted = segments(route.pattern);
    std::string id;
    const bool same = std::equal(wanted.begin(), wanted.end(), asked.begin(), asked.end(),
                                 [&](const std::string& pattern, const std::string& segment) {
                                   if (pattern != "{id}") return pattern == segment;
                                   id = segment;
                                   return !segment.empty();
                                 });
    if (!same) continue;
    match.allowed.push_back(route.method);
    if (route.method == "GET") match.allowed.emplace_back("HEAD");
    if (route.method == method || (route.method == "GET" && method == "HEAD")) {
      match.route = &route;
      match.id = id;
    }
  }
  return match;
}

std::map<std::string, std::string> parse_query(const std::string& query, const std::vector<Parameter>& parameters) {
  std::map<std::string, std::string> out;
  for (std::size_t begin = 0; begin < query.size();) {
    const auto end = std::min(query.find('&', begin), query.size());
    const std::string pair = query.substr(begin, end - begin);
    begin = end + 1;
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = percent_decoded(pair.substr(0, equals), true);
    const auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    const auto is_text = [](const auto& text) {
      return text && is_utf8(*text) && text->find('\0') == std::string::npos;
    };
    if (!is_text(name)) throw BadRequest{"query: a name that is no text, expected one of: " + names_of(parameters)};
    const auto known =
        std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& p) { return p.name == *name; });
    if (known == parameters.end()) {
      throw BadRequest{shown(*name) + ": unknown parameter, expected one of: " + names_of(parameters)};
    }
    if (!is_text(value)) throw BadRequest{*name + ": no text in UTF-8, percent-encoded, expected " + known->expected};
    if (!known->fits(*value)) throw BadRequest{*name + ": \"" + shown(*value) + "\", expected " + known->expected};
    if (!out.emplace(*name, *value).second) throw BadRequest{*name + ": given twice, expected once"};
  }
  return out;
}

ordered_json parse_body(const std::string& text, const Route& route) {
  ordered_json body = parse_object(text);
  for (auto& [key, value] : body.items()) {
    const std::string& name = key;
    const auto known =
        std::find_if(route.fields.begin(), route.fields.end(), [&](const Field& field) { return field.name == name; });
    if (known == route.fields.end()) {
      throw BadRequest{shown(name) + ": unknown key, expected one of: " + names_of(route.fields)};
    }
    make_whole(value);
    if (!known->fits(value)) throw BadRequest{name + ": " + described(value) + ", expected " + known->expected};
  }
  for (const Field& field : route.fields) {
    if (field.required && !body.contains(field.name))
      throw BadRequest{field.name + ": missing, expected " + field.expected};
  }
  if (!route.exactly_one_of.empty() &&
      std::count_if(route.exactly_one_of.begin(), route.exactly_one_of.end(),
                    [&](const std::string& name) { return body.contains(name); }) != 1) {
    throw BadRequest{"body: expected exactly one of " + in_words(route.exactly_one_of)};
  }
  return body;
}

}  // namespace vigil::shift
