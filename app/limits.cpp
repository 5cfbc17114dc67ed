#include "app/limits.h"

#include "core/digest.h"
#include "core/error.h"
#include "core/shown.h"
#include "core/whole_file.h"
#include "monitors/limits_file.h"

namespace vigil::app {

std::string sha256_of_file(const std::string& path) { return sha256_of(read_whole(path, "a file")); }

monitors::CalibratedLimits load_limits(const Configuration& c, const ModelSet& models) {
  if (c.limits.empty()) return {};
  const auto limits = monitors::limits_from_json(read_whole(c.limits, "limits made by `vigil calibrate`"), c.limits);
  if (learn_lumisections(c.reference)) {
    throw Error(c.limits, "reference '" + c.reference + "' is learned", "the reference file the limits were made with");
  }
  const auto* model = models.find(limits.model);
  const std::string of_model = "model " + shown(limits.model) + ", hash " + shown(limits.model_hash);
  if (model == nullptr || (*model)->info().hash != limits.model_hash) {
    throw Error(c.limits, "limits of " + of_model,
                model == nullptr ? "limits of a loaded model" : "limits of hash " + (*model)->info().hash);
  }
  const std::string sha256 = sha256_of_file(c.reference);
  if (sha256 != limits.reference_sha256) {
    throw Error(c.limits, "limits of the reference with SHA-256 " + shown(limits.reference_sha256),
                sha256 + ", that of " + c.reference);
  }
  return monitors::applied(limits, (*model)->info(), c.monitors, c.limits);
}

}  // namespace vigil::app
