// The state of every monitored (model, stream) at the last close, replaced whole by judge; read by status and metrics.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/results.h"

namespace vigil {

struct StreamSnapshot {
  std::string model, model_hash, stream;
  std::uint32_t run = 0, ls = 0;
  std::uint64_t events = 0;
  double coverage = 0;
  Quality quality = Quality::unknown;  // of the newest window
  std::string reason;
  std::map<std::string, double> seed_rate_hz;
  SourceCounts losses;  // summed over sources since start
};

struct Snapshot {
  std::vector<StreamSnapshot> streams;
  std::uint64_t open_actions = 0;
};

}  // namespace vigil
