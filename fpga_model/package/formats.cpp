#include "fpga_model/package/formats.h"

#include "core/error.h"

namespace vigil::fpga_model {

std::vector<FormatEntry> formats() {
  return {
#define VIGIL_FORMAT(name, loader, description) {#name, description},
#include "fpga_model/package/formats.def"
#undef VIGIL_FORMAT
  };
}

std::unique_ptr<const Engine> load_engine(const PackageFiles& files, const PackageDescription& package) {
#define VIGIL_FORMAT(name, loader, description) \
  if (package.format == #name) return loader(files, package);
#include "fpga_model/package/formats.def"
#undef VIGIL_FORMAT
  std::string names;
  for (const FormatEntry& format : formats()) names += (names.empty() ? "one of " : ", ") + format.name;
  throw Error(package.format_where, "'" + package.format.substr(0, 60) + "'", names);
}

}  // namespace vigil::fpga_model
