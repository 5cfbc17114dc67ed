// The loaders of formats.def: bytes of a package -> the engine that runs it. Used by the package loader and `vigil
// list`. Each loader is defined beside its engine, on the floors above.
// Tests: tests/fpga_model/package_test.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fpga_model/engine.h"
#include "fpga_model/package/model_yaml.h"
#include "fpga_model/package/package_files.h"

namespace vigil::fpga_model {

#define VIGIL_FORMAT(name, loader, description) \
  std::unique_ptr<const Engine> loader(const PackageFiles& files, const PackageDescription& package);
#include "fpga_model/package/formats.def"
#undef VIGIL_FORMAT

struct FormatEntry {
  std::string name;
  std::string description;
};

// What `format` in model.yaml may say, in catalogue order.
std::vector<FormatEntry> formats();

// Dispatches on package.format. Throws Error listing the formats for any other.
std::unique_ptr<const Engine> load_engine(const PackageFiles& files, const PackageDescription& package);

}  // namespace vigil::fpga_model
