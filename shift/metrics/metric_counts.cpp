#include "shift/metrics/metric_counts.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "shift/documents/json_values.h"

namespace vigil::shift {
namespace {

using alerting::RecordRow;
using alerting::RecordTable;
using nlohmann::json;

// Sources that a stream's sums are kept of; what a stream can know at a time.
constexpr std::size_t kSourcesKept = 4096;
constexpr std::array kQualities = {Quality::good, Quality::medium, Quality::bad, Quality::unknown};

}  // namespace

void MetricCounts::Source::add(const Source& more) {
  batches += more.batches;
  duplicate += more.duplicate;
  late += more.late;
  rejected += more.rejected;
  dropped += more.dropped;
  missing += more.missing;
  restarts += more.restarts;
}

MetricCounts::MetricCounts(alerting::Record& record, std::vector<std::string> windows)
    : record_(record), windows_(std::move(windows)) {
  for (const alerting::RecordedStream& known : record_.streams()) {
    Stream& stream = of(known.model, known.stream, known.model_hash);
    stream.run = known.run;
    alerting::RecordFilter newest;
    newest.model = known.model;
    newest.stream = known.stream;
    newest.limit = 1;
    for (const RecordRow& row : record_.rows(RecordTable::lumisections, newest)) take_lumisection(row, false);
    for (const RecordRow& row : record_.newest_verdicts(known.model, known.stream, known.run)) take_verdict(row);
  }
}

MetricCounts::Stream& MetricCounts::of(const std::string& model, const std::string& stream, const std::string& hash) {
  const auto [at, is_new] = streams_.try_emplace({model, stream});
  if (!is_new) return at->second;
  for (const std::string& window : windows_) at->second.windows[window];
  if (const auto known = record_.model(hash)) {
    for (const Output& output : known->info.outputs) at->second.comparisons[{"mismatch/" + output.name, false}];
    for (const Seed& seed : known->info.seeds) {
      at->second.comparisons[{"mismatch/" + seed.name, true}];
      at->second.seeds[seed.name];
    }
  }
  return at->second;
}

void MetricCounts::take(const News& news) {
  for (const RecordRow& row : news.lumisections) take_lumisection(row, true);
  for (const RecordRow& row : news.windows) {
    ++of(row.model, row.stream, row.model_hash).windows[row.window].at(static_cast<std::size_t>(row.quality));
  }
  for (const RecordRow& row : news.verdicts) take_verdict(row);
  for (const RecordRow& row : news.actions) {
    if (const auto kind = action_kind(text_at(parsed_object(row.line), "kind"))) {
      ++of(row.model, row.stream, row.model_hash).actions.at(static_cast<std::size_t>(*kind));
    }
  }
}

void MetricCounts::take_lumisection(const RecordRow& row, bool counts) {
  const json line = parsed_object(row.line);
  if (line.empty()) return;
  Stream& stream = of(row.model, row.stream, row.model_hash);
  if (row.run != stream.run) stream.newest.clear();
  stream.run = row.run;
  const std::uint64_t expected = count_at(line, "expected_orbits"), covered = count_at(line, "covered_orbits");
  stream.coverage = expected > 0 ? static_cast<double>(covered) / static_cast<double>(expected) : 0.0;
  // Who sent before is named from the start.
  const std::uint64_t one = counts ? 1 : 0;
  stream.lumisections += one;
  stream.events += one * count_at(line, "events");
  stream.crossings += one * count_at(line, "n_bx");
  stream.foreign += one * count_at(line, "wrong_model_events");
  stream.uncovered += one * (expected - std::min(expected, covered));
  const auto compare = [&](const std::string& name, const json& c, bool is_seed, const char* first,
                           const char* second) {
    Comparison& to = stream.comparisons[{"mismatch/" + name, is_seed}];
    to.compared += one * count_at(c, "compared");
    to.sides[0] += one * count_at(c, first);
    to.sides[1] += one * count_at(c, second);
  };
  for (const auto& [name, c] : object_at(line, "outputs").items()) {
    compare(name, c, false, "hardware_above", "hardware_below");
  }
  for (const auto& [name, c] : object_at(line, "seeds").items()) {
    compare(name, c, true, "hardware_only", "emulator_only");
    stream.seeds[name][0] += one * count_at(c, "hardware");
    stream.seeds[name][1] += one * count_at(c, "emulator");
  }
  for (const auto& [name, c] : object_at(line, "sources").items()) {
    const Source more{one * count_at(c, "batches"),  one * count_at(c, "duplicate"), one * count_at(c, "late"),
                      one * count_at(c, "rejected"), one * count_at(c, "dropped"),   one * count_at(c, "missing"),
                      one * count_at(c, "restarts")};
    const bool is_kept = stream.sources.contains(name) || stream.sources.size() < kSourcesKept;
    if (!is_kept && !stream.forgotten) stream.forgotten.emplace();
    (is_kept ? stream.sources[name] : *stream.forgotten).add(more);
  }
}

void MetricCounts::take_verdict(const RecordRow& row) {
  Stream& stream = of(row.model, row.stream, row.model_hash);
  const json line = parsed_object(row.line);
  // Windows of a run that ended close with the first lumisection of the next.
  if (line.empty() || row.run != stream.run) return;
  stream.newest[{row.window, row.monitor, row.statistic}] = {number_at(line, "value"), number_at(line, "limit"),
                                                             row.quality};
}

void MetricCounts::tell(MetricFamilies& out) const {
  for (const auto& [name, stream] : streams_) tell(out, name, stream);
}

void MetricCounts::tell(MetricFamilies& out, const Name& name, const Stream& stream) {
  const auto with = [&](MetricFamilies::Labels more) {
    more.insert(more.begin(), {{"model", name.first}, {"stream", name.second}});
    return more;
  };
  out.put("vigil_lumisections_total", with({}), stream.lumisections);
  out.put("vigil_events_total", with({}), stream.events);
  out.put("vigil_crossings_total", with({}), stream.crossings);
  out.put("vigil_foreign_events_total", with({}), stream.foreign);
  out.put("vigil_uncovered_orbits_total", with({}), stream.uncovered);
  if (stream.coverage) out.put("vigil_coverage_ratio", with({}), *stream.coverage);
  for (const auto& [window, counts] : stream.windows) {
    for (const Quality quality : kQualities) {
      out.put("vigil_windows_total", with({{"window", window}, {"quality", std::string(to_string(quality))}}),
              counts[static_cast<std::size_t>(quality)]);
    }
  }
  for (const auto& [compared, c] : stream.comparisons) {
    const auto& [monitor, is_seed] = compared;
    out.put("vigil_compared_events_total", with({{"monitor", monitor}}), c.compared);
    for (const std::size_t side : {0u, 1u}) {
      const char* const names[2][2] = {{"hardware_above", "hardware_below"}, {"hardware_only", "emulator_only"}};
      out.put("vigil_mismatches_total", with({{"monitor", monitor}, {"side", names[is_seed ? 1 : 0][side]}}),
              c.sides[side]);
    }
  }
  for (const auto& [seed, passes] : stream.seeds) {
    out.put("vigil_seed_passes_total", with({{"seed", seed}, {"by", "hardware"}}), passes[0]);
    out.put("vigil_seed_passes_total", with({{"seed", seed}, {"by", "emulator"}}), passes[1]);
  }
  for (std::size_t kind = 0; kind < kActionKinds; ++kind) {
    out.put("vigil_actions_total", with({{"kind", std::string(to_string(static_cast<ActionKind>(kind)))}}),
            stream.actions[kind]);
  }
  for (const auto& [rule, newest] : stream.newest) {
    const auto labels =
        with({{"window", std::get<0>(rule)}, {"monitor", std::get<1>(rule)}, {"statistic", std::get<2>(rule)}});
    const double quality = newest.quality == Quality::good     ? 0
                           : newest.quality == Quality::medium ? 1
                           : newest.quality == Quality::bad    ? 2
                                                               : std::nan("");
    if (newest.value) out.put("vigil_monitor_value", labels, *newest.value);
    if (newest.limit) out.put("vigil_monitor_limit", labels, *newest.limit);
    out.put("vigil_monitor_quality", labels, quality);
  }
  tell_sources(out, name, stream);
}

void MetricCounts::tell_sources(MetricFamilies& out, const Name& name, const Stream& stream) {
  std::map<std::string, Source> told;
  for (const auto& [source, counts] : told_sources(stream.sources)) told[source].add(*counts);
  if (stream.forgotten) told["other"].add(*stream.forgotten);
  for (const auto& [source, c] : told) {
    const MetricFamilies::Labels labels{{"model", name.first}, {"stream", name.second}, {"source", source}};
    const auto outcome = [&](const char* what, std::uint64_t count) {
      MetricFamilies::Labels with = labels;
      with.emplace_back("outcome", what);
      out.put("vigil_batches_total", with, count);
    };
    outcome("accepted", c.batches);
    outcome("duplicate", c.duplicate);
    outcome("late", c.late);
    outcome("rejected", c.rejected);
    outcome("dropped", c.dropped);
    out.put("vigil_batches_missing_total", labels, c.missing);
    out.put("vigil_source_restarts_total", labels, c.restarts);
  }
}

}  // namespace vigil::shift
