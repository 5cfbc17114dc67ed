#include "shift/documents/schema_shape.h"

#include <string>

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

ordered_json schema_of_word(std::string word) {
  const bool is_nullable = word.ends_with('?');
  if (is_nullable) word.pop_back();
  if (word == "any") return ordered_json::object();
  if (word.starts_with('#')) {
    ordered_json named = {{"$ref", "#/components/schemas/" + word.substr(1)}};
    if (!is_nullable) return named;
    return {{"anyOf", {std::move(named), {{"type", "null"}}}}};
  }
  if (word.starts_with('=')) {
    ordered_json out = {{"type", "string"}, {"enum", ordered_json::array()}};
    for (std::size_t begin = 1; begin <= word.size();) {
      const std::size_t end = std::min(word.find('|', begin), word.size());
      out["enum"].push_back(word.substr(begin, end - begin));
      begin = end + 1;
    }
    return out;
  }
  if (is_nullable) return {{"type", {word, "null"}}};
  return {{"type", word}};
}

}  // namespace

ordered_json schema_of(const ordered_json& shape) {
  if (shape.is_string()) return schema_of_word(shape.get<std::string>());
  if (shape.is_array()) return {{"type", "array"}, {"items", schema_of(shape.at(0))}};
  ordered_json out = {{"type", "object"}}, properties = ordered_json::object(), required = ordered_json::array();
  for (const auto& [key, value] : shape.items()) {
    if (key == "*") {
      out["additionalProperties"] = schema_of(value);
      continue;
    }
    const bool is_optional = key.ends_with('?');
    const std::string name = is_optional ? key.substr(0, key.size() - 1) : key;
    properties[name] = schema_of(value);
    if (!is_optional) required.push_back(name);
  }
  if (!properties.empty()) out["properties"] = std::move(properties);
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

ordered_json schemas_of(std::string_view shapes) {
  ordered_json out = ordered_json::object();
  const ordered_json parsed = ordered_json::parse(shapes);
  for (const auto& [name, shape] : parsed.items()) out[name] = schema_of(shape);
  return out;
}

}  // namespace vigil::shift
