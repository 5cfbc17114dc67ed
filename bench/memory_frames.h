// Frames of a generated stream, made first and handed over from memory. Used by the benchmarks of the whole pipeline.
#pragma once

#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/demo_data.h"
#include "core/frame.h"
#include "fpga_model/package/package.h"
#include "ingest/encode.h"
#include "replay/scenario_source.h"

inline constexpr std::uint32_t kEventsPerLs = 65536;
inline constexpr std::uint32_t kLumisections = 12;

// Frames that are there: each is handed over once, as a source that reads into memory does.
class Memory : public vigil::Source {
 public:
  explicit Memory(std::vector<vigil::Frame> frames) : frames_(std::move(frames)) {}
  std::optional<vigil::Frame> next() override {
    if (at_ == frames_.size()) return {};
    return std::move(frames_[at_++]);
  }
  void request_stop() override { at_ = frames_.size(); }

 private:
  std::vector<vigil::Frame> frames_;
  std::size_t at_ = 0;
};

struct Input {
  std::string package;
  vigil::replay::ScenarioEvents events;
};

inline std::vector<vigil::Frame> make_frames(const Input& input, std::uint32_t events_a_batch) {
  vigil::replay::Scenario scenario = vigil::replay::parse_scenario(
      "lumisections: " + std::to_string(kLumisections) + "\nevents_per_ls: " + std::to_string(kEventsPerLs) + "\n",
      "bench");
  scenario.batches_per_ls = kEventsPerLs / events_a_batch;
  vigil::replay::ScenarioSource source(scenario, vigil::fpga_model::load_package(input.package), input.events,
                                       vigil::ingest::encode);
  std::vector<vigil::Frame> frames;
  while (auto frame = source.next()) frames.push_back(std::move(*frame));
  return frames;
}

// Calls `with` for the demo model, and for AXOL1TL v4: the package in VIGIL_AXOL1TL, or
// ../shared/data/models/axol1tl_v4 beside the sources; says where there is none.
template <class With>
void for_each_input(With&& with) {
  with("demo", Input{vigil::app::demo_model_folder(), vigil::app::demo_events()});
  const char* given = std::getenv("VIGIL_AXOL1TL");
  const std::filesystem::path package = given != nullptr ? std::filesystem::path(given)
                                                         : std::filesystem::path(vigil::app::demo_folder()) / ".." /
                                                               ".." / "shared" / "data" / "models" / "axol1tl_v4";
  const std::string folder = package.lexically_normal().string();
  if (std::filesystem::is_directory(folder)) {
    with("axol1tl_v4", Input{folder, vigil::app::demo_events()});
  } else {
    std::fprintf(stderr, "axol1tl_v4 left out: no package in %s (set VIGIL_AXOL1TL)\n", folder.c_str());
  }
}

// A program that makes all frames first would give every one back to the system while it is measured.
inline void keep_heap() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}
