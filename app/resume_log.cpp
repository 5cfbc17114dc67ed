#include "app/resume_log.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/json_text.h"

namespace vigil::app {
namespace {

using nlohmann::json;

json offsets_json(const ResumePoint::Offsets& offsets) {
  json out = json::array();
  for (const auto& [partition, offset] : offsets) out.push_back({partition, offset});
  return out;
}

ResumePoint::Offsets offsets_from(const json& in) {
  ResumePoint::Offsets out;
  for (const json& entry : in) out[entry.at(0).get<std::int32_t>()] = entry.at(1).get<std::int64_t>();
  return out;
}

}  // namespace

std::string ResumePoint::save() const {
  json out = {{"prefix", prefix},
              {"read_from", offsets_json(read_from)},
              {"known_to", offsets_json(known_to)},
              {"places", json::parse(places.save())}};
  if (unit) out["unit"] = {unit->partial, unit->taken};
  return json_text(out);
}

ResumePoint ResumePoint::load(std::string_view text) {
  try {
    const json in = json::parse(text);
    ResumePoint out;
    out.prefix = in.at("prefix").get<std::string>();
    out.read_from = offsets_from(in.at("read_from"));
    out.known_to = offsets_from(in.at("known_to"));
    out.places = ingest::StrandPlaces::load(json_text(in.at("places")));
    if (in.contains("unit")) out.unit = {in["unit"].at(0).get<std::int64_t>(), in["unit"].at(1).get<std::uint64_t>()};
    return out;
  } catch (const json::exception& e) {
    throw Error("position", e.what(), "a position in Kafka, as a monitor on Kafka writes it");
  }
}

std::uint64_t ResumeLog::taken(ResumeChange&& change) {
  const std::lock_guard lock(mutex_);
  changes_.push_back(std::move(change));
  return first_ + changes_.size();
}

std::string ResumeLog::position(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  for (; first_ < number && !changes_.empty(); ++first_) {
    ResumeChange& change = changes_.front();
    if (change.step) point_.places.apply(*change.step);
    for (const auto& [partition, offset] : change.read_from) point_.read_from[partition] = offset;
    for (const auto& [partition, offset] : change.known_to) point_.known_to[partition] = offset;
    if (change.unit) point_.unit = *change.unit;
    changes_.pop_front();
  }
  return point_.save();
}

std::int64_t ResumeLog::partials_offset() const {
  const std::lock_guard lock(mutex_);
  const auto found = point_.read_from.find(ingest::kBeside);
  return found == point_.read_from.end() ? -1 : found->second;
}

}  // namespace vigil::app
