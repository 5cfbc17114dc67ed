// Values out of JSON that an older vigil, or none, may have written: what is missing or of another type is a default,
// never an exception. Used by the documents. Pure.
// Tests: tests/shift/status_document_test.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace vigil::shift {

// An empty object for what is no JSON object.
nlohmann::json parsed_object(const std::string& text);
nlohmann::ordered_json parsed_line(const std::string& text);  // the same, keys in their order

// The object under `key`; an empty one where there is none.
const nlohmann::json& object_at(const nlohmann::json& object, const char* key);
const nlohmann::ordered_json& object_at(const nlohmann::ordered_json& object, const char* key);

template <class Json>
std::uint64_t count_at(const Json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || !at->is_number()) return 0;
  return at->is_number_unsigned() ? at->template get<std::uint64_t>() : 0;
}
template <class Json>
std::optional<double> number_at(const Json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || !at->is_number()) return {};
  return at->template get<double>();
}
template <class Json>
std::string text_at(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at == object.end() || !at->is_string() ? std::string() : at->template get<std::string>();
}
// The value as it stands; null where there is none.
nlohmann::ordered_json value_at(const nlohmann::ordered_json& object, const char* key);

}  // namespace vigil::shift
