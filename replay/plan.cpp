#include "replay/plan.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/digest.h"
#include "core/error.h"
#include "core/utf8.h"
#include "core/whole_file.h"
#include "replay/record_heads.h"
#include "replay/recording.h"
#include "replay/recording_reader.h"

namespace vigil::replay {
namespace fs = std::filesystem;
namespace {

// What a cut never divides: a record, and the damage or appended file header behind it.
struct Unit {
  std::uint32_t recording = 0;
  std::uint64_t first = 0, end = 0;
  std::uint64_t place = 0;  // bytes of all units before it
  bool opens_file = false;  // no damage reaches into it
  bool after_drop = false;  // drops before it wait for a frame of this unit or a later one
  bool certain = false;     // known to be whole
};

constexpr std::size_t kTriesPerCut = 64;
constexpr std::uintmax_t kPlanLimit = std::uintmax_t{1} << 30;  // bytes: a million parts are 300 MB

// Appends a recording to the plan and its units to `units`. `pending`: drops wait for a frame, over all files so far.
void describe(const fs::path& file, std::vector<Unit>& units, bool& pending, Plan& plan) {
  PlanRecording recording;
  recording.path = fs::absolute(file).lexically_normal().string();
  if (!is_utf8(recording.path)) throw Error(recording.path, "a path that is no UTF-8", "one that JSON can hold");
  recording.bytes = RecordingReader(file).size();
  Sha256 digest;
  const RecordHeads heads = read_heads(file, kFileHeaderBytes, recording.bytes, digest);
  recording.records = heads.places.size();
  recording.heads_sha256 = digest.hex();
  for (std::size_t i = 0; i < heads.places.size(); ++i) {
    Unit unit;
    unit.recording = static_cast<std::uint32_t>(plan.recordings.size());
    unit.opens_file = i == 0;
    unit.after_drop = pending;
    unit.certain = heads.broken;
    unit.first = i == 0 ? kFileHeaderBytes : heads.places[i].offset;
    unit.end = i + 1 < heads.places.size() ? heads.places[i + 1].offset : recording.bytes;
    units.push_back(unit);
    const RecordType type = heads.places[i].type;
    if (type == RecordType::frame || type == RecordType::drop) pending = type == RecordType::drop;
  }
  plan.recordings.push_back(recording);
}

// Where parts begin: of the units near each even division, the first that is whole and separates no drop from its
// frame, so that what a part reads does not depend on the cut; else the nearest.
std::vector<std::size_t> begins(const Plan& plan, const std::vector<Unit>& units, std::uint32_t parts) {
  const Unit& last = units.back();
  const std::uint64_t total = last.place + (last.end - last.first);
  const std::uint64_t mean = total / parts;
  std::vector<std::size_t> out{0};
  for (std::uint32_t k = 1; k < parts; ++k) {
    const auto target = static_cast<std::uint64_t>(static_cast<unsigned __int128>(total) * k / parts);
    const std::size_t lowest = out.back() + 1;
    const std::size_t highest = units.size() - (parts - k);
    const auto distance = [&](std::size_t i) {
      return units[i].place > target ? units[i].place - target : target - units[i].place;
    };
    const auto above = std::lower_bound(units.begin(), units.end(), target,
                                        [](const Unit& unit, std::uint64_t place) { return unit.place < place; });
    std::size_t up = std::clamp(static_cast<std::size_t>(above - units.begin()), lowest, highest);
    if (up > lowest && distance(up - 1) <= distance(up)) --up;
    std::size_t chosen = up;
    // Outwards from the nearest, never further than a tenth of the mean: two cuts then move a part by a fifth.
    std::size_t down = up;
    for (std::size_t tries = 0; tries < kTriesPerCut; ++tries) {
      const bool has_up = up <= highest && distance(up) <= std::max(mean / 10, distance(chosen));
      const bool has_down = down > lowest && distance(down - 1) <= mean / 10;
      if (!has_up && !has_down) break;
      const std::size_t i = has_up && (!has_down || distance(up) <= distance(down - 1)) ? up++ : --down;
      const Unit& unit = units[i];
      const bool keeps_drops = !unit.after_drop;
      if (keeps_drops &&
          (unit.opens_file || unit.certain || is_whole_record(plan.recordings[unit.recording].path, unit.first))) {
        chosen = i;
        break;
      }
    }
    out.push_back(chosen);
  }
  return out;
}

}  // namespace

Plan cut(const std::vector<fs::path>& recordings, std::uint32_t parts) {
  const std::vector<fs::path> files = recording_files(recordings);
  Plan plan;
  std::vector<Unit> units;
  bool pending = false;
  for (const fs::path& file : files) describe(file, units, pending, plan);
  const std::size_t records = units.size();
  if (parts < 1 || parts > records) {
    throw Error("--parts", std::to_string(parts),
                "1 to " + std::to_string(records) + ", the number of records in " +
                    (recordings.size() == 1 ? recordings.front().string() : "the recordings"));
  }
  std::uint64_t place = 0;
  for (Unit& unit : units) {
    unit.place = place;
    place += unit.end - unit.first;
  }
  const std::vector<std::size_t> first_units = begins(plan, units, parts);
  plan.parts.resize(parts);
  for (std::uint32_t k = 0; k < parts; ++k) {
    PlanPart& part = plan.parts[k];
    part.part = k;
    const Unit* begin = &units[first_units[k]];
    // From here to where the next part begins, in all files between; a file without any record goes with what is before
    // it.
    std::uint32_t recording = k == 0 ? 0 : begin->recording;
    std::uint64_t first = k == 0 ? kFileHeaderBytes : begin->first;
    const Unit* next = k + 1 < parts ? &units[first_units[k + 1]] : nullptr;
    for (;; ++recording, first = kFileHeaderBytes) {
      if (recording == plan.recordings.size()) break;
      const bool ends_here = next != nullptr && recording == next->recording;
      const std::uint64_t end = ends_here ? next->first : plan.recordings[recording].bytes;
      if (end > first) part.ranges.push_back({recording, first, end});
      if (ends_here) break;
    }
    Sha256 digest;
    for (const PlanStretch& range : part.ranges) {
      const RecordHeads heads = read_heads(plan.recordings[range.recording].path, range.first, range.end, digest);
      part.frames += heads.frames;
      part.events += heads.events;
      part.bytes += range.end - range.first;
    }
    part.heads_sha256 = digest.hex();
  }
  return plan;
}

void check_recordings(const Plan& plan, std::optional<std::uint32_t> part) {
  const auto check_size = [&](const PlanRecording& recording) {
    const std::uint64_t bytes = RecordingReader(recording.path).size();
    if (bytes == recording.bytes) return;
    throw Error(recording.path, "has " + std::to_string(bytes) + " bytes",
                std::to_string(recording.bytes) + ", as when the plan was made");
  };
  const auto changed = [](const std::string& where) {
    throw Error(where, "has other records than when the plan was made", "the recording of the plan");
  };
  if (!part) {
    for (const PlanRecording& recording : plan.recordings) {
      check_size(recording);
      Sha256 digest;
      const RecordHeads heads = read_heads(recording.path, kFileHeaderBytes, recording.bytes, digest);
      if (heads.places.size() != recording.records || digest.hex() != recording.heads_sha256) changed(recording.path);
    }
    return;
  }
  const PlanPart& one = plan.parts.at(*part);
  Sha256 digest;
  for (const PlanStretch& range : one.ranges) {
    const PlanRecording& recording = plan.recordings.at(range.recording);
    check_size(recording);
    (void)read_heads(recording.path, range.first, range.end, digest);
  }
  if (digest.hex() == one.heads_sha256) return;
  std::string where;
  for (const PlanStretch& range : one.ranges) {
    where += (where.empty() ? "" : ", ") + plan.recordings.at(range.recording).path;
  }
  changed(where);
}

std::vector<Stretch> stretches(const Plan& plan, std::uint32_t part) {
  std::vector<Stretch> out;
  std::vector<std::uint64_t> bases;
  std::uint64_t base = 0;
  for (const PlanRecording& recording : plan.recordings) {
    bases.push_back(base);
    base += recording.bytes;
  }
  for (const PlanStretch& range : plan.parts.at(part).ranges) {
    out.push_back({plan.recordings.at(range.recording).path, bases.at(range.recording), range.first, range.end});
  }
  return out;
}

PlanFile load_plan(const fs::path& path) {
  constexpr const char* kExpected = "a plan made by `vigil plan`";
  std::error_code none;
  if (fs::is_regular_file(path, none) && fs::file_size(path, none) > kPlanLimit) {
    throw Error(path.string(), "is larger than any plan", kExpected);
  }
  const std::string text = read_whole(path.string(), kExpected);
  return {plan_from_json(text, path.string()), sha256_of(text), fs::absolute(path).lexically_normal()};
}

fs::path part_path(const fs::path& plan, std::uint32_t part) {
  std::array<char, 32> name;
  std::snprintf(name.data(), name.size(), "%05u.vsum", part);
  return fs::path(plan.string() + ".parts") / name.data();
}

}  // namespace vigil::replay
