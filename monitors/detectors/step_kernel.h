// One step of weighted likelihood ratios in linear numbers: r <- (one + r) e^step or max(one, r) e^step, in the widest
// vectors this machine has (chosen once, at first use); no fused operation and a fixed order of sums, so the same bits
// on every machine. Used by Alternatives. Tests: tests/monitors/detector_alternatives_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vigil::monitors {

// All arrays hold a multiple of kStepLanes.
inline constexpr std::size_t kStepLanes = 8;
// Steps beyond this would overflow before anybody looks.
inline constexpr double kLargestStep = 150;

// The steps: constant + of_x x + of_y y, each term a value an alternative; constant alone where of_x is null.
struct StepSource {
  const double* constant = nullptr;
  const double* of_x = nullptr;
  const double* of_y = nullptr;
  double x = 0;
  double y = 0;
};

struct StepArrays {
  std::size_t n = 0;
  const double* weight = nullptr;
  const double* one = nullptr;
  double* r = nullptr;
  double* sum = nullptr;           // of the steps since `since`, which moves on once it is not above 0
  std::uint64_t* since = nullptr;  // step where the sum began
};

struct StepResult {
  double total = 0;  // sum of weight * r
  double least = 0;  // of r
  double most = 0;
};

// No step is larger in size than kLargestStep.
StepResult step_all(bool restart_at_best, const StepArrays& arrays, const StepSource& source, std::uint64_t at);

// The sum of weight * r, in the order of step_all.
double weighted_total(std::size_t n, const double* weight, const double* r);

}  // namespace vigil::monitors
