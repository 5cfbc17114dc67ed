// The key `prescales` of the configuration: which seeds a prescale column switches off. Used by configuration_keys.cpp.
#pragma once

#include <yaml-cpp/yaml.h>

#include "app/configuration.h"
#include "app/model_set.h"
#include "app/yaml_values.h"

namespace vigil::app {

// {"0": {L1_AXO_Nominal: 0}}: column -> seed -> prescale >= 0. Throws Error.
monitors::Prescales read_prescales(const YAML::Node& node, const YamlPlace& at);
void write_prescales(YAML::Emitter& out, const monitors::Prescales& prescales);
// Throws Error naming a seed that no loaded model has.
void check_prescales(const monitors::Prescales& prescales, const ModelSet& models);

}  // namespace vigil::app
