#include "ingest/context_tracker.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "core/lhc.h"
#include "ingest/saved_number.h"

namespace vigil::ingest {
namespace {
constexpr std::size_t kMostValues = 16;  // two already make a lumisection mixed
constexpr std::size_t kMostRuns = 8;
constexpr const char* kModelHash = "model_hash";
constexpr const char* kPrescaleColumn = "prescale_column";
}  // namespace

void ContextTracker::add(const EventBatch& batch, const std::string& loaded_hash) {
  Stated& stated = open_[{batch.run, batch.ls}];
  stated.first_covered = std::min(stated.first_covered, batch.first_orbit);
  const auto state = [&](const char* key, const std::string& value) {
    Values& values = stated.keys[key];
    const auto it = values.find(value);
    if (it != values.end()) {
      it->second.first = std::min(it->second.first, batch.first_orbit);
      it->second.second = std::max(it->second.second, batch.first_orbit);
    } else if (values.size() < kMostValues) {
      values.emplace(value, std::pair(batch.first_orbit, batch.first_orbit));
    }
  };
  const Context& c = batch.context;
  if (c.menu) state("menu", *c.menu);
  if (c.prescale_column) state(kPrescaleColumn, std::to_string(*c.prescale_column));
  if (c.beam_mode) state("beam_mode", *c.beam_mode);
  state("selection", batch.selection);
  if (batch.model_hash) {
    state(kModelHash, *batch.model_hash);
  } else if (batch.n > 0) {
    state(kModelHash, loaded_hash);
  }
  const auto annotate = [&](const char* key, const std::string& value) {
    auto& newest = stated.annotations[key];
    newest = std::max(newest, std::pair(batch.first_orbit, value));
  };
  if (c.fill) annotate("fill", std::to_string(*c.fill));
  if (c.pileup) annotate("pileup", json_text(nlohmann::json(*c.pileup)));
  if (c.filling_scheme) annotate("filling_scheme", *c.filling_scheme);
  if (c.origin) annotate("origin", *c.origin);
  if (c.run_start_ns) {
    run_start_ns_[batch.run] = *c.run_start_ns;
    if (run_start_ns_.size() > kMostRuns) {
      const auto oldest =
          run_start_ns_.begin()->first == batch.run ? std::next(run_start_ns_.begin()) : run_start_ns_.begin();
      run_start_ns_.erase(oldest);
    }
  }
}

LumisectionContext ContextTracker::close(std::uint32_t run, std::uint32_t ls) {
  LumisectionContext context;
  const auto it = open_.find({run, ls});
  if (it != open_.end()) {
    for (const auto& [key, values] : it->second.keys) {
      if (values.empty()) continue;
      std::uint32_t first_stated = ~0u;
      const std::string* newest = &values.begin()->first;
      std::uint32_t newest_orbit = 0;
      for (const auto& [value, orbits] : values) {
        first_stated = std::min(first_stated, orbits.first);
        if (orbits.second >= newest_orbit) {
          newest = &value;
          newest_orbit = orbits.second;
        }
      }
      // Orbits before the first statement still had the carried value; a model hash goes with its own batch only.
      const auto carried = carried_.find(key);
      const bool kept_old = key != kModelHash && carried != carried_.end() && first_stated > it->second.first_covered &&
                            !values.contains(carried->second);
      if (values.size() > 1 || kept_old) context.mixed = true;
      if (key == kPrescaleColumn) {
        for (const auto& [value, orbits] : values) context.prescale_columns.push_back(std::stoll(value));
        if (kept_old) context.prescale_columns.push_back(std::stoll(carried->second));
      }
      carried_[key] = *newest;
    }
    for (const auto& [key, newest] : it->second.annotations) annotations_[key] = newest.second;
    open_.erase(it);
  }
  nlohmann::json key = carried_;
  context.key = json_text(key);
  const auto found = [](const std::map<std::string, std::string>& in, const char* name) {
    const auto known = in.find(name);
    return known == in.end() ? std::nullopt : std::optional(known->second);
  };
  const auto carried = [&](const char* name) { return found(carried_, name); };
  context.model_hash = carried(kModelHash).value_or("");
  context.menu = carried("menu");
  context.beam_mode = carried("beam_mode");
  context.selection = carried("selection").value_or(context.selection);
  if (const auto column = carried(kPrescaleColumn)) context.prescale_column = std::stoll(*column);
  if (context.prescale_columns.empty() && context.prescale_column) {
    context.prescale_columns.push_back(*context.prescale_column);
  }
  if (const auto fill = found(annotations_, "fill")) context.fill = std::stoull(*fill);
  if (const auto pileup = found(annotations_, "pileup")) context.pileup = std::stod(*pileup);
  context.filling_scheme = found(annotations_, "filling_scheme");
  context.origin = found(annotations_, "origin");
  if (const auto start = run_start_ns_.find(run); start != run_start_ns_.end()) context.run_start_ns = start->second;
  return context;
}

std::string ContextTracker::save() const {
  nlohmann::json out = {{"carried", carried_},
                        {"annotations", annotations_},
                        {"run_start_ns", nlohmann::json::array()},
                        {"open", nlohmann::json::array()}};
  for (const auto& [run, ns] : run_start_ns_) out["run_start_ns"].push_back({run, ns});
  for (const auto& [where, stated] : open_) {
    nlohmann::json keys = nlohmann::json::object();
    for (const auto& [key, values] : stated.keys) {
      for (const auto& [value, orbits] : values) keys[key].push_back({value, orbits.first, orbits.second});
    }
    out["open"].push_back({{"run", where.first},
                           {"ls", where.second},
                           {"first", stated.first_covered},
                           {"keys", keys},
                           {"annotations", stated.annotations}});
  }
  return json_text(out);
}

void ContextTracker::load(std::string_view text) {
  try {
    const auto in = nlohmann::json::parse(text);
    carried_ = in.at("carried").get<std::map<std::string, std::string>>();
    annotations_ = in.value("annotations", std::map<std::string, std::string>());
    if (annotations_.contains("fill")) (void)std::stoull(annotations_["fill"]);
    if (annotations_.contains("pileup")) (void)std::stod(annotations_["pileup"]);
    run_start_ns_.clear();
    for (const auto& pair : in.at("run_start_ns")) {
      run_start_ns_[saved_number<std::uint32_t>(pair.at(0), "run")] =
          saved_number<std::uint64_t>(pair.at(1), "run_start_ns");
    }
    open_.clear();
    for (const auto& o : in.at("open")) {
      Stated& stated = open_[{saved_number<std::uint32_t>(o.at("run"), "run"),
                              saved_number<std::uint32_t>(o.at("ls"), "ls", lhc::kLastLumisection)}];
      stated.first_covered = saved_number<std::uint32_t>(o.at("first"), "first");
      stated.annotations = o.value("annotations", Newest());
      for (const auto& [key, values] : o.at("keys").items()) {
        for (const auto& v : values) {
          stated.keys[key][v.at(0).get<std::string>()] = {saved_number<std::uint32_t>(v.at(1), "orbit"),
                                                          saved_number<std::uint32_t>(v.at(2), "orbit")};
        }
      }
    }
  } catch (const nlohmann::json::exception& e) {
    throw Error("context state", e.what(), "what save() wrote");
  } catch (const std::logic_error& e) {  // of a number
    throw Error("context state", e.what(), "what save() wrote");
  }
}

}  // namespace vigil::ingest
