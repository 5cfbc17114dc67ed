// The sequencer's state as JSON, for the journal: after a kill the process goes on from the last committed lumisection.
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "ingest/sequencer.h"

namespace vigil::ingest {
namespace {

using nlohmann::json;

json intervals(const IntervalSet& set) {
  json out = json::array();
  for (const auto& [first, last] : set.intervals()) out.push_back({first, last});
  return out;
}

IntervalSet intervals(const json& in) {
  IntervalSet set;
  for (const json& pair : in) set.insert(pair.at(0).get<std::uint64_t>(), pair.at(1).get<std::uint64_t>());
  return set;
}

json counts_json(const std::map<std::string, SourceCounts>& counts) {
  json out = json::object();
  for (const auto& [name, c] : counts) {
    out[name] = {{"batches", c.batches},   {"missing", c.missing}, {"duplicate", c.duplicate}, {"late", c.late},
                 {"rejected", c.rejected}, {"dropped", c.dropped}, {"restarts", c.restarts},   {"by", c.rejected_by},
                 {"ignored_annotations", c.ignored_annotations}};
  }
  return out;
}

std::map<std::string, SourceCounts> counts_from(const json& in) {
  std::map<std::string, SourceCounts> out;
  for (const auto& [name, c] : in.items()) {
    SourceCounts& to = out[name];
    c.at("batches").get_to(to.batches);
    c.at("missing").get_to(to.missing);
    c.at("duplicate").get_to(to.duplicate);
    c.at("late").get_to(to.late);
    c.at("rejected").get_to(to.rejected);
    c.at("dropped").get_to(to.dropped);
    c.at("restarts").get_to(to.restarts);
    c.at("by").get_to(to.rejected_by);
    to.ignored_annotations = c.value("ignored_annotations", std::uint64_t{0});
  }
  return out;
}

json log_json(std::uint64_t epoch, const SequenceLog& log) {
  json runs = json::array();
  for (const auto& [first, run] : log.runs()) runs.push_back({first, run.last, run.end.run, run.end.last_orbit});
  json out = {{"epoch", epoch}, {"received", runs}, {"excused", intervals(log.excused())}};
  if (log.before()) out["before"] = {log.before()->run, log.before()->last_orbit};
  return out;
}

SequenceLog log_from(const json& in) {
  std::optional<BatchEnd> before;
  if (in.contains("before")) before = BatchEnd{in["before"].at(0), in["before"].at(1)};
  SequenceLog log(before);
  std::map<std::uint64_t, SequenceLog::Run> runs;
  for (const json& r : in.at("received")) runs[r.at(0)] = {r.at(1), {r.at(2), r.at(3)}};
  log.restore(std::move(runs), intervals(in.at("excused")));
  return log;
}

}  // namespace

std::string Sequencer::save() const {
  json out = {{"version", 1},
              {"closed_runs", closed_runs_},
              {"next_run_index", next_run_index_},
              {"pending", counts_json(pending_)},
              {"sources", json::object()},
              {"runs", json::array()}};
  for (const auto& [name, s] : sources_) {
    json logs = json::array();
    for (const auto& [epoch, log] : s.logs) logs.push_back(log_json(epoch, log));
    out["sources"][name] = {{"epoch", s.epoch},
                            {"logs", logs},
                            {"end", {s.newest_end.run, s.newest_end.last_orbit}},
                            {"newest", {s.newest.run_index, s.newest.ls}},
                            {"accepted", s.accepted}};
  }
  for (const Run& r : runs_) {
    json open = json::array();
    for (const auto& [ls, o] : r.open) {
      json orbits = json::object();
      for (const auto& [name, set] : o.orbits) orbits[name] = intervals(set);
      open.push_back({{"ls", ls}, {"counts", counts_json(o.counts)}, {"orbits", orbits}});
    }
    out["runs"].push_back({{"run", r.run},
                           {"index", r.index},
                           {"selection", r.selection},
                           {"next_ls", r.next_ls},
                           {"newest_ls", r.newest_ls},
                           {"any_closed", r.any_closed},
                           {"first_of", r.first_ls},
                           {"newest_of", r.newest_of},
                           {"open", open}});
  }
  return json_text(out);
}

void Sequencer::load(std::string_view text) {
  try {
    const json in = json::parse(text);
    if (in.at("version") != 1) throw Error("sequencer state", "version " + in.at("version").dump(), "1");
    in.at("closed_runs").get_to(closed_runs_);
    in.at("next_run_index").get_to(next_run_index_);
    pending_ = counts_from(in.at("pending"));
    sources_.clear();
    for (const auto& [name, s] : in.at("sources").items()) {
      SourceState& to = sources_[name];
      s.at("epoch").get_to(to.epoch);
      for (const json& log : s.at("logs")) to.logs.emplace(log.at("epoch").get<std::uint64_t>(), log_from(log));
      to.newest_end = {s.at("end").at(0), s.at("end").at(1)};
      to.newest = {s.at("newest").at(0), s.at("newest").at(1)};
      s.at("accepted").get_to(to.accepted);
    }
    runs_.clear();
    for (const json& r : in.at("runs")) {
      Run to;
      r.at("run").get_to(to.run);
      r.at("index").get_to(to.index);
      r.at("selection").get_to(to.selection);
      r.at("next_ls").get_to(to.next_ls);
      r.at("newest_ls").get_to(to.newest_ls);
      r.at("any_closed").get_to(to.any_closed);
      r.at("first_of").get_to(to.first_ls);
      r.at("newest_of").get_to(to.newest_of);
      for (const json& o : r.at("open")) {
        OpenLumisection& open = to.open[o.at("ls").get<std::uint32_t>()];
        open.counts = counts_from(o.at("counts"));
        for (const auto& [name, set] : o.at("orbits").items()) open.orbits[name] = intervals(set);
      }
      runs_.push_back(std::move(to));
    }
  } catch (const json::exception& e) {
    throw Error("sequencer state", e.what(), "what save() wrote");
  }
}

}  // namespace vigil::ingest
