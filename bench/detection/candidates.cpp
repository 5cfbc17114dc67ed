#include "bench/detection/candidates.h"

#include <algorithm>

namespace vigil::bench {

using monitors::Parameters;

Parameters Candidate::with(double value) const {
  Parameters parameters = fixed;
  parameters[tuned] = value;
  return parameters;
}

monitors::Detector Candidate::make(double value) const { return monitors::find_detector(name)->make(with(value)); }

std::vector<Candidate> candidates(const Law& null) {
  std::vector<Candidate> all;
  const bool binary = null.kind == Law::Kind::bernoulli;
  if (binary) {
    // Where nothing is tolerated, one in 1e9 is.
    const double p0 = std::max(null.mean, 1e-9);
    all.push_back({"cusum_binomial", false, {{"p0", p0}}, "h", 0.1, 60});
    Parameters parameters{{"p0", p0}};
    std::vector<double> p1;
    for (const double factor : {1.2, 1.5, 2.0, 3.0, 5.0}) p1.push_back(p0 * factor);
    if (null.mean == 0) p1 = {1e-5, 1e-4, 1e-3};
    parameters["p1"] = p1;
    all.push_back({"e_bernoulli", false, parameters, "log_threshold", 0.5, 60});
    if (null.mean > 0) {
      const Moments m = moments(null);
      all.push_back({"ewma", false, {{"mean", m.mean}, {"sd", m.sd}, {"lambda", 0.02}}, "L", 2, 60, false, true});
    }
  } else {
    const Moments m = moments(null);
    const Parameters known{{"mean", m.mean}, {"sd", m.sd}};
    all.push_back({"cusum", false, known, "h", 1, 100});
    all.push_back({"ewma", false, known, "L", 2, 30, false, true});
    all.push_back({"shewhart", false, known, "L", 2, 30, false, true});
    all.push_back({"glr", false, known, "h", 2, 200, false, true});
    all.push_back({"e_gaussian", false, known, "log_threshold", 0.5, 200});
  }
  all.push_back({"adwin", false, {}, "delta", 0.9, 1e-40});
  all.push_back({"page_hinkley", true, {}, "threshold", 0.5, 1e5});
  all.push_back({"adwin", true, {{"rearm", std::string("reset")}}, "delta", 0.9, 1e-40});
  if (binary) {
    all.push_back({"ddm", true, {}, "drift_threshold", 0.5, 200});
    all.push_back({"eddm", true, {}, "beta", 0.95, 1e-3});
  }
  all.push_back({"hddm_a", true, {}, "drift_confidence", 0.9, 1e-60, !binary});
  all.push_back({"hddm_w", true, {}, "drift_confidence", 0.9, 1e-60, !binary});
  return all;
}

void prepare(const Candidate& candidate, std::span<double> values) {
  if (!candidate.unit) return;
  for (double& x : values) x = std::clamp(0.5 + x / 10, 0.0, 1.0);
}

}  // namespace vigil::bench
