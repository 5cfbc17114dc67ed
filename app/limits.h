// The limits file of a configuration, checked against models and reference. Used by session, check and calibrate.
// Tests: tests/contract/calibrate_test.py.
#pragma once

#include <string>

#include "app/configuration.h"
#include "app/model_set.h"
#include "monitors/settings.h"

namespace vigil::app {

// For one of the models with these windows, statistics and reference; empty where no file is given. Throws Error.
monitors::CalibratedLimits load_limits(const Configuration& configuration, const ModelSet& models);
// Hex. Throws Error where it cannot be read.
std::string sha256_of_file(const std::string& path);

}  // namespace vigil::app
