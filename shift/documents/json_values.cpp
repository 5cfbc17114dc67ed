#include "shift/documents/json_values.h"

namespace vigil::shift {
namespace {

template <class Json>
Json object_of(const std::string& text) {
  Json out = Json::parse(text, nullptr, false);
  return out.is_object() ? out : Json::object();
}

template <class Json>
const Json& object_under(const Json& object, const char* key) {
  static const Json none = Json::object();
  const auto at = object.find(key);
  return at == object.end() || !at->is_object() ? none : *at;
}

}  // namespace

nlohmann::json parsed_object(const std::string& text) { return object_of<nlohmann::json>(text); }
nlohmann::ordered_json parsed_line(const std::string& text) { return object_of<nlohmann::ordered_json>(text); }

const nlohmann::json& object_at(const nlohmann::json& object, const char* key) { return object_under(object, key); }
const nlohmann::ordered_json& object_at(const nlohmann::ordered_json& object, const char* key) {
  return object_under(object, key);
}

nlohmann::ordered_json value_at(const nlohmann::ordered_json& object, const char* key) {
  const auto at = object.find(key);
  return at == object.end() ? nlohmann::ordered_json() : *at;
}

}  // namespace vigil::shift
