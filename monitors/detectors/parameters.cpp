// Tested in tests/monitors/detector_test.cpp.
#include "monitors/detectors/parameters.h"

#include <algorithm>

#include "core/error.h"
#include "core/shown.h"
#include "monitors/rule.h"

namespace vigil::monitors {
namespace {

std::string inside(double low, double high) {
  return "above " + in_words(low) + (high < 1e300 ? " and below " + in_words(high) : "");
}

}  // namespace

void ParameterReader::refuse(const char* name, const std::string& found, const std::string& expected) const {
  throw Error("detector " + detector_, std::string("parameter '") + name + "': " + found, expected);
}

const Parameter* ParameterReader::find(const char* name) {
  asked_.insert(name);
  const auto found = parameters_.find(name);
  return found == parameters_.end() ? nullptr : &found->second;
}

double ParameterReader::number(const char* name, std::optional<double> otherwise, double low, double high) {
  const Parameter* parameter = find(name);
  if (parameter == nullptr) {
    if (!otherwise) refuse(name, "missing", "a number");
    return *otherwise;
  }
  const auto* value = std::get_if<double>(parameter);
  if (value == nullptr) refuse(name, "not a number", "a number");
  if (!(*value > low && *value < high)) refuse(name, in_words(*value), "a number " + inside(low, high));
  return *value;
}

std::vector<double> ParameterReader::numbers(const char* name, double low, double high) {
  const Parameter* parameter = find(name);
  if (parameter == nullptr) return {};
  std::vector<double> values;
  if (const auto* one = std::get_if<double>(parameter)) {
    values = {*one};
  } else if (const auto* list = std::get_if<std::vector<double>>(parameter)) {
    values = *list;
  } else {
    refuse(name, "no list", "a list of numbers");
  }
  if (values.empty()) refuse(name, "an empty list", "numbers");
  for (const double value : values) {
    if (!(value > low && value < high)) refuse(name, in_words(value), "numbers " + inside(low, high));
  }
  return values;
}

bool ParameterReader::boolean(const char* name, bool otherwise) {
  const Parameter* parameter = find(name);
  if (parameter == nullptr) return otherwise;
  const auto* value = std::get_if<bool>(parameter);
  if (value == nullptr) refuse(name, "not a boolean", "true or false");
  return *value;
}

std::string ParameterReader::one_of(const char* name, const std::string& otherwise,
                                    const std::vector<std::string>& values) {
  const Parameter* parameter = find(name);
  if (parameter == nullptr) return otherwise;
  const auto* value = std::get_if<std::string>(parameter);
  std::string all;
  for (const std::string& v : values) all += (all.empty() ? "" : ", ") + v;
  if (value == nullptr) refuse(name, "not a word", "one of " + all);
  if (std::find(values.begin(), values.end(), *value) == values.end()) refuse(name, shown(*value), "one of " + all);
  return *value;
}

void ParameterReader::finish() const {
  for (const auto& [name, value] : parameters_) {
    if (asked_.contains(name)) continue;
    std::string all;
    for (const std::string& a : asked_) all += (all.empty() ? "" : ", ") + a;
    throw Error("detector " + detector_, "unknown parameter '" + shown(name) + "'", "one of " + all);
  }
}

}  // namespace vigil::monitors
