#include "app/demo_data.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "core/error.h"
#include "fpga_model/package/npy.h"

namespace vigil::app {

namespace fs = std::filesystem;

std::string demo_folder() {
  std::vector<fs::path> places;
  if (const char* named = std::getenv("VIGIL_DEMO")) places.emplace_back(named);
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (!error) places.push_back(self.parent_path() / ".." / ".." / "demo");  // build/<preset>/vigil
  places.push_back(fs::path(VIGIL_SOURCE_DIR) / "demo");
  std::string tried;
  for (const fs::path& place : places) {
    if (fs::is_regular_file(place / "model" / "model.yaml")) return place.lexically_normal().string();
    tried += (tried.empty() ? "" : ", ") + place.lexically_normal().string();
  }
  throw Error("demo", "not found in " + tried, "the demo folder of the sources; VIGIL_DEMO names another");
}

std::string demo_model_folder() { return demo_folder() + "/model"; }

replay::ScenarioEvents demo_events() {
  const std::string folder = demo_folder() + "/events/";
  const auto inputs = fpga_model::read_npy(folder + "inputs.npy");
  const auto pileup = fpga_model::read_npy(folder + "pileup.npy");
  replay::ScenarioEvents events;
  events.words.assign(inputs.integers.begin(), inputs.integers.end());
  events.pileup.assign(pileup.integers.begin(), pileup.integers.end());
  return events;
}

}  // namespace vigil::app
