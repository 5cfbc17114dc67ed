#include "shift/documents/run_totals.h"

#include <algorithm>

#include "shift/documents/json_values.h"

namespace vigil::shift {
namespace {

constexpr std::size_t kAtOnce = 1000;

void add_line(RunSums& sums, const alerting::RecordRow& row) {
  const nlohmann::json line = parsed_object(row.line);
  ++sums.lumisections;
  sums.events += count_at(line, "events");
  sums.wrong_model_events += count_at(line, "wrong_model_events");
  const std::uint64_t expected = count_at(line, "expected_orbits"), covered = count_at(line, "covered_orbits");
  sums.uncovered_orbits += expected - std::min(expected, covered);
  // What lies between two lines without one was seen by nobody.
  if (sums.last_ls > 0 && row.last_ls > sums.last_ls + 1) add_gap(sums.gaps, sums.last_ls + 1, row.last_ls - 1);
  if (covered == 0) add_gap(sums.gaps, row.last_ls, row.last_ls);
  if (sums.first_ls == 0) sums.first_ls = row.last_ls;
  sums.last_ls = std::max(sums.last_ls, row.last_ls);
  for (auto& [name, source] : sums.sources) source.silent_since_ls.reset();
  for (const auto& [name, counts] : object_at(line, "sources").items()) {
    add_counts(sums.all, counts);
    SourceCounts& source = sums.sources[name];
    add_counts(source, counts);
    if (counts.contains("silent_since_ls")) {
      source.silent_since_ls = static_cast<std::uint32_t>(count_at(counts, "silent_since_ls"));
    }
  }
  for (const char* part : {"outputs", "seeds"}) {
    for (const auto& [name, counts] : object_at(line, part).items()) {
      sums.has_hardware |= count_at(counts, "compared") > 0 || count_at(counts, "bits_compared") > 0;
    }
  }
  sums.newest_seq = row.seq;
  sums.newest_line = row.line;
}

}  // namespace

void add_gap(LumisectionRanges& gaps, std::uint32_t first, std::uint32_t last) {
  if (first > last) return;
  if (!gaps.empty() && gaps.back().second + 1 == first) {
    gaps.back().second = last;
  } else {
    gaps.emplace_back(first, last);
  }
}

void add_counts(SourceCounts& sums, const nlohmann::json& counts) {
  if (!counts.is_object()) return;
  sums.batches += count_at(counts, "batches");
  sums.covered_orbits += count_at(counts, "covered_orbits");
  sums.missing += count_at(counts, "missing");
  sums.duplicate += count_at(counts, "duplicate");
  sums.late += count_at(counts, "late");
  sums.rejected += count_at(counts, "rejected");
  sums.dropped += count_at(counts, "dropped");
  sums.restarts += count_at(counts, "restarts");
  sums.ignored_annotations += count_at(counts, "ignored_annotations");
  for (const auto& [cause, n] : object_at(counts, "rejected_by").items()) {
    if (n.is_number_unsigned()) sums.rejected_by[cause] += n.get<std::uint64_t>();
  }
}

RunSums RunTotals::of(alerting::Record& record, const std::string& model, const std::string& stream,
                      std::uint32_t run) {
  const Key key{model, stream, run};
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(kept_.begin(), kept_.end(), [&](const auto& kept) { return kept.first == key; });
  if (at != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, at);
  } else {
    kept_.emplace_front(key, RunSums());
    if (kept_.size() > kRuns) kept_.pop_back();
  }
  RunSums& sums = kept_.front().second;
  alerting::RecordFilter filter;
  filter.model = model;
  filter.stream = stream;
  filter.run = run;
  filter.oldest_first = true;
  filter.limit = kAtOnce;
  for (;;) {
    filter.after = sums.newest_seq;
    const auto rows = record.rows(alerting::RecordTable::lumisections, filter);
    for (const alerting::RecordRow& row : rows) add_line(sums, row);
    if (rows.size() < kAtOnce) return sums;
  }
}

std::int64_t RunTotals::first_seen_ns(const std::string& model, const std::string& stream, std::uint32_t run,
                                      std::uint32_t ls, std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  Seen& seen = seen_[{model, stream}];
  if (seen.at_ns == 0 || seen.run != run || seen.ls != ls) seen = {run, ls, now_ns};
  return seen.at_ns;
}

}  // namespace vigil::shift
