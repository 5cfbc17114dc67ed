#include "fpga_model/formats.h"

#include "core/error.h"
#include "fpga_model/network.h"

namespace vigil::fpga_model {

std::vector<FormatEntry> formats() {
  return {
#define VIGIL_FORMAT(name, loader, description) {#name, description},
#include "fpga_model/formats.def"
#undef VIGIL_FORMAT
  };
}

std::unique_ptr<const Engine> load_engine(const PackageFiles& files, const PackageDescription& package) {
#define VIGIL_FORMAT(name, loader, description) \
  if (package.format == #name) return loader(files, package);
#include "fpga_model/formats.def"
#undef VIGIL_FORMAT
  std::string names;
  for (const FormatEntry& format : formats()) names += (names.empty() ? "one of " : ", ") + format.name;
  throw Error(package.format_where, "'" + package.format.substr(0, 60) + "'", names);
}

std::unique_ptr<const Engine> load_network(const PackageFiles& files, const PackageDescription& package) {
  return std::make_unique<const Network>(files.content(package.path), files.where(package.path));
}

}  // namespace vigil::fpga_model
