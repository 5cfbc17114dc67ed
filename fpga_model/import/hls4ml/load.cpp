// format hls4ml_project: the project folder of a package, read and run as the network it computes.
#include <algorithm>

#include "core/error.h"
#include "fpga_model/import/hls4ml/project.h"
#include "fpga_model/network/network.h"
#include "fpga_model/package/formats.h"

namespace vigil::fpga_model {
namespace {

class Hls4mlNetwork : public Network {
 public:
  Hls4mlNetwork(const Hls4mlProject& project, const std::string& where) : Network(project.network_json, where) {
    for (const std::string& note : project.notes) {  // the quirks among them are known already
      if (std::find(warnings_.begin(), warnings_.end(), note) == warnings_.end()) warnings_.push_back(note);
    }
  }
};

}  // namespace

std::unique_ptr<const Engine> load_hls4ml_project(const PackageFiles& files, const PackageDescription& package) {
  std::map<std::string, std::string> project;
  const std::string prefix = package.path == "." ? std::string{} : package.path + "/";
  for (const auto& [path, bytes] : files.contents()) {
    if (path.starts_with(prefix)) project.emplace(path.substr(prefix.size()), bytes);
  }
  const std::string where = files.where(package.path);
  if (project.empty()) throw Error(where, "no files", "an hls4ml project folder");
  return std::make_unique<const Hls4mlNetwork>(read_hls4ml_project(project, where, package.hls4ml_version), where);
}

}  // namespace vigil::fpga_model
