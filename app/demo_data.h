// What ships with the program: the demo model, its events and its scenario.
#pragma once

#include <cstddef>
#include <string>

#include "replay/scenario_source.h"

namespace vigil::app {

inline constexpr std::size_t kDemoColumns = 57;

// Folder demo/ of the installation: $VIGIL_DEMO, beside the executable's checkout, or where it was built from.
// Throws Error naming where it was looked for.
std::string demo_folder();
std::string demo_model_folder();
// demo/events: integer codes and their pile-up.
replay::ScenarioEvents demo_events();

}  // namespace vigil::app
