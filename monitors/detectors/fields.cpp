// Tested in tests/monitors/detector_test.cpp.
#include "monitors/detectors/fields.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"

namespace vigil::monitors {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// JSON has no infinities.
json json_of(double value) { return std::isfinite(value) ? json(value) : json(value > 0 ? "inf" : "-inf"); }

// How many zeros a number in place of a list stands for.
std::size_t zeros(const json& value) {
  constexpr std::size_t kMost = std::size_t{1} << 24;
  const auto count = value.get<std::size_t>();
  if (count > kMost) (void)value.get_ref<const json::array_t&>();  // throws
  return count;
}

double number_of(const json& value) {
  if (value.is_string()) {
    if (value == "inf") return kInfinity;
    if (value == "-inf") return -kInfinity;
  }
  return value.get<double>();
}

}  // namespace

struct FieldWriter::Object {
  json content = json::object();
};

FieldWriter::FieldWriter() : object_(std::make_unique<Object>()) {}
FieldWriter::~FieldWriter() = default;
void FieldWriter::operator()(const char* name, bool value) { object_->content[name] = value; }
void FieldWriter::operator()(const char* name, std::uint64_t value) { object_->content[name] = value; }
void FieldWriter::operator()(const char* name, double value) { object_->content[name] = json_of(value); }
void FieldWriter::operator()(const char* name, const std::vector<double>& values) {
  if (std::all_of(values.begin(), values.end(), [](double value) { return value == 0; })) {
    object_->content[name] = values.size();  // so many zeros
    return;
  }
  json& list = object_->content[name] = json::array();
  for (const double value : values) list.push_back(json_of(value));
}
void FieldWriter::operator()(const char* name, const std::vector<std::uint64_t>& values) {
  if (std::all_of(values.begin(), values.end(), [](std::uint64_t value) { return value == 0; })) {
    object_->content[name] = values.size();
    return;
  }
  object_->content[name] = values;
}
std::string FieldWriter::text() const { return json_text(object_->content); }

struct FieldReader::Object {
  json content;
};

FieldReader::FieldReader(std::string_view text, const char* where)
    : object_(std::make_unique<Object>()), where_(where) {
  try {
    object_->content = json::parse(text);
  } catch (const json::exception& error) {
    throw Error(where_, error.what(), "what save() wrote");
  }
}
FieldReader::~FieldReader() = default;

template <class T, class Convert>
void FieldReader::read(const char* name, T& value, Convert&& convert) const {
  try {
    value = convert(object_->content.at(name));
  } catch (const json::exception& error) {
    throw Error(std::string(where_) + ", '" + name + "'", error.what(), "what save() wrote");
  }
}

void FieldReader::operator()(const char* name, bool& value) const {
  read(name, value, [](const json& j) { return j.get<bool>(); });
}
void FieldReader::operator()(const char* name, std::uint64_t& value) const {
  read(name, value, [](const json& j) {
    if (j.is_number() && !j.is_number_unsigned()) (void)j.get_ref<const std::uint64_t&>();  // throws
    return j.get<std::uint64_t>();
  });
}
void FieldReader::operator()(const char* name, double& value) const {
  read(name, value, [](const json& j) { return number_of(j); });
}
void FieldReader::operator()(const char* name, std::vector<double>& values) const {
  read(name, values, [](const json& j) {
    if (j.is_number_unsigned()) return std::vector<double>(zeros(j));
    std::vector<double> list;
    for (const json& value : j.get_ref<const json::array_t&>()) list.push_back(number_of(value));
    return list;
  });
}
void FieldReader::operator()(const char* name, std::vector<std::uint64_t>& values) const {
  read(name, values, [](const json& j) {
    if (j.is_number_unsigned()) return std::vector<std::uint64_t>(zeros(j));
    return j.get<std::vector<std::uint64_t>>();
  });
}

void FieldReader::expect(bool consistent) const {
  if (!consistent) throw Error(where_, "a state that contradicts itself or the parameters", "what save() wrote");
}

}  // namespace vigil::monitors
