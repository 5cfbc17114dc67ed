#include "ingest/strand_places.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "ingest/saved_number.h"

namespace vigil::ingest {
namespace {

constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();

std::int32_t kind_of(std::int32_t partition) {
  return partition == kBeside ? StrandId::kOfWorker : StrandId::kInFrames;
}

std::int32_t saved_partition(const nlohmann::json& value, std::int32_t lowest) {
  if (!value.is_number_integer() || value.get<std::int64_t>() < lowest || value.get<std::int64_t>() > INT32_MAX) {
    throw Error("saved state", "partition = " + json_text(value).substr(0, 60), "a partition");
  }
  return value.get<std::int32_t>();
}

nlohmann::json or_null(std::optional<std::uint32_t> value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

std::optional<std::uint32_t> saved_or_null(const nlohmann::json& value, const char* what) {
  if (value.is_null()) return {};
  return saved_number<std::uint32_t>(value, what);
}

}  // namespace

bool is_strand_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

void StrandPlaces::apply(const StrandStep& step) {
  for (const SessionBegin& each : step.begins) begin(each);
  take(step.strand, step.next, step.run, step.ls);
  for (const StrandId& each : step.over) end(each);
}

bool StrandPlaces::begin(const SessionBegin& begin) {
  const std::int32_t kind = kind_of(begin.partition);
  Sessions& sessions = names_[{begin.name, kind}];
  if (begin.session <= sessions.over) return false;
  bool changes = begin.by_mark && strands_.try_emplace({begin.name, begin.session, kind}).second;
  auto& begins = sessions.begins[begin.partition];
  const auto later = begins.lower_bound(begin.session);
  if (later != begins.end() && later->second <= begin.offset) return changes;
  // What began before this one, but lies behind it, ends nothing that this one does not end.
  auto first = later;
  while (first != begins.begin() && std::prev(first)->second >= begin.offset) --first;
  begins.erase(first, later);
  begins.insert_or_assign(begin.session, begin.offset);
  return true;
}

void StrandPlaces::end(const StrandId& strand) {
  Sessions& sessions = names_[{strand.name, strand.partition}];
  sessions.over = std::max(sessions.over, strand.session);
  for (auto each = strands_.lower_bound({strand.name, 0, StrandId::kOfWorker});
       each != strands_.end() && each->first.name == strand.name && each->first.session <= strand.session;) {
    each = each->first.partition == strand.partition ? strands_.erase(each) : std::next(each);
  }
  for (auto& [partition, begins] : sessions.begins) begins.erase(begins.begin(), begins.upper_bound(strand.session));
}

bool StrandPlaces::take(const StrandId& strand, std::uint64_t next, std::optional<std::uint32_t> run,
                        std::optional<std::uint32_t> ls) {
  strands_[strand] = {next, run, ls};
  if (!run || (!runs_.empty() && runs_.front() == *run)) return false;
  const auto known = std::find(runs_.begin(), runs_.end(), *run);
  if (known != runs_.end()) {
    std::rotate(runs_.begin(), known, std::next(known));
    return false;
  }
  runs_.insert(runs_.begin(), *run);
  if (runs_.size() > kMostRuns) runs_.pop_back();
  return true;
}

bool StrandPlaces::has_begun(std::uint32_t run) const {
  return std::find(runs_.begin(), runs_.end(), run) != runs_.end();
}

const StrandPlaces::Sessions* StrandPlaces::sessions_of(const StrandId& strand) const {
  const auto found = names_.find({strand.name, strand.partition});
  return found == names_.end() ? nullptr : &found->second;
}

std::uint64_t StrandPlaces::over(const StrandId& strand) const {
  const Sessions* const sessions = sessions_of(strand);
  return sessions == nullptr ? 0 : sessions->over;
}

std::optional<std::int64_t> StrandPlaces::end_in(const StrandId& strand, std::int32_t partition) const {
  const Sessions* const sessions = sessions_of(strand);
  if (sessions == nullptr) return {};
  const auto begins = sessions->begins.find(partition);
  if (begins == sessions->begins.end()) return {};
  const auto later = begins->second.upper_bound(strand.session);
  if (later == begins->second.end()) return {};
  return later->second;
}

bool StrandPlaces::has_begun_in(const StrandId& strand, std::int32_t partition) const {
  const Sessions* const sessions = sessions_of(strand);
  if (sessions == nullptr) return false;
  const auto begins = sessions->begins.find(partition);
  return begins != sessions->begins.end() && begins->second.lower_bound(strand.session) != begins->second.end();
}

std::map<std::int32_t, std::int64_t> StrandPlaces::last_begins() const {
  std::map<std::int32_t, std::int64_t> last;
  for (const auto& [name, sessions] : names_) {
    for (const auto& [partition, begins] : sessions.begins) {
      if (begins.empty()) continue;
      const std::int64_t offset = begins.rbegin()->second;
      const auto [known, is_new] = last.try_emplace(partition, offset);
      known->second = std::max(known->second, offset);
    }
  }
  return last;
}

std::string StrandPlaces::save() const {
  nlohmann::json strands = nlohmann::json::array(), names = nlohmann::json::array();
  for (const auto& [id, place] : strands_) {
    strands.push_back({id.name, id.session, id.partition, place.next, or_null(place.run), or_null(place.ls)});
  }
  for (const auto& [name, sessions] : names_) {
    nlohmann::json begins = nlohmann::json::array();
    for (const auto& [partition, in_it] : sessions.begins) {
      for (const auto& [session, offset] : in_it) begins.push_back({partition, session, offset});
    }
    names.push_back({name.first, name.second, sessions.over, std::move(begins)});
  }
  return json_text(nlohmann::json{{"version", 1}, {"strands", strands}, {"names", names}, {"runs", runs_}});
}

StrandPlaces StrandPlaces::load(std::string_view text) try {
  const nlohmann::json in = nlohmann::json::parse(text);
  if (in.at("version") != 1) {
    throw Error("saved state", "version = " + json_text(in.at("version")).substr(0, 60), "1");
  }
  StrandPlaces places;
  for (const nlohmann::json& each : in.at("strands")) {
    const StrandId id{each.at(0).get<std::string>(), saved_number<std::uint64_t>(each.at(1), "session"),
                      saved_partition(each.at(2), StrandId::kOfWorker)};
    places.strands_[id] = {saved_number<std::uint64_t>(each.at(3), "next"), saved_or_null(each.at(4), "run"),
                           saved_or_null(each.at(5), "ls")};
  }
  for (const nlohmann::json& each : in.at("names")) {
    Sessions& sessions =
        places.names_[{each.at(0).get<std::string>(), saved_partition(each.at(1), StrandId::kOfWorker)}];
    sessions.over = saved_number<std::uint64_t>(each.at(2), "over");
    for (const nlohmann::json& begin : each.at(3)) {
      const auto session = saved_number<std::uint64_t>(begin.at(1), "session", kHighest, 1);
      sessions.begins[saved_partition(begin.at(0), kBeside)][session] =
          static_cast<std::int64_t>(saved_number<std::uint64_t>(begin.at(2), "offset", INT64_MAX));
    }
  }
  for (const nlohmann::json& run : in.at("runs")) {
    places.runs_.push_back(saved_number<std::uint32_t>(run, "run"));
    if (places.runs_.size() > kMostRuns) throw Error("saved state", "too many runs", std::to_string(kMostRuns));
  }
  return places;
} catch (const nlohmann::json::exception& e) {
  throw Error("saved state", e.what(), "places of strands");
}

}  // namespace vigil::ingest
