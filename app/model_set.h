// The loaded models, found by name and by hash. Immutable after start-up: safe from many threads.
// Tests: tests/app/pipeline_test.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model.h"

namespace vigil::app {

class ModelSet {
 public:
  // Loads and checks every package. Throws Error on a package that is refused and on two packages of one name.
  explicit ModelSet(const std::vector<std::string>& packages);

  const std::vector<std::shared_ptr<const Model>>& all() const { return models_; }
  // Null where no loaded model has the name.
  const std::shared_ptr<const Model>* find(std::string_view name) const;

 private:
  std::vector<std::shared_ptr<const Model>> models_;
};

}  // namespace vigil::app
