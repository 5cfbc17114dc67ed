// The text of a plan and its strict reader.
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "replay/plan.h"
#include "replay/recording.h"

namespace vigil::replay {
namespace {

using nlohmann::json;

constexpr std::uint32_t kPlanVersion = 1;
constexpr const char* kSha256 = "a SHA-256, 64 digits";
constexpr const char* kFormat = "vigil-plan";
constexpr const char* kExpected = "a plan of version 1, as `vigil plan` writes it";

// Reads the members of one object, each of which must be there, and no other.
class Members {
 public:
  Members(const json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object_.is_object()) refuse("", "an object");
  }

  const json& at(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) refuse(key, "a value");
    ++taken_;
    return *found;
  }
  std::uint64_t count(const char* key, std::uint64_t most = std::numeric_limits<std::int64_t>::max()) {
    const json& value = at(key);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) refuse(key, "a whole number");
    return value.get<std::uint64_t>();
  }
  std::string text(const char* key) {
    const json& value = at(key);
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) refuse(key, "a text");
    return value.get<std::string>();
  }
  std::string path(const char* key) {
    std::string value = text(key);
    if (value.front() != '/' || value.find('\0') != std::string::npos) refuse(key, "an absolute path");
    return value;
  }
  std::string sha256(const char* key) {
    const json& value = at(key);
    if (!value.is_string()) refuse(key, kSha256);
    const auto& digits = value.get_ref<const std::string&>();
    if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdef") != std::string::npos) refuse(key, kSha256);
    return digits;
  }
  const json& list(const char* key) {
    const json& value = at(key);
    if (!value.is_array() || value.empty() || value.size() > std::numeric_limits<std::uint32_t>::max()) {
      refuse(key, "a list that is not empty");
    }
    return value;
  }
  void no_more() const {
    if (taken_ != object_.size()) throw Error(where_, "keys that a plan has not", kExpected);
  }
  [[noreturn]] void refuse(const std::string& key, const std::string& expected) const {
    throw Error(where_, key.empty() ? "no object" : "key '" + key + "'", expected);
  }

 private:
  const json& object_;
  std::string where_;
  std::size_t taken_ = 0;
};

std::string place(const std::string& where, const char* list, std::size_t i) {
  return where + ": " + list + "[" + std::to_string(i) + "]";
}

PlanPart read_part(const json& one, const std::string& where, std::size_t number) {
  Members members(one, where);
  PlanPart part;
  part.part = static_cast<std::uint32_t>(members.count("part", std::numeric_limits<std::uint32_t>::max()));
  if (part.part != number) throw Error(where, "part " + std::to_string(part.part), std::to_string(number));
  part.frames = members.count("frames");
  part.events = members.count("events");
  part.bytes = members.count("bytes");
  part.heads_sha256 = members.sha256("heads_sha256");
  std::uint64_t bytes = 0;
  for (const json& range : members.list("ranges")) {
    const auto is_count = [](const json& value) {
      return value.is_number_unsigned() && value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
    };
    if (!range.is_array() || range.size() != 3 || !is_count(range[0]) || !is_count(range[1]) || !is_count(range[2]) ||
        range[0].get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max() || range[1] >= range[2]) {
      members.refuse("ranges", "lists of recording, first byte and end byte");
    }
    part.ranges.push_back(
        {range[0].get<std::uint32_t>(), range[1].get<std::uint64_t>(), range[2].get<std::uint64_t>()});
    bytes += part.ranges.back().end - part.ranges.back().first;
  }
  members.no_more();
  if (bytes != part.bytes) {
    throw Error(where, "key 'bytes' " + std::to_string(part.bytes), std::to_string(bytes) + ", those of its ranges");
  }
  return part;
}

