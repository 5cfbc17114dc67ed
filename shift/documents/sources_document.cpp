#include "shift/documents/sources_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/json_text.h"
#include "shift/documents/families.h"
#include "shift/documents/json_values.h"
#include "shift/documents/live_table.h"
#include "shift/documents/selectors.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

ordered_json totals_json(const SourceCounts& c) {
  return {{"batches", c.batches}, {"covered_orbits", c.covered_orbits},
          {"missing", c.missing}, {"duplicate", c.duplicate},
          {"late", c.late},       {"rejected", c.rejected},
          {"dropped", c.dropped}, {"restarts", c.restarts}};
}

// The foremost orbit that any source of the run has reached.
std::uint64_t foremost_orbit(const LiveStream& live, std::uint32_t run) {
  std::uint64_t out = 0;
  for (const auto& [name, source] : live.sources) {
    if (source.run == run) out = std::max<std::uint64_t>(out, source.orbit);
  }
  return out;
}

struct SourceFacts {
  bool is_in_set = false, is_silent = false, has_losses = false, is_stale = false, is_shelved = false;
};

// What has stopped is stale, what never sent in this run is unknown, what lost something in the newest lumisection is
// medium.
State state_of(const SourceFacts& facts) {
  return facts.is_shelved                    ? State::shelved
         : facts.is_silent || facts.is_stale ? State::stale
         : facts.has_losses                  ? State::medium
         : facts.is_in_set                   ? State::good
                                             : State::unknown;
}

void add_sources(const Outlook& outlook, RunTotals& totals, const alerting::RecordedStream& stream,
                 const LiveTable& table, const Shelves& shelves, std::int64_t now_ns, ordered_json& out) {
  const RunSums sums = totals.of(*outlook.record, stream.model, stream.stream, stream.run);
  const ordered_json line = parsed_line(sums.newest_line);
  const ordered_json& newest = object_at(line, "sources");
  const LiveStream* live = table.find(stream.model, stream.stream);
  std::set<std::string> names;
  for (const auto& [name, counts] : sums.sources) names.insert(name);
  if (live != nullptr) {
    for (const auto& [name, source] : live->sources) names.insert(name);
  }
  std::uint32_t newest_run = stream.run;  // the next may have begun
  if (live != nullptr) {
    for (const auto& [name, source] : live->sources) newest_run = std::max(newest_run, source.run);
  }
  for (const std::string& name : names) {
    const auto at = newest.find(name);
    const ordered_json counts = at == newest.end() ? ordered_json() : *at;
    const LiveSource* now = nullptr;
    if (live != nullptr) {
      if (const auto found = live->sources.find(name); found != live->sources.end()) now = &found->second;
    }
    SourceFacts facts;
    facts.is_silent = counts.is_object() && counts.contains("silent_since_ls");
    facts.is_in_set = counts.is_object() && !facts.is_silent && !name.empty();
    for (const char* loss : {"missing", "late", "rejected", "dropped"}) {
      facts.has_losses |= counts.is_object() && count_at(counts, loss) > 0;
    }
    std::optional<double> age_s;
    ordered_json behind_orbits, run, ls;
    if (now != nullptr && now->newest_batch_ns) {
      age_s = std::max(0.0, static_cast<double>(now_ns - *now->newest_batch_ns) / 1e9);
      run = now->run;
      ls = now->ls;
      // Orbits of two runs have no distance.
      if (now->run == newest_run) behind_orbits = foremost_orbit(*live, newest_run) - now->orbit;
    }
    facts.is_stale = outlook.mode == Mode::live && age_s && *age_s > outlook.stale_after_s;
    facts.is_shelved = shelves.hold(stream.model, stream.stream, "source/" + name);
    const auto sum = sums.sources.find(name);
    const SourceCounts total = sum == sums.sources.end() ? SourceCounts() : sum->second;
    out.push_back({{"model", stream.model},
                   {"stream", stream.stream},
                   {"source", name},
                   {"state", to_string(state_of(facts))},
                   {"in_set", facts.is_in_set},
                   {"age_s", json_number(age_s)},
                   {"behind_orbits", std::move(behind_orbits)},
                   {"run", std::move(run)},
                   {"ls", std::move(ls)},
                   {"newest", counts},
                   {"totals", totals_json(total)},
                   {"rejected_by", total.rejected_by}});
  }
}

}  // namespace

ordered_json sources_document(const Outlook& outlook, RunTotals& totals, const Request& request) {
  const auto model = text_parameter(request, "model"), stream = text_parameter(request, "stream");
  const LiveTable live = live_table(outlook.record->live());
  Shelves shelves;
  if (outlook.desk != nullptr) {
    if (const alerting::DeskAnswer answer = outlook.desk->alarms(""); !answer.problem)
      shelves = shelves_of(answer.body);
  }
  ordered_json sources = ordered_json::array();
  for (const alerting::RecordedStream& one : outlook.record->streams()) {
    if ((model && *model != one.model) || (stream && *stream != one.stream)) continue;
    add_sources(outlook, totals, one, live, shelves, outlook.now_ns(), sources);
  }
  return {{"sources", std::move(sources)}};
}

}  // namespace vigil::shift
