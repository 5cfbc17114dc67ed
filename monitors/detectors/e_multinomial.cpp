// E-detector of the frequencies of codes 0..K-1 (Shin, Ramdas, Rinaldo 2022): p0 against each row of q.
// b = ln(q[code]/p0[code]).
// Tested in tests/monitors/detector_alternatives_test.cpp.
#include <cmath>
#include <numeric>
#include <span>

#include "core/error.h"
#include "monitors/detectors/e_detector.h"
#include "monitors/rule.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "e_multinomial";
constexpr double kSum = 1e-6;  // how far from 1 probabilities may add up

struct MultinomialSteps {
  std::size_t alternatives, codes;
  std::vector<double> ratios;  // code after code
  std::size_t size() const { return alternatives; }
  void operator()(const Observed& o, double* steps) const {
    const double* ratio = ratios.data() + static_cast<std::size_t>(o.value) * alternatives;
    for (std::size_t i = 0; i < alternatives; ++i) steps[i] = ratio[i];
  }
  void check(const Observed& o) const {
    if (o.value >= 0 && o.value < static_cast<double>(codes) && o.value == std::floor(o.value)) return;
    throw Error(std::string("detector ") + kName, "code " + in_words(o.value),
                "a whole number from 0 to " + std::to_string(codes - 1));
  }
};

void expect_sum_1(const ParameterReader& read, const char* name, std::span<const double> p) {
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  if (!(std::abs(sum - 1) <= kSum)) read.refuse(name, "a sum of " + in_words(sum), "probabilities that add up to 1");
}

}  // namespace

// A q of 0 is allowed: that code rules the alternative out.
Detector make_e_multinomial(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const std::vector<double> p0 = read.numbers("p0", kInsideOne);
  if (p0.empty()) read.refuse("p0", "missing", "a list of probabilities, one a code");
  expect_sum_1(read, "p0", p0);
  const Table q = read.table("q", {0, 1, true, true});
  if (q.values.empty()) read.refuse("q", "missing", "rows of probabilities, one row an alternative");
  if (q.columns != p0.size()) {
    read.refuse("q", std::to_string(q.columns) + " columns", std::to_string(p0.size()) + ", as many as p0");
  }
  const std::size_t n = q.values.size() / q.columns;
  MultinomialSteps steps{n, q.columns, std::vector<double>(q.values.size())};
  for (std::size_t i = 0; i < n; ++i) {
    expect_sum_1(read, "q", std::span(q.values).subspan(i * q.columns, q.columns));
    for (std::size_t code = 0; code < q.columns; ++code) {
      steps.ratios[code * n + i] = std::log(q.values[i * q.columns + code] / p0[code]);
    }
  }
  return make_e_detector(kName, read, std::move(steps));
}

}  // namespace vigil::monitors
