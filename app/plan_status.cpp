#include "app/plan_status.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"
#include "replay/part_file.h"

namespace vigil::app {
namespace {

constexpr std::size_t kShownBad = 10;

// Empty: it is part `number` of this plan.
std::string foreign(const replay::PartHeader& header, const replay::PlanFile& plan, std::uint32_t number) {
  if (header.plan != plan.sha256) return "of plan " + header.plan + ", expected " + plan.sha256;
  if (header.settings != plan.plan.settings) {
    return "of settings " + header.settings + ", expected " + plan.plan.settings;
  }
  if (header.part != number || header.parts != plan.plan.parts.size()) {
    return fmt::format("part {} of {}, expected {} of {}", header.part, header.parts, number, plan.plan.parts.size());
  }
  return {};
}

}  // namespace

std::string in_ranges(const std::vector<std::uint32_t>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    out += (out.empty() ? "" : ", ") + std::to_string(numbers[i]);
    if (last > i) out += "-" + std::to_string(numbers[last]);
    i = last + 1;
  }
  return out;
}

bool is_plan_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  return std::ifstream(path, std::ios::binary).peek() == '{';
}

std::string plan_status(const replay::PlanFile& plan, bool json) {
  std::vector<std::uint32_t> done, missing;
  std::vector<std::pair<std::uint32_t, std::string>> bad;
  std::uint64_t events = 0, events_done = 0;
  for (const replay::PlanPart& part : plan.plan.parts) {
    events += part.events;
    const std::filesystem::path file = replay::part_path(plan.path, part.part);
    std::error_code error;
    if (std::filesystem::symlink_status(file, error).type() == std::filesystem::file_type::not_found) {
      missing.push_back(part.part);
      continue;
    }
    std::string reason;
    try {
      reason = foreign(replay::check_part(file), plan, part.part);
      if (!reason.empty()) reason = file.string() + ": " + reason;
    } catch (const Error& e) {
      reason = e.what();
    }
    if (reason.empty()) {
      done.push_back(part.part);
      events_done += part.events;
    } else {
      bad.emplace_back(part.part, reason);
    }
  }
  if (json) {
    nlohmann::ordered_json out = {{"parts", plan.plan.parts.size()}, {"done", done}, {"missing", missing}};
    out["bad"] = nlohmann::ordered_json::array();
    for (const auto& [number, reason] : bad) out["bad"].push_back({{"part", number}, {"reason", reason}});
    out["events"] = events;
    out["events_done"] = events_done;
    return json_text(out) + "\n";
  }
  std::string out =
      fmt::format("{} of {} parts, {} of {} events\n", done.size(), plan.plan.parts.size(), events_done, events);
  if (!missing.empty()) out += "missing parts " + in_ranges(missing) + "\n";
  for (std::size_t i = 0; i < bad.size() && i < kShownBad; ++i) {
    out += fmt::format("bad part {}: {}\n", bad[i].first, escaped(bad[i].second));
  }
  if (bad.size() > kShownBad) out += fmt::format("and {} bad parts more\n", bad.size() - kShownBad);
  return out;
}

}  // namespace vigil::app