// The parts together are every byte behind the file headers, once and in order.
void check_cover(const Plan& plan, const std::string& where) {
  std::size_t recording = 0;
  std::uint64_t at = kFileHeaderBytes;
  const auto skip_read = [&] {
    while (recording < plan.recordings.size() && at >= plan.recordings[recording].bytes) {
      ++recording;
      at = kFileHeaderBytes;
    }
  };
  for (const PlanPart& part : plan.parts) {
    for (const PlanStretch& range : part.ranges) {
      skip_read();
      const bool known = range.recording < plan.recordings.size();
      if (range.recording != recording || !known || range.first != at ||
          range.end > plan.recordings[range.recording].bytes) {
        throw Error(place(where, "parts", part.part),
                    "bytes " + std::to_string(range.first) + " to " + std::to_string(range.end) + " of recording " +
                        std::to_string(range.recording),
                    "recordings covered once and in order");
      }
      at = range.end;
    }
  }
  skip_read();
  if (recording < plan.recordings.size()) {
    throw Error(where,
                "no part has what begins at byte " + std::to_string(at) + " of recording " + std::to_string(recording),
                "recordings covered once and in order");
  }
}

}  // namespace

std::string to_json(const Plan& plan) {
  json out = {{"format", kFormat},
              {"version", kPlanVersion},
              {"settings", plan.settings},
              {"recordings", json::array()},
              {"parts", json::array()},
              {"models", json::array()},
              {"configuration", json::parse(plan.configuration)}};
  for (const PlanRecording& recording : plan.recordings) {
    out["recordings"].push_back({{"path", recording.path},
                                 {"bytes", recording.bytes},
                                 {"records", recording.records},
                                 {"heads_sha256", recording.heads_sha256}});
  }
  for (const PlanPart& part : plan.parts) {
    json ranges = json::array();
    for (const PlanStretch& range : part.ranges) {
      ranges.push_back(json::array({range.recording, range.first, range.end}));
    }
    out["parts"].push_back({{"part", part.part},
                            {"frames", part.frames},
                            {"events", part.events},
                            {"bytes", part.bytes},
                            {"heads_sha256", part.heads_sha256},
                            {"ranges", std::move(ranges)}});
  }
  for (const PlanModel& model : plan.models) {
    out["models"].push_back({{"path", model.path}, {"name", model.name}, {"hash", model.hash}});
  }
  return json_text(out);
}

Plan plan_from_json(std::string_view text, const std::string& where) {
  constexpr int kDeepest = 64;  // the library parses without recursion, but writes with it
  int depth = 0;
  const auto shallow = [&](int level, json::parse_event_t, json&) {
    depth = std::max(depth, level);
    return depth <= kDeepest;
  };
  const json document = json::parse(text, shallow, false);
  if (depth > kDeepest || !document.is_object() || document.value("format", json()) != kFormat) {
    throw Error(where, "is no plan", kExpected);
  }
  Members members(document, where);
  (void)members.at("format");
  if (const std::uint64_t version = members.count("version"); version != kPlanVersion) {
    throw Error(where, "is a plan of version " + std::to_string(version), kExpected);
  }
  Plan plan;
  plan.settings = members.sha256("settings");
  for (const json& one : members.list("recordings")) {
    Members recording(one, place(where, "recordings", plan.recordings.size()));
    PlanRecording& into = plan.recordings.emplace_back();
    into.path = recording.path("path");
    into.bytes = recording.count("bytes");
    into.records = recording.count("records");
    into.heads_sha256 = recording.sha256("heads_sha256");
    recording.no_more();
  }
  for (const json& one : members.list("parts")) {
    plan.parts.push_back(read_part(one, place(where, "parts", plan.parts.size()), plan.parts.size()));
  }
  for (const json& one : members.list("models")) {
    Members model(one, place(where, "models", plan.models.size()));
    PlanModel& into = plan.models.emplace_back();
    into.path = model.path("path");
    into.name = model.text("name");
    into.hash = model.text("hash");
    model.no_more();
  }
  const json& configuration = members.at("configuration");
  if (!configuration.is_object()) members.refuse("configuration", "an object");
  plan.configuration = json_text(configuration);
  members.no_more();
  check_cover(plan, where);
  if (to_json(plan) != text) throw Error(where, "is not canonical JSON", kExpected);
  return plan;
}

}  // namespace vigil::replay
