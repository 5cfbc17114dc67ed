// Frames of a generated stream, made first and handed over from memory. Used by the benchmarks of the whole pipeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
