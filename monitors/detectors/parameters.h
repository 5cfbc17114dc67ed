// Parameters of a detector, read strictly: each is asked for once, and what nobody asked for is unknown.
// Used by the files of this folder.
// Tests: tests/monitors/detector_test.cpp.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "monitors/detector.h"

namespace vigil::monitors {

class ParameterReader {
 public:
  ParameterReader(std::string detector, const Parameters& parameters)
      : detector_(std::move(detector)), parameters_(parameters) {}

  // A number inside (low, high). All throw Error: detector and parameter, found, expected.
  double number(const char* name, std::optional<double> otherwise, double low, double high);
  // Numbers inside (low, high); empty where it is not given.
  std::vector<double> numbers(const char* name, double low, double high);
  bool boolean(const char* name, bool otherwise);
  std::string one_of(const char* name, const std::string& otherwise, const std::vector<std::string>& values);
  // Throws Error on a parameter that was not asked for.
  void finish() const;

  [[noreturn]] void refuse(const char* name, const std::string& found, const std::string& expected) const;

 private:
  const Parameter* find(const char* name);

  std::string detector_;
  const Parameters& parameters_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace vigil::monitors
