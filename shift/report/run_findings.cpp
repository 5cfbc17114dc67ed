#include "shift/report/run_findings.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "core/json_text.h"
#include "core/plain_text.h"
#include "core/shown.h"
#include "shift/documents/certification.h"
#include "shift/documents/histogram.h"
#include "shift/documents/json_values.h"
#include "shift/documents/run_totals.h"

namespace vigil::shift {
namespace {

using alerting::RecordFilter;
using alerting::RecordRow;
using alerting::RecordTable;
using nlohmann::ordered_json;

// bad, medium, unknown: what was never known says least.
int badness(Quality quality) { return quality == Quality::good ? -1 : static_cast<int>(quality); }

double excess(const Finding& finding) {
  if (!finding.value || !finding.limit || *finding.limit == 0) return 0;
  return *finding.value / *finding.limit;
}

RecordFilter of_run(const std::string& model, const std::string& stream, std::uint32_t run) {
  RecordFilter filter;
  filter.model = model;
  filter.stream = stream;
  filter.run = run;
  return filter;
}

std::vector<Finding> worst_first(std::map<std::pair<std::string, std::string>, Finding>&& found) {
  std::vector<Finding> out;
  for (auto& [key, finding] : found) out.push_back(std::move(finding));
  std::stable_sort(out.begin(), out.end(), [](const Finding& a, const Finding& b) { return is_worse(a, b); });
  return out;
}

using Found = std::map<std::pair<std::string, std::string>, Finding>;

void take(Found& found, const RecordRow& row) {
  if (row.quality == Quality::good) return;
  Finding next = finding_of(row);
  const auto [at, is_new] = found.try_emplace({row.monitor, row.statistic}, next);
  Finding& kept = at->second;
  const std::uint64_t bad = (is_new ? 0 : kept.bad) + (row.quality == Quality::bad ? 1 : 0);
  const std::uint64_t medium = (is_new ? 0 : kept.medium) + (row.quality == Quality::medium ? 1 : 0);
  if (!is_new && is_worse(next, kept)) kept = std::move(next);
  kept.bad = bad;
  kept.medium = medium;
}

}  // namespace

Finding finding_of(const RecordRow& verdict) {
  const auto line = parsed_object(verdict.line);
  return {verdict, number_at(line, "value"), number_at(line, "limit"), number_at(line, "p_value"),
          text_at(line, "reason")};
}

bool is_worse(const Finding& a, const Finding& b) {
  if (badness(a.row.quality) != badness(b.row.quality)) return badness(a.row.quality) > badness(b.row.quality);
  return excess(a) > excess(b);
}

std::vector<Finding> findings_of_run(alerting::Record& record, const std::string& model, const std::string& stream,
                                     std::uint32_t run, bool with_sequential) {
  Found found;
  RecordFilter filter = of_run(model, stream, run);
  filter.qualities = {Quality::medium, Quality::bad};
  for_each_row(record, RecordTable::verdicts, filter, [&](const RecordRow& row) {
    if (with_sequential || row.window != kSequentialWindow) take(found, row);
  });
  // What is unknown to the last may have been known before.
  for (const RecordRow& row : record.newest_verdicts(model, stream, run)) {
    if (row.quality != Quality::unknown || found.contains({row.monitor, row.statistic})) continue;
    if (!with_sequential && row.window == kSequentialWindow) continue;
    RecordFilter good = of_run(model, stream, run);
    good.monitor = row.monitor;
    good.statistic = row.statistic;
    good.qualities = {Quality::good};
    good.limit = 1;
    if (record.rows(RecordTable::verdicts, good).empty()) take(found, row);
  }
  return worst_first(std::move(found));
}

std::vector<Finding> findings_among(const std::vector<RecordRow>& verdicts) {
  Found found;
  for (const RecordRow& row : verdicts) take(found, row);
  return worst_first(std::move(found));
}

bool Losses::has_any() const {
  return all.missing + all.late + all.duplicate + all.rejected + all.dropped + wrong_model_events > 0 ||
         covered_orbits < expected_orbits;
}

void add_losses(Losses& losses, const nlohmann::json& line) {
  ++losses.lumisections;
  losses.events += count_at(line, "events");
  losses.wrong_model_events += count_at(line, "wrong_model_events");
  losses.expected_orbits += count_at(line, "expected_orbits");
  losses.covered_orbits += count_at(line, "covered_orbits");
  for (const auto& [name, counts] : object_at(line, "sources").items()) {
    add_counts(losses.all, counts);
    SourceCounts& source = losses.sources[name];
    add_counts(source, counts);
    if (counts.is_object() && counts.contains("silent_since_ls")) {
      source.silent_since_ls = static_cast<std::uint32_t>(count_at(counts, "silent_since_ls"));
    }
  }
}

Losses losses_of(alerting::Record& record, const RecordFilter& filter) {
  Losses out;
  for_each_row(record, RecordTable::lumisections, filter,
               [&](const RecordRow& row) { add_losses(out, parsed_object(row.line)); });
  return out;
}

std::vector<ActionStory> actions_of(alerting::Record& record, const RecordFilter& filter) {
  std::vector<ActionStory> out;
  std::map<std::string, std::size_t> by_id;
  for_each_row(record, RecordTable::actions, filter, [&](const RecordRow& row) {
    ActionStory story;
    story.row = row;
    story.line = parsed_line(row.line);
    by_id[text_at(story.line, "id")] = out.size();
    out.push_back(std::move(story));
  });
  if (out.empty()) return out;
  constexpr std::size_t kPage = 1000;
  for (std::int64_t after = 0;;) {
    const auto page = record.changes_after(after, kPage);
    for (const alerting::RecordedChange& change : page) {
      after = change.seq;
      const auto at = by_id.find(change.action_id);
      if (at == by_id.end()) continue;
      ActionStory& story = out[at->second];
      // Only a change of state says from what to what.
      const auto detail = parsed_object(change.detail);
      if (detail.contains("to") && detail.contains("from")) story.state = text_at(detail, "to");
      story.changes.push_back(change);
    }
    if (page.size() < kPage) return out;
  }
}

ordered_json context_at(alerting::Record& record, const std::string& model, const std::string& stream,
                        std::uint32_t run, std::uint32_t ls) {
  ordered_json out = {{"fill", nullptr},      {"menu", nullptr},   {"prescale_column", nullptr},
                      {"beam_mode", nullptr}, {"pileup", nullptr}, {"filling_scheme", nullptr}};
  for (const alerting::RecordedStream& known : record.streams()) {
    if (known.model != model || known.stream != stream) continue;
    const ordered_json facts = parsed_line(known.facts);
    for (const auto& [key, value] : object_at(facts, "context").items()) out[key] = value;
    if (known.run != run || known.ls != ls) out["pileup"] = nullptr;  // it has no marks
  }
  RecordFilter filter;
  filter.model = model;
  filter.stream = stream;
  filter.limit = INT64_MAX;
  std::vector<alerting::Mark> later;
  std::set<std::uint32_t> seen;
  for (const alerting::RecordedRun& one : record.runs(filter)) {  // newest first
    if (!seen.insert(one.run).second) continue;
    for (alerting::Mark& mark : record.marks(model, stream, one.run)) {
      if (one.run != run || mark.ls > ls) later.push_back(std::move(mark));
    }
    if (one.run == run) break;
  }
  std::sort(later.begin(), later.end(), [](const auto& a, const auto& b) { return a.seq > b.seq; });
  for (const alerting::Mark& mark : later) {
    if (!out.contains(mark.kind)) continue;
    out[mark.kind] = mark.from ? ordered_json(*mark.from) : ordered_json();
  }
  return out;
}

std::string reference_in_words(const alerting::RecordedWindow& window) {
  const std::string name = plain(window.reference_name);
  if (window.reference.empty()) return name.empty() ? "none" : name + ", not complete";
  const auto document = parsed_line(window.reference);
  const auto& json = entry_of(document);
  std::string out = name.empty() ? "unnamed" : name;
  std::size_t named = 0;
  if (const auto ranges = json.find("ranges"); ranges != json.end() && ranges->is_array()) {
    for (const auto& range : *ranges) {
      if (!range.is_array() || range.size() != 3 || ++named > 8) continue;
      out += ", run " + json_text(range[0]) + " LS " + json_text(range[1]) + "-" + json_text(range[2]);
    }
    if (named > 8) out += " and " + std::to_string(named - 8) + " more";
  }
  return out + ", " + std::to_string(count_at(object_at(json, "summary"), "events")) + " events";
}

}  // namespace vigil::shift
