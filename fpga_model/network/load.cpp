// format network: network.json of a package as the engine that runs it.
#include "fpga_model/network/network.h"
#include "fpga_model/package/formats.h"

namespace vigil::fpga_model {

std::unique_ptr<const Engine> load_network(const PackageFiles& files, const PackageDescription& package) {
  return std::make_unique<const Network>(files.content(package.path), files.where(package.path));
}

}  // namespace vigil::fpga_model
