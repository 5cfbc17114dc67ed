#include "app/model_set.h"

#include <spdlog/spdlog.h>

#include "core/error.h"
#include "fpga_model/package/package.h"

namespace vigil::app {

ModelSet::ModelSet(const std::vector<std::string>& packages) {
  if (packages.empty()) throw Error("models", "none given", "--model PKG, or `models` in the configuration");
  for (const std::string& package : packages) {
    auto model = fpga_model::load_package(package);
    if (find(model->info().name) != nullptr) {
      throw Error(package, "a second model named '" + model->info().name + "'", "packages of different names");
    }
    for (const std::string& warning : model->info().warnings) spdlog::warn("{}: {}", model->info().name, warning);
    models_.push_back(std::move(model));
  }
}

const std::shared_ptr<const Model>* ModelSet::find(std::string_view name) const {
  for (const auto& model : models_) {
    if (model->info().name == name) return &model;
  }
  return nullptr;
}

}  // namespace vigil::app
