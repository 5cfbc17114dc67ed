// The state of every monitored (model, stream) at the last close, replaced whole by judge; read by status and metrics.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/results.h"
#include "core/verdict.h"

namespace vigil {

struct StreamSnapshot {
  std::string model, model_hash, stream;
  std::uint32_t run = 0, ls = 0;
  std::uint64_t events = 0;
  double coverage = 0;
  Quality quality = Quality::unknown;  // of the newest window
  std::string reason;
  Quality sequential = Quality::unknown;  // worst of the sequential rules at the newest lumisection
  std::string sequential_reason;
  BudgetOfRun budget;
  std::map<std::string, double> seed_rate_hz;
  SourceCounts losses;  // summed over sources since start
};

// One stage of the pipeline since the start of the program.
struct StageCounts {
  double busy_s = 0;  // over all threads
  std::uint64_t frames = 0;
};

// One sink of this process since its start.
struct SinkSnapshot {
  bool is_up = true;  // neither broken nor stopped
  std::uint64_t delivered = 0, rejected = 0, expired = 0, retried = 0;
};

// The pipeline of this process as it is now; counts since its start.
struct PipelineSnapshot {
  double events_per_s = 0;  // over the last seconds
  std::uint64_t queue_frames = 0, queue_capacity = 0;
  std::uint64_t frames_received = 0, received_bytes = 0, frames_dropped = 0;
  std::map<std::string, std::uint64_t> rejections;                          // cause -> frames
  std::map<std::string, StageCounts> stages;                                // read, emulate, judge, journal
  std::map<std::string, std::uint64_t> emulated_events, emulator_failures;  // by model
  std::string journal = "ok";                                               // or why it cannot be written
  std::uint64_t journal_errors = 0;
  // Commits that took at most so many seconds, ascending, cumulative; their number and the sum of their times.
  std::vector<std::pair<double, std::uint64_t>> commit_seconds;
  std::uint64_t commits = 0;
  double commit_seconds_sum = 0;
  std::map<std::string, SinkSnapshot> sinks;  // by name; none where nothing is delivered
};

struct Snapshot {
  std::vector<StreamSnapshot> streams;
  std::uint64_t open_actions = 0;
};

}  // namespace vigil
