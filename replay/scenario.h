// What a simulated fill is: a strict YAML file read into values. ScenarioSource (scenario_source.h) makes frames of it.
// Used by `vigil simulate` and `vigil demo`. All keys, units and defaults: docs/scenarios.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/event_batch.h"
#include "replay/fault.h"

namespace vigil::replay {

// Consecutive filled crossings: start, start + 1, ..., start + length - 1, within 1..3564.
struct BunchTrain {
  std::uint32_t start = 1;
  std::uint32_t length = 1;
};

// From this lumisection on the luminosity is this part of what it would be.
struct LuminosityStep {
  std::uint32_t from_ls = 1;
  double relative = 1;
};

struct Scenario {
  std::uint64_t seed = 1;
  std::uint32_t run = 1;
  std::uint32_t first_ls = 1;
  std::uint32_t lumisections = 60;
  std::vector<std::string> sources = {"link0"};
  bool split_orbits = false;            // sources share out the orbits; else each covers all orbits
  std::uint32_t batches_per_ls = 16;    // of each source
  std::uint32_t heartbeats_per_ls = 0;  // empty batches at the end of each lumisection, of each source
  std::uint32_t events_per_ls = 3000;   // mean at the initial luminosity, all sources together
  double event_rate_hz = 100'000;       // what events_per_ls is a sample of: fixes the crossings inspected
  std::string stream = "scouting";
  std::string selection = "zero_bias";
  bool hw_outputs = true;
  bool hw_bits = true;
  bool model_hash = true;
  std::uint32_t rotations = 8;  // azimuthal copies of each event in the pool
  double initial_pileup = 60;
  double lifetime_h = 0;                           // of the luminosity; 0: constant
  std::vector<LuminosityStep> luminosity_profile;  // ascending; levelling, scans
  double pileup_slope = 0.1;                       // how strongly the choice of events follows pile-up
  std::vector<BunchTrain> trains;                  // sorted, disjoint
  Context context;                                 // pile-up is filled in by lumisection
  std::vector<Fault> faults;
};

// The default filling scheme: 10 injections of 5 trains of 48 bunches, 2400 filled crossings.
std::vector<BunchTrain> default_trains();

// Luminosity of a lumisection relative to the initial one, 1 in the first: burn-off 1 / (1 + t / (2 lifetime))^2, which
// falls like exp(-t / lifetime) at first, times the same for each luminosity_decay fault from its start to its end,
// times the profile's newest step.
double relative_luminosity(const Scenario& scenario, std::uint32_t ls);
// Bunch crossings inspected in a lumisection, by all sources together: n_bx that makes events_per_ls come at
// event_rate_hz.
std::uint64_t inspected_crossings(const Scenario& scenario);

// Reads a scenario. Throws Error: file:line, key, what was expected. A `model` path in it is relative to the file.
Scenario read_scenario(const std::string& path);
// The same from text; `where` names it in errors, relative paths stay as they are.
Scenario parse_scenario(const std::string& text, const std::string& where);

}  // namespace vigil::replay
