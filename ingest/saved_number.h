// Numbers of a saved state (docs/results.md, Closing): the bound of each is stated here or where it is read, and holds
// for writer and reader alike, so that what was written can always be read. Used by the states of this room.
// Tests: tests/ingest/sequencer_refusal_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/interval_set.h"
#include "core/json_text.h"

namespace vigil::ingest {

// Of everything that is counted. Far above what a run can hold, and exact wherever JSON is read.
inline constexpr std::uint64_t kMostCount = std::uint64_t{1} << 53;

// A count as it is written: a larger one stays at the bound.
inline std::uint64_t bounded_count(std::uint64_t count) { return std::min(count, kMostCount); }

// An unsigned integer in lowest..highest. Throws Error naming `what`, with what was found and expected.
template <class T>
T saved_number(const nlohmann::json& value, const char* what, std::uint64_t highest = std::numeric_limits<T>::max(),
               std::uint64_t lowest = 0) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > highest || value.get<std::uint64_t>() < lowest) {
    throw Error("saved state", std::string(what) + " = " + json_text(value).substr(0, 60),
                "an integer in " + std::to_string(lowest) + ".." + std::to_string(highest));
  }
  return static_cast<T>(value.get<std::uint64_t>());
}
inline std::uint64_t saved_count(const nlohmann::json& value, const char* what) {
  return saved_number<std::uint64_t>(value, what, kMostCount);
}

inline nlohmann::json to_saved(const IntervalSet& set) {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& [first, last] : set.intervals()) out.push_back({first, last});
  return out;
}
inline IntervalSet saved_intervals(const nlohmann::json& in, const char* what,
                                   std::uint64_t highest = std::numeric_limits<std::uint64_t>::max()) {
  IntervalSet set;
  for (const nlohmann::json& pair : in) {
    const auto first = saved_number<std::uint64_t>(pair.at(0), what, highest);
    set.insert(first, saved_number<std::uint64_t>(pair.at(1), what, highest, first));
  }
  return set;
}

}  // namespace vigil::ingest
