// Tested in tests/monitors/detector_parameters_test.cpp.
#include "monitors/detectors/estimates.h"

#include <cmath>

#include "core/error.h"

namespace vigil::monitors {
namespace {

std::vector<const char*> names(WarmUp warm_up) {
  switch (warm_up) {
    case WarmUp::nothing:
      return {};
    case WarmUp::mean_and_sd:
      return {"mean", "sd"};
    case WarmUp::mean:
      return {"mean"};
    case WarmUp::probability:
    case WarmUp::probabilities:
      return {"p0"};
    case WarmUp::rate:
      return {"rate"};
  }
  return {};
}

struct Estimate {
  Parameter value;
  std::string wrong;  // why there is none
};

Estimate mean_of(std::span<const Observed> first) {
  double sum = 0;
  for (const Observed& o : first) sum += o.value;
  if (first.empty()) return {0.5, "no value to take it from"};
  return {sum / static_cast<double>(first.size()), ""};
}

Estimate sd_of(std::span<const Observed> first) {
  if (first.size() < 2) return {1.0, "fewer than two values to take it from"};
  const double mean = std::get<double>(mean_of(first).value);
  double squares = 0;
  for (const Observed& o : first) squares += (o.value - mean) * (o.value - mean);
  const double sd = std::sqrt(squares / static_cast<double>(first.size() - 1));
  return sd > 0 ? Estimate{sd, ""} : Estimate{1.0, "the values to take it from are all the same"};
}

Estimate probability_of(std::span<const Observed> first) {
  double passes = 0, trials = 0;
  for (const Observed& o : first) {
    passes += o.value;
    trials += o.exposure;
  }
  return {(passes + 0.5) / (trials + 1), trials > 0 ? "" : "no trial to take it from"};
}

Estimate rate_of(std::span<const Observed> first) {
  double count = 0, exposure = 0;
  for (const Observed& o : first) {
    count += o.value;
    exposure += o.exposure;
  }
  if (count > 0 && exposure > 0) return {count / exposure, ""};
  return {1.0, "no count or no exposure to take it from"};
}

// Of as many codes as q has columns.
Estimate probabilities_of(const Parameters& given, std::span<const Observed> first) {
  std::size_t codes = 0;
  if (const auto q = given.find("q"); q != given.end()) {
    if (const auto* table = std::get_if<Table>(&q->second)) codes = table->columns;
    if (const auto* list = std::get_if<std::vector<double>>(&q->second)) codes = list->size();
  }
  if (codes < 2) return {std::vector<double>{0.5, 0.5}, "missing, and so is a q of two columns or more"};
  std::vector<double> p(codes, 0.5);
  for (const Observed& o : first) {
    if (o.value < static_cast<double>(codes)) p[static_cast<std::size_t>(o.value)] += 1;
  }
  double sum = 0;
  for (const double x : p) sum += x;
  for (double& x : p) x /= sum;
  return {p, first.empty() ? "no value to take it from" : ""};
}

}  // namespace

bool is_missing(WarmUp warm_up, const Parameters& parameters) {
  for (const char* name : names(warm_up)) {
    if (!parameters.contains(name)) return true;
  }
  return false;
}

Parameters estimates(const DetectorEntry& entry, const Parameters& given, std::span<const Observed> first,
                     bool needed) {
  Parameters found;
  for (const std::string name : names(entry.warm_up)) {
    if (given.contains(name)) continue;
    const Estimate estimate = name == "mean"                         ? mean_of(first)
                              : name == "sd"                         ? sd_of(first)
                              : name == "rate"                       ? rate_of(first)
                              : entry.warm_up == WarmUp::probability ? probability_of(first)
                                                                     : probabilities_of(given, first);
    if (needed && !estimate.wrong.empty()) {
      throw Error("detector " + std::string(entry.name), "parameter '" + name + "': missing, and " + estimate.wrong,
                  "a value for it, or a warm-up that tells");
    }
    found.emplace(name, estimate.value);
  }
  return found;
}

}  // namespace vigil::monitors
