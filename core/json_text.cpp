#include "core/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace vigil {
namespace {

using Json = nlohmann::ordered_json;

// Shortest digits that read back the same, always with a point or an exponent (as Python prints floats). The library's
// own writer is not used: its Grisu2 gives up to 17 digits for one double in a thousand.
void append_number(std::string& text, double value) {
  const double size = std::abs(value);
  const auto format =
      size != 0 && (size < 1e-4 || size >= 1e16) ? std::chars_format::scientific : std::chars_format::fixed;
  std::array<char, 32> digits{};
  const std::string_view written(
      digits.data(),
      static_cast<std::size_t>(std::to_chars(digits.data(), digits.data() + digits.size(), value, format).ptr -
                               digits.data()));
  text += written;
  if (format == std::chars_format::fixed && written.find('.') == std::string_view::npos) text += ".0";
}

void append(std::string& text, const Json& value) {
  if (value.is_object() || value.is_array()) {
    text += value.is_object() ? '{' : '[';
    bool first = true;
    for (auto it = value.begin(); it != value.end(); ++it) {
      if (!first) text += ',';
      first = false;
      if (value.is_object()) text += json_text(it.key()) + ':';
      append(text, *it);
    }
    text += value.is_object() ? '}' : ']';
  } else if (value.is_number_float()) {
    append_number(text, value.get<double>());
  } else {
    text += json_text(value);
  }
}

}  // namespace

std::string json_text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
std::string json_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }
std::string json_text(const std::string& text) { return json_text(nlohmann::json(text)); }
std::string json_text(const char* text) { return json_text(nlohmann::json(text)); }

std::string line_text(const Json& json) {
  std::string text;
  append(text, json);
  return text;
}

double round9(double value) {
  if (!std::isfinite(value)) return value;
  if (value == 0) return 0;  // -0.0 prints as 0.0
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::scientific, 8);
  double rounded = value;
  // Out of range only where rounding up passes the largest double: the value then stays as it is.
  if (std::from_chars(digits.data(), end.ptr, rounded).ec != std::errc{}) return value;
  return rounded;
}

Json json_number(double value) { return std::isfinite(value) ? Json(round9(value)) : Json(nullptr); }
Json json_number(const std::optional<double>& value) { return value ? json_number(*value) : Json(nullptr); }

void put(Json& object, std::string key, Json value) {
  object.get_ref<Json::object_t&>().push_back({std::move(key), std::move(value)});
}

}  // namespace vigil
