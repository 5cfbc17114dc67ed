#include "app/scale_settings.h"

#include <nlohmann/json.hpp>

#include "app/session.h"
#include "core/digest.h"
#include "core/json_text.h"
#include "core/summary_format.h"

namespace vigil::app {
namespace {
constexpr int kPartialVersion = 1;
}

ScaleSettings scale_settings(const ModelSet& models, const Configuration& configuration) {
  ScaleSettings out;
  const auto reference = load_reference(configuration, models);
  if (reference && reference->pileup_width() > 0)
    out.pileup_widths[reference->model_hash()] = reference->pileup_width();
  nlohmann::json list = nlohmann::json::array();
  for (const auto& model : models.all()) {
    const auto width = out.pileup_widths.find(model->info().hash);
    list.push_back({{"name", model->info().name},
                    {"hash", model->info().hash},
                    {"pileup_width", width == out.pileup_widths.end() ? 0 : width->second}});
  }
  out.text = json_text(nlohmann::json{{"partial", kPartialVersion},
                                      {"summary", summary_format::kVersion},
                                      {"binning", summary_format::kBinning},
                                      {"every_orbits", configuration.monitors.multivariate.sampling()},
                                      {"models", std::move(list)}});
  out.sha256 = sha256_of(out.text);
  return out;
}

}  // namespace vigil::app
