// JSON text from values, as every line and state of vigil is written: valid UTF-8 whatever the names hold, floats in
// their shortest form. The one place that writes JSON. Pure; thread-safe.
// Tests: tests/core/result_lines_test.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace vigil {

// Compact text. Bytes that are not UTF-8 become U+FFFD instead of an exception; floats as the library writes them.
std::string json_text(const nlohmann::json& json);
std::string json_text(const nlohmann::ordered_json& json);
// A JSON string, quotes included.
std::string json_text(const std::string& text);
std::string json_text(const char* text);

// The text of a result line: as json_text, but floats in the shortest digits that read back the same, always with a
// point or an exponent.
std::string line_text(const nlohmann::ordered_json& json);

// `value` rounded to 9 significant digits; what the lines print.
double round9(double value);
// A rounded number, or null for none, NaN and infinities, which JSON has not.
nlohmann::ordered_json json_number(double value);
nlohmann::ordered_json json_number(const std::optional<double>& value);

// Appends without looking for the key: for objects that are written once, key after key.
void put(nlohmann::ordered_json& object, std::string key, nlohmann::ordered_json value);

}  // namespace vigil
