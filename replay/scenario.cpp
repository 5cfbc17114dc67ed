#include "replay/scenario.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "core/error.h"
#include "core/lhc.h"
#include "replay/scenario_faults.h"
#include "replay/scenario_yaml.h"

namespace vigil::replay {

namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20;  // bytes
constexpr std::uint32_t kMostSources = 4096;
constexpr char kDefaultScheme[] = "25ns_2400b_10inj";

void read_sources(StrictMap& map, Scenario& scenario) {
  const YAML::Node value = map.find("sources");
  if (!value.IsDefined()) return;
  if (value.IsScalar()) {
    std::uint32_t count = 1;
    map.read("sources", count, 1, kMostSources);
    scenario.sources.clear();
    for (std::uint32_t i = 0; i < count; ++i) scenario.sources.push_back("link" + std::to_string(i));
    return;
  }
  map.read("sources", scenario.sources);
  const std::set<std::string> names(scenario.sources.begin(), scenario.sources.end());
  if (names.size() != scenario.sources.size() || names.size() > kMostSources) {
    map.fail(value, "key 'sources' has a name twice or too many", "1..4096 different names");
  }
}

std::vector<BunchTrain> read_train_list(StrictMap& map, const YAML::Node& list, const std::string& file) {
  std::vector<BunchTrain> trains;
  std::uint32_t free_from = 1;
  for (const auto& item : list) {
    StrictMap entry(item, file, "train " + std::to_string(trains.size() + 1));
    BunchTrain train;
    if (!entry.has("start") || !entry.has("length")) entry.fail(item, "a train lacks start or length", "both");
    entry.read("start", train.start, 1, lhc::kCrossingsPerOrbit);
    entry.read("length", train.length, 1, lhc::kCrossingsPerOrbit);
    entry.finish();
    if (train.start < free_from || train.start + train.length - 1 > lhc::kCrossingsPerOrbit) {
      entry.fail(item, "a train overlaps the one before or leaves the orbit",
                 "ascending, disjoint, within crossings 1..3564");
    }
    free_from = train.start + train.length;
    trains.push_back(train);
  }
  if (trains.empty()) map.fail(list, "key 'trains' is empty", "at least one train");
  return trains;
}

void read_trains(StrictMap& map, Scenario& scenario, const std::string& file) {
  const YAML::Node value = map.find("trains");
  if (!value.IsDefined()) return;
  if (value.IsSequence()) {
    scenario.trains = read_train_list(map, value, file);
    scenario.context.filling_scheme = "custom";
  } else if (!value.IsScalar() || value.Scalar() != kDefaultScheme) {
    map.fail(value, "key 'trains' names no known filling scheme",
             std::string(kDefaultScheme) + " or a list of {start, length}");
  }
}

void read_profile(StrictMap& map, Scenario& scenario, const std::string& file) {
  const YAML::Node value = map.find("profile");
  if (!value.IsDefined()) return;
  if (!value.IsSequence()) map.fail(value, "key 'profile' is no list", "a list of {from_ls, relative}");
  for (const auto& item : value) {
    StrictMap entry(item, file, "profile");
    LuminosityStep step;
    entry.read("from_ls", step.from_ls, 1, lhc::kLastLumisection);
    entry.read("relative", step.relative, 0.001, 1);
    entry.finish();
    if (!scenario.luminosity_profile.empty() && step.from_ls <= scenario.luminosity_profile.back().from_ls) {
      map.fail(item,
               "key 'profile': from_ls " + std::to_string(step.from_ls) + " after " +
                   std::to_string(scenario.luminosity_profile.back().from_ls),
               "ascending lumisections");
    }
    scenario.luminosity_profile.push_back(step);
  }
}

void read_luminosity(StrictMap& map, Scenario& scenario, const std::string& file) {
  const YAML::Node value = map.find("luminosity");
  if (!value.IsDefined()) return;
  StrictMap entry(value, file, "luminosity");
  entry.read("initial_pileup", scenario.initial_pileup, 0.01, 1000);
  entry.read("lifetime_h", scenario.lifetime_h, 0.01, 1e6);
  entry.read("pileup_slope", scenario.pileup_slope, 0, 10);
  read_profile(entry, scenario, file);
  entry.finish();
}

void read_context(StrictMap& map, Scenario& scenario, const std::string& file) {
  const YAML::Node value = map.find("context");
  if (!value.IsDefined()) return;
  StrictMap entry(value, file, "context");
  Context& context = scenario.context;
  entry.read("fill", *context.fill, 0, ~std::uint64_t{0});
  entry.read("menu", *context.menu);
  entry.read("prescale_column", *context.prescale_column, INT64_MIN, INT64_MAX);
  entry.read("beam_mode", *context.beam_mode);
  entry.read("filling_scheme", *context.filling_scheme);
  entry.read("run_start_ns", *context.run_start_ns, 1, ~std::uint64_t{0});
  entry.finish();
}

void read_faults(StrictMap& map, Scenario& scenario, const std::string& file) {
  const YAML::Node value = map.find("faults");
  if (!value.IsDefined()) return;
  if (!value.IsSequence()) map.fail(value, "key 'faults' is no list", "a list of faults");
  for (const auto& item : value) scenario.faults.push_back(read_fault(item, file, scenario));
}

Context default_context() {
  Context context;
  context.origin = "simulation";
  context.fill = 9000;
  context.menu = "demo_menu_v1";
  context.prescale_column = 1;
  context.beam_mode = "STABLE BEAMS";
  context.filling_scheme = kDefaultScheme;
  context.run_start_ns = 1'700'000'000'000'000'000u;
  return context;
}

void check_together(StrictMap& map, const Scenario& s) {
  if (s.first_ls + s.lumisections - 1 > lhc::kLastLumisection) {
    map.fail(map.find("lumisections"), "lumisections end after 16384", "first_ls + lumisections - 1 <= 16384");
  }
  const std::uint64_t batches = std::uint64_t{s.batches_per_ls} * (s.split_orbits ? s.sources.size() : 1);
  if (batches + s.heartbeats_per_ls > lhc::kOrbitsPerLumisection) {
    map.fail(map.find("batches_per_ls"), "more batches than orbits in a lumisection", "at most 262144");
  }
  if (inspected_crossings(s) > std::uint64_t{lhc::kCrossingsPerOrbit} * lhc::kOrbitsPerLumisection) {
    map.fail(map.find("events_per_ls"), "event_rate_hz does not yield that many events in a lumisection",
             "events_per_ls <= event_rate_hz * 23.3 s");
  }
}

}  // namespace

