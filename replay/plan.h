// A plan: recordings cut into parts that tasks emulate apart and one merge puts together again (docs/scale_out.md).
// Canonical JSON, so that equal input gives equal bytes. Used by `vigil plan`, `replay --part`, `merge`, `status PLAN`.
// Reads record heads only. Tests: tests/replay/plan_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replay/replay_source.h"

namespace vigil::replay {

struct PlanRecording {
  std::string path;  // absolute
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;
  std::string heads_sha256;  // of its record heads as stored, in order
  bool operator==(const PlanRecording&) const = default;
};
// Bytes [first, end) of a recording; `first` is where a record begins (or damage after the one before).
struct PlanStretch {
  std::uint32_t recording = 0;
  std::uint64_t first = 0, end = 0;
  bool operator==(const PlanStretch&) const = default;
};
struct PlanPart {
  std::uint32_t part = 0;
  std::uint64_t frames = 0, events = 0, bytes = 0;
  std::string heads_sha256;  // of the record heads in its stretches
  std::vector<PlanStretch> ranges;
  bool operator==(const PlanPart&) const = default;
};
struct PlanModel {
  std::string path;  // absolute
  std::string name, hash;
  bool operator==(const PlanModel&) const = default;
};
struct Plan {
  std::string settings;  // SHA-256 of what enters a partial
  std::vector<PlanRecording> recordings;
  std::vector<PlanPart> parts;
  std::vector<PlanModel> models;
  std::string configuration;  // a JSON object, as text: what the result depends on beside the recordings
  bool operator==(const Plan&) const = default;
};

// The parts of these recordings (files or folders, as ReplaySource takes them), numbered from 0, each within a fifth of
// the mean bytes plus one record. Throws Error: parts below 1 or above the number of records (which it names), no
// recording opens. `settings`, `models` and `configuration` are left to the caller.
Plan cut(const std::vector<std::filesystem::path>& recordings, std::uint32_t parts);

std::string to_json(const Plan& plan);  // canonical, without newline
// Throws Error naming `where` on anything that to_json does not write: not JSON, another format or version, stretches
// that overlap, leave gaps or lie outside their recording, parts out of order.
Plan plan_from_json(std::string_view text, const std::string& where);
// Throws Error where the file is missing, no plan, or changed while it was read. `sha256`: of the file's bytes.
struct PlanFile {
  Plan plan;
  std::string sha256;
  std::filesystem::path path;  // absolute
};
PlanFile load_plan(const std::filesystem::path& path);

// Throws Error naming the recording that is no longer the plan's: another size, or other record heads (all of them, or
// those of one part alone).
void check_recordings(const Plan& plan, std::optional<std::uint32_t> part);

// What a source of part K reads.
std::vector<Stretch> stretches(const Plan& plan, std::uint32_t part);

// Where a task leaves part K of PLAN when it is not told: PLAN.parts/<K, five digits>.vsum.
std::filesystem::path part_path(const std::filesystem::path& plan, std::uint32_t part);

}  // namespace vigil::replay
