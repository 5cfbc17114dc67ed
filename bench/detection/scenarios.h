// Rows of values with a change in them, from a seed: what detectors are tuned on and compared on.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace vigil::bench {

// What a value is drawn from. A mean and a standard deviation, or a probability.
struct Law {
  enum class Kind : std::uint8_t { normal, rounded, autoregressive, bernoulli };
  Kind kind = Kind::normal;
  double mean = 0;  // bernoulli: the probability
  double sd = 1;  // rounded: before rounding to whole numbers; autoregressive: of all values, correlation 0.5 at lag 1
  bool operator==(const Law&) const = default;
};

// Mean and standard deviation of the values.
struct Moments {
  double mean = 0, sd = 1;
};
Moments moments(const Law& law);

class Source {
 public:
  explicit Source(std::uint64_t seed) : random_(seed) {}
  void fill(const Law& law, std::span<double> values);

 private:
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  double last_ = 0;
};

struct Scenario {
  std::string name;
  Law null, changed;
  std::size_t history = 10'000;  // values before the change
  std::size_t most = 300'000;    // values after it until the row is given up
  std::size_t rows = 60;
};

std::vector<Scenario> scenarios();

}  // namespace vigil::bench
