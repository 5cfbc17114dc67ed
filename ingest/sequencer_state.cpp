// The sequencer's state as JSON, for the journal: after a kill the process goes on from the last committed lumisection.
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "core/lhc.h"
#include "ingest/saved_number.h"
#include "ingest/sequencer.h"

namespace vigil::ingest {
namespace {

using nlohmann::json;

constexpr int kVersion = 2;
using Counts = std::map<std::string, SourceCounts>;

// Every count of a source and its key: writer and reader go through this list.
template <class CountsOf, class Each>
void each_count(CountsOf& c, Each&& each) {
  each("batches", c.batches);
  each("missing", c.missing);
  each("duplicate", c.duplicate);
  each("late", c.late);
  each("rejected", c.rejected);
  each("dropped", c.dropped);
  each("restarts", c.restarts);
  each("ignored_annotations", c.ignored_annotations);
}

json counts_json(const Counts& counts) {
  json out = json::object();
  for (const auto& [name, c] : counts) {
    json& entry = out[name] = json::object();
    each_count(c, [&](const char* key, std::uint64_t count) { entry[key] = bounded_count(count); });
    entry["by"] = json::object();
    for (const auto& [cause, count] : c.rejected_by) entry["by"][cause] = bounded_count(count);
  }
  return out;
}

Counts counts_from(const json& in) {
  Counts out;
  for (const auto& [name, c] : in.items()) {
    SourceCounts& to = out[name];
    each_count(to, [&c = c](const char* key, std::uint64_t& count) { count = saved_count(c.at(key), key); });
    for (const auto& [cause, count] : c.at("by").items()) to.rejected_by[cause] = saved_count(count, "rejected");
  }
  return out;
}

std::uint32_t lumisection(const json& value, const char* what, std::uint32_t lowest = 0) {
  return saved_number<std::uint32_t>(value, what, lhc::kLastLumisection + 1, lowest);
}
json end_json(const BatchEnd& end) { return {end.run, end.last_orbit}; }
BatchEnd end_from(const json& in) {
  return {saved_number<std::uint32_t>(in.at(0), "run"), saved_number<std::uint32_t>(in.at(1), "orbit")};
}

json generation_json(const SourceHistory::Generation& generation) {
  const SequenceLog::State log = generation.log.state();
  json runs = json::array(), joined = json::array();
  for (const auto& [first, run] : log.runs) runs.push_back({first, run.last, run.end.run, run.end.last_orbit});
  for (const auto& [end, count] : log.joined) joined.push_back({end.run, end.last_orbit, bounded_count(count)});
  json out = {{"epoch", generation.epoch},   {"received", std::move(runs)},
              {"lost", to_saved(log.lost)},  {"excused", to_saved(log.excused)},
              {"joined", std::move(joined)}, {"index", generation.run_index_before}};
  if (log.before) out["before"] = end_json(*log.before);
  return out;
}

SourceHistory::Generation generation_from(const json& in) {
  SequenceLog::State log;
  if (in.contains("before")) log.before = end_from(in.at("before"));
  for (const json& r : in.at("received")) {
    const auto first = saved_number<std::uint64_t>(r.at(0), "seq");
    log.runs[first] = {saved_number<std::uint64_t>(r.at(1), "seq", ~std::uint64_t{0}, first),
                       {saved_number<std::uint32_t>(r.at(2), "run"), saved_number<std::uint32_t>(r.at(3), "orbit")}};
  }
  log.lost = saved_intervals(in.at("lost"), "lost seq");
  log.excused = saved_intervals(in.at("excused"), "excused seq");
  for (const json& j : in.at("joined")) log.joined.emplace_back(end_from(j), saved_count(j.at(2), "joined"));
  return {saved_number<std::uint64_t>(in.at("epoch"), "epoch"), SequenceLog(std::move(log)),
          saved_number<std::uint32_t>(in.at("index"), "index")};
}

json source_json(const SourceHistory& history) {
  const SourceHistory::State s = history.state();
  json generations = json::array();
  for (const auto& generation : s.generations) generations.push_back(generation_json(generation));
  return {{"generations", std::move(generations)},
          {"current", s.current},
          {"end", end_json(s.newest_end)},
          {"end_index", s.end_index},
          {"newest", {s.newest.run_index, s.newest.ls}},
          {"accepted", bounded_count(s.accepted)},
          {"owed", bounded_count(s.owed)},
          {"early", s.early}};
}

SourceHistory::State source_from(const json& in) {
  SourceHistory::State s;
  for (const json& generation : in.at("generations")) s.generations.push_back(generation_from(generation));
  s.accepted = saved_count(in.at("accepted"), "accepted");
  s.owed = saved_count(in.at("owed"), "owed");
  for (const json& e : in.at("early")) {
    s.early.emplace_back(saved_number<std::uint64_t>(e.at(0), "epoch"), saved_number<std::uint64_t>(e.at(1), "seq"));
  }
  if (s.accepted > 0 && s.generations.empty()) throw Error("saved state", "a source without epochs", "one at least");
  s.current =
      saved_number<std::size_t>(in.at("current"), "current", s.generations.empty() ? 0 : s.generations.size() - 1);
  s.newest_end = end_from(in.at("end"));
  s.end_index = saved_number<std::uint32_t>(in.at("end_index"), "end_index");
  s.newest = {saved_number<std::uint32_t>(in.at("newest").at(0), "index"), lumisection(in.at("newest").at(1), "ls")};
  return s;
}

json run_json(const OpenRun& r) {
  json open = json::array(), members = json::object();
  for (const auto& [ls, o] : r.open) {
    open.push_back({{"ls", ls}, {"counts", counts_json(o.counts)}, {"accounting", to_json(o.accounting)}});
  }
  for (const auto& [name, m] : r.members()) {
    members[name] = {{"first", m.first_ls},
                     {"newest", m.newest_ls},
                     {"heard", m.heard_ls},
                     {"expected", m.expected},
                     {"gone", m.gone}};
  }
  IntervalSet with_data;
  for (const std::uint32_t ls : r.with_data()) with_data.insert(ls, ls);
  return {{"run", r.run},
          {"index", r.index},
          {"selection", r.selection},
          {"start_ls", r.start_ls},
          {"next_ls", r.next_ls},
          {"newest_ls", r.newest_ls},
          {"any_closed", r.any_closed},
          {"members", std::move(members)},
          {"with_data", to_saved(with_data)},
          {"open", std::move(open)}};
}

OpenRun run_from(const json& in, std::uint32_t timeout_ls) {
  OpenRun run(saved_number<std::uint32_t>(in.at("run"), "run"), saved_number<std::uint32_t>(in.at("index"), "index"),
              timeout_ls);
  in.at("selection").get_to(run.selection);
  run.start_ls = lumisection(in.at("start_ls"), "start_ls", 1);
  run.next_ls = lumisection(in.at("next_ls"), "next_ls", run.start_ls);
  run.newest_ls = lumisection(in.at("newest_ls"), "newest_ls", run.start_ls);
  in.at("any_closed").get_to(run.any_closed);
  for (const json& o : in.at("open")) {
    OpenLumisection& open = run.open[lumisection(o.at("ls"), "ls", run.next_ls)];
    open.counts = counts_from(o.at("counts"));
    open.accounting = accounting_from_json(o.at("accounting").get<std::string>(), "sequencer state, lumisection");
  }
  std::map<std::string, OpenRun::Member> members;
  for (const auto& [name, m] : in.at("members").items()) {
    OpenRun::Member& to = members[name];
    to.first_ls = lumisection(m.at("first"), "first");
    to.newest_ls = lumisection(m.at("newest"), "newest", to.first_ls);
    to.heard_ls = lumisection(m.at("heard"), "heard");
    m.at("expected").get_to(to.expected);
    m.at("gone").get_to(to.gone);
  }
  std::vector<std::uint32_t> with_data;
  const IntervalSet closed_with_data = saved_intervals(in.at("with_data"), "with_data", run.next_ls);
  for (const auto& [first, last] : closed_with_data.intervals()) {
    for (std::uint64_t ls = first; ls <= last; ++ls) with_data.push_back(static_cast<std::uint32_t>(ls));
  }
  run.restore(std::move(members), std::move(with_data));
  return run;
}

}  // namespace

std::string Sequencer::save() const {
  json out = {{"version", kVersion},
              {"closed_runs", to_saved(closed_runs_)},
              {"next_run_index", next_run_index_},
              {"expected", settings_.expected_sources},
              {"pending", counts_json(pending_)},
              {"sources", json::object()},
              {"runs", json::array()}};
  for (const auto& [name, source] : sources_) out["sources"][name] = source_json(source.history);
  for (const OpenRun& run : runs_) out["runs"].push_back(run_json(run));
  return json_text(out);
}

void Sequencer::load(std::string_view text) {
  try {
    const json in = json::parse(text);
    if (in.at("version") != kVersion) {
      throw Error("sequencer state", "version " + json_text(in.at("version")), std::to_string(kVersion));
    }
    Sequencer empty(settings_);
    *this = std::move(empty);
    closed_runs_ = saved_intervals(in.at("closed_runs"), "closed_runs", ~0u);
    next_run_index_ = saved_number<std::uint32_t>(in.at("next_run_index"), "next_run_index");
    pending_ = counts_from(in.at("pending"));
    for (const auto& [name, s] : in.at("sources").items()) {
      const auto source = sources_.try_emplace(name).first;
      source->second.history.restore(source_from(s));
      by_age_.emplace(source->second.history.newest, source->first);
      note_continuation(source);
    }
    const bool as_before = in.at("expected").get<std::vector<std::string>>() == settings_.expected_sources;
    for (const json& r : in.at("runs")) {
      OpenRun& run = runs_.emplace_back(run_from(r, settings_.source_timeout_ls));
      if (as_before) continue;  // else who is expected is as the settings are now
      std::vector<std::string> expected;
      for (const auto& [name, member] : run.members()) {
        if (member.expected) expected.push_back(name);
      }
      for (const std::string& name : expected) run.expect_no_more(name);
      expect_sources(run);
    }
  } catch (const json::exception& e) {
    throw Error("sequencer state", e.what(), "what save() wrote");
  }
}

}  // namespace vigil::ingest
