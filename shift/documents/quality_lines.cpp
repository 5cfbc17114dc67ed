#include "shift/documents/quality_lines.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <utility>

#include "core/error.h"
#include "core/json_text.h"
#include "shift/documents/certification.h"

namespace vigil::shift {
namespace {

using alerting::RecordedRun;
using nlohmann::ordered_json;

using Spans = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  // ascending, apart, both ends included

// At most so many names of what there is.
constexpr std::size_t kNamed = 20;

template <class Names>
std::string listed(const Names& names) {
  std::string out;
  std::size_t n = 0;
  for (const auto& name : names) {
    if (++n > kNamed) return out + " and " + std::to_string(names.size() - kNamed) + " more";
    if (!out.empty()) out += ", ";
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(name)>>) {
      out += std::to_string(name);
    } else {
      out += shown(name);
    }
  }
  return out.empty() ? "none" : out;
}

[[noreturn]] void nothing_chosen(const std::string& file, const Selection& selection,
                                 const std::vector<RecordedRun>& all) {
  std::set<std::string> models, streams;
  std::set<std::uint32_t> runs;
  for (const RecordedRun& run : all) {
    models.insert(run.model);
    if (selection.model && *selection.model != run.model) continue;
    streams.insert(run.stream);
    if (selection.stream && *selection.stream != run.stream) continue;
    runs.insert(run.run);
  }
  if (selection.model && !models.contains(*selection.model)) {
    throw Error(file, "no model " + shown(*selection.model), "one of those it holds: " + listed(models));
  }
  if (selection.stream && !streams.contains(*selection.stream)) {
    throw Error(file, "no stream " + shown(*selection.stream), "one of those it holds: " + listed(streams));
  }
  throw Error(file, "no run " + std::to_string(selection.run.value_or(0)), "one of those it holds: " + listed(runs));
}

// What is in both.
Spans common(const Spans& a, const Spans& b) {
  Spans out;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const std::uint32_t first = std::max(a[i].first, b[j].first), last = std::min(a[i].second, b[j].second);
    if (first <= last) out.emplace_back(first, last);
    (a[i].second < b[j].second ? i : j) += 1;
  }
  return out;
}

Spans accepted(const std::vector<QualityRange>& ranges, bool accept_medium) {
  Spans out;
  for (const QualityRange& range : ranges) {
    if (range.quality != Quality::good && !(accept_medium && range.quality == Quality::medium)) continue;
    if (!out.empty() && out.back().second + 1 == range.first_ls) {
      out.back().second = range.last_ls;
    } else {
      out.emplace_back(range.first_ls, range.last_ls);
    }
  }
  return out;
}

std::vector<QualityRange> certified(alerting::Record& record, const RecordedRun& run) {
  return certify(record, run.model, run.stream, run.run, run.last_ls);
}

}  // namespace

std::vector<RecordedRun> selected_runs(alerting::Record& record, const Selection& selection) {
  alerting::RecordFilter everything;
  everything.limit = INT64_MAX;
  const std::vector<RecordedRun> all = record.runs(everything);
  std::map<std::tuple<std::uint32_t, std::string, std::string>, RecordedRun> chosen;
  for (const RecordedRun& run : all) {
    if (selection.model && *selection.model != run.model) continue;
    if (selection.stream && *selection.stream != run.stream) continue;
    if (selection.run && *selection.run != run.run) continue;
    const auto [at, is_new] = chosen.try_emplace({run.run, run.model, run.stream}, run);
    if (is_new) continue;
    RecordedRun& whole = at->second;
    whole.first_ls = std::min(whole.first_ls, run.first_ls);
    whole.last_ls = std::max(whole.last_ls, run.last_ls);
    whole.lumisections += run.lumisections;
    whole.newest_seq = std::max(whole.newest_seq, run.newest_seq);
  }
  if (chosen.empty() && (!all.empty() || selection.run)) nothing_chosen(record.file(), selection, all);
  std::vector<RecordedRun> out;
  for (auto& [key, run] : chosen) out.push_back(std::move(run));
  return out;
}

std::string quality_lines(alerting::Record& record, const Selection& selection) {
  std::string out;
  for (const RecordedRun& run : selected_runs(record, selection)) {
    for (const QualityRange& range : certified(record, run)) {
      out += json_text(ordered_json{{"type", "quality"},
                                    {"model", run.model},
                                    {"stream", run.stream},
                                    {"run", run.run},
                                    {"first_ls", range.first_ls},
                                    {"last_ls", range.last_ls},
                                    {"quality", to_string(range.quality)},
                                    {"causes", range.causes}}) +
             "\n";
    }
  }
  return out;
}

std::string golden_json(alerting::Record& record, const Selection& selection, bool accept_medium) {
  const std::vector<RecordedRun> runs = selected_runs(record, selection);
  std::set<std::pair<std::string, std::string>> streams;
  // With a run chosen the streams are still all that the journal knows: one that says nothing of the run is no witness.
  for (const RecordedRun& run : selected_runs(record, {selection.model, selection.stream, {}})) {
    streams.emplace(run.model, run.stream);
  }
  struct Golden {
    Spans spans;
    std::size_t streams = 0;
  };
  std::map<std::uint32_t, Golden> golden;
  for (const RecordedRun& run : runs) {
    Golden& of_run = golden[run.run];
    const Spans spans = accepted(certified(record, run), accept_medium);
    of_run.spans = of_run.streams++ == 0 ? spans : common(of_run.spans, spans);
  }
  ordered_json out = ordered_json::object();
  for (const auto& [run, of_run] : golden) {
    if (of_run.streams < streams.size() || of_run.spans.empty()) continue;
    ordered_json spans = ordered_json::array();
    for (const auto& [first, last] : of_run.spans) spans.push_back({first, last});
    out[std::to_string(run)] = std::move(spans);
  }
  return json_text(out) + "\n";
}

}  // namespace vigil::shift
