// What a worker has done, and who it is. Used by the workers on Kafka and beside the source.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/item.h"
#include "app/model_set.h"
#include "app/pipeline_counters.h"

namespace vigil::app {

// Of one partial, at most.
inline constexpr std::uint64_t kMostPartialFrames = 16384;
inline constexpr std::size_t kMostPartialLines = std::size_t{64} << 20;  // bytes

struct WorkerTotals {
  std::uint64_t frames = 0, events = 0, rejected = 0, partials = 0, bytes_in = 0, bytes_out = 0;
};

// What enters its partials, and where they go.
struct WorkerIdentity {
  std::string name;
  std::string prefix;         // of the topics
  std::string settings;       // SHA-256 of what enters a partial
  std::string settings_text;  // that
  std::uint32_t every_orbits = 0;
  std::map<std::string, std::uint32_t> pileup_widths;
  std::uint64_t session = 0;  // start of this life [ns]
  std::uint32_t partial_ms = 1000;
  unsigned jobs = 0;

  std::string partials() const { return prefix + ".partials"; }
  std::string frames() const { return prefix + ".frames"; }
  std::string group() const { return prefix + ".work." + settings.substr(0, 12); }
  std::string transactional_id() const { return prefix + ".work." + name + "." + std::to_string(session); }
};

}  // namespace vigil::app
