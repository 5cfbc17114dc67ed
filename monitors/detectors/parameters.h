// Parameters of a detector, read strictly: each is asked for once, and what nobody asked for is unknown.
// Used by the files of this folder.
// Tests: tests/monitors/detector_parameters_test.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "monitors/detector.h"

namespace vigil::monitors {

// Bounds of a number; infinities and NaN lie in none.
struct Range {
  double low = std::numeric_limits<double>::lowest();
  double high = std::numeric_limits<double>::max();
  bool low_included = false;
  bool high_included = false;
  bool holds(double value) const {
    return (low_included ? value >= low : value > low) && (high_included ? value <= high : value < high);
  }
};
inline constexpr Range kAnyNumber{};
inline constexpr Range kPositive{0};
inline constexpr Range kNotNegative{0, std::numeric_limits<double>::max(), true};
inline constexpr Range kInsideOne{0, 1};  // a probability

class ParameterReader {
 public:
  ParameterReader(std::string detector, const Parameters& parameters)
      : detector_(std::move(detector)), parameters_(parameters) {}

  // All throw Error: detector and parameter, found, expected. Without `otherwise` it must be given.
  double number(const char* name, std::optional<double> otherwise, const Range& range);
  std::uint64_t whole(const char* name, std::uint64_t otherwise, std::uint64_t low, std::uint64_t high = 1'000'000'000);
  // Empty where it is not given.
  std::vector<double> numbers(const char* name, const Range& range);
  // Rows of equal length, a list being one row; no rows where it is not given.
  Table table(const char* name, const Range& range);
  bool boolean(const char* name, bool otherwise);
  std::string one_of(const char* name, const std::string& otherwise, const std::vector<std::string>& values);
  // Throws Error on a parameter that was not asked for.
  void finish() const;

  [[noreturn]] void refuse(const char* name, const std::string& found, const std::string& expected) const;

 private:
  const Parameter* find(const char* name);
  void expect(const char* name, const std::vector<double>& values, const Range& range) const;

  std::string detector_;
  const Parameters& parameters_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace vigil::monitors
