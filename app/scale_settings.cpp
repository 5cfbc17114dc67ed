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

std::map<std::string, std::uint32_t> pileup_widths(const ModelSet& models, const Configuration& configuration) {
  std::map<std::string, std::uint32_t> widths;
  const auto reference = load_reference(configuration, models);
  if (reference && reference->pileup_width() > 0) widths[reference->model_hash()] = reference->pileup_width();
  return widths;
}

std::string settings_json(const ModelSet& models, const Configuration& configuration) {
  const auto widths = pileup_widths(models, configuration);
  nlohmann::json list = nlohmann::json::array();
  for (const auto& model : models.all()) {
    const auto width = widths.find(model->info().hash);
    list.push_back({{"name", model->info().name},
                    {"hash", model->info().hash},
                    {"pileup_width", width == widths.end() ? 0 : width->second}});
  }
  return json_text(nlohmann::json{{"partial", kPartialVersion},
                                  {"summary", summary_format::kVersion},
                                  {"binning", summary_format::kBinning},
                                  {"every_orbits", configuration.monitors.multivariate.sampling()},
                                  {"models", std::move(list)}});
}

std::string settings_sha256(const ModelSet& models, const Configuration& configuration) {
  return sha256_of(settings_json(models, configuration));
}

}  // namespace vigil::app