std::vector<BunchTrain> default_trains() {
  std::vector<BunchTrain> trains;
  std::uint32_t start = 56;
  for (int injection = 0; injection < 10; ++injection) {
    for (int train = 0; train < 5; ++train) {
      trains.push_back({start, 48});
      start += 48 + (train < 4 ? 8 : 39);  // rise time of the SPS kicker, of the LHC injection kicker
    }
  }
  return trains;
}

double relative_luminosity(const Scenario& scenario, std::uint32_t ls) {
  const auto burn_off = [](double lumisections, double lifetime_h) {
    const double left = 1 + lumisections * lhc::kLumisectionSeconds / 3600 / (2 * lifetime_h);
    return 1 / (left * left);
  };
  double luminosity = 1;
  if (scenario.lifetime_h > 0) luminosity = burn_off(ls - scenario.first_ls, scenario.lifetime_h);
  for (const Fault& fault : scenario.faults) {
    if (fault.type != FaultType::luminosity_decay || ls < fault.from_ls) continue;
    luminosity *= burn_off(std::min(ls, fault.to_ls) - fault.from_ls + 1, fault.lifetime_h);
  }
  double step = 1;
  for (const LuminosityStep& s : scenario.luminosity_profile) {
    if (s.from_ls <= ls) step = s.relative;
  }
  return luminosity * step;
}

std::uint64_t inspected_crossings(const Scenario& scenario) {
  return static_cast<std::uint64_t>(scenario.events_per_ls / scenario.event_rate_hz * lhc::kCrossingHz + 0.5);
}

Scenario parse_scenario(const std::string& text, const std::string& where) {
  if (text.size() > kLargestFile) throw Error(where, "is larger than 1 MiB", "a scenario (docs/scenarios.md)");
  Scenario s;
  s.trains = default_trains();
  s.context = default_context();
  StrictMap map(parse_yaml(text, where), where, "scenario");
  map.read("seed", s.seed, 0, ~std::uint64_t{0});
  map.read("run", s.run, 1, 0xffffffffu);
  map.read("first_ls", s.first_ls, 1, lhc::kLastLumisection);
  map.read("lumisections", s.lumisections, 1, lhc::kLastLumisection);
  read_sources(map, s);
  map.read("split_orbits", s.split_orbits);
  map.read("batches_per_ls", s.batches_per_ls, 1, lhc::kOrbitsPerLumisection);
  map.read("heartbeats_per_ls", s.heartbeats_per_ls, 0, 1000);
  map.read("events_per_ls", s.events_per_ls, 1, 1u << 22);
  map.read("event_rate_hz", s.event_rate_hz, 1, 1e7);
  map.read("stream", s.stream);
  map.read("selection", s.selection);
  map.read("hw_outputs", s.hw_outputs);
  map.read("hw_bits", s.hw_bits);
  map.read("model_hash", s.model_hash);
  map.read("rotations", s.rotations, 1, 144);
  read_trains(map, s, where);
  read_luminosity(map, s, where);
  read_context(map, s, where);
  read_faults(map, s, where);
  map.finish();
  check_together(map, s);
  return s;
}

Scenario read_scenario(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw Error(path, "cannot be read", "a scenario file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path, "cannot be read", "a scenario file");
  std::string text(kLargestFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  Scenario scenario = parse_scenario(text, path);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (Fault& fault : scenario.faults) {
    if (!fault.model.empty()) fault.model = (folder / fault.model).lexically_normal().string();
  }
  return scenario;
}

}  // namespace vigil::replay
