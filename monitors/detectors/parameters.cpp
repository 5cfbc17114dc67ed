// Tested in tests/monitors/detector_parameters_test.cpp.
#include "monitors/detectors/parameters.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/shown.h"
#include "monitors/rule.h"

namespace vigil::monitors {
namespace {

std::string in_words(const Range& range) {
  const bool low = range.low > kAnyNumber.low, high = range.high < kAnyNumber.high;
  if (!low && !high) return "a finite number";
  std::string text = "a number";
  if (low) text += (range.low_included ? " from " : " above ") + monitors::in_words(range.low);
  if (low && high) text += " and";
  if (high) text += (range.high_included ? " at most " : " below ") + monitors::in_words(range.high);
  return text;
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

double ParameterReader::number(const char* name, std::optional<double> otherwise, const Range& range) {
  const Parameter* parameter = find(name);
  if (parameter == nullptr) {
    if (!otherwise) refuse(name, "missing", in_words(range));
    return *otherwise;
  }
  const auto* value = std::get_if<double>(parameter);
  if (value == nullptr) refuse(name, "not a number", in_words(range));
  if (!range.holds(*value)) refuse(name, monitors::in_words(*value), in_words(range));
  return *value;
}

std::uint64_t ParameterReader::whole(const char* name, std::uint64_t otherwise, std::uint64_t low, std::uint64_t high) {
  const Range range{static_cast<double>(low), static_cast<double>(high), true, true};
  const double value = number(name, static_cast<double>(otherwise), range);
  if (value != std::floor(value)) refuse(name, monitors::in_words(value), "a whole number");
  return static_cast<std::uint64_t>(value);
}

void ParameterReader::expect(const char* name, const std::vector<double>& values, const Range& range) const {
  if (values.empty()) refuse(name, "an empty list", "numbers");
  for (const double value : values) {
    if (!range.holds(value)) refuse(name, monitors::in_words(value), "each " + in_words(range));
  }
}

std::vector<double> ParameterReader::numbers(const char* name, const Range& range) {
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
  expect(name, values, range);
  return values;
}

Table ParameterReader::table(const char* name, const Range& range) {
  const Parameter* parameter = find(name);
  if (parameter == nullptr) return {};
  Table rows;
  if (const auto* table = std::get_if<Table>(parameter)) {
    rows = *table;
  } else if (const auto* list = std::get_if<std::vector<double>>(parameter)) {
    rows = {*list, list->size()};
  } else {
    refuse(name, "no list", "a list or rows of numbers");
  }
  expect(name, rows.values, range);
  return rows;
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
