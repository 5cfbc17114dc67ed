#include "shift/report/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/json_text.h"
#include "core/lhc.h"
#include "core/plain_text.h"
#include "core/utc_time.h"
#include "shift/documents/json_values.h"
#include "shift/report/masked.h"
#include "shift/report/report_page.h"
#include "shift/report/report_stream.h"
#include "shift/report/svg_strip.h"

namespace vigil::shift {
namespace {

using alerting::RecordedRun;
using nlohmann::ordered_json;

StreamReport read_stream(alerting::Record& record, const RecordedRun& run) {
  StreamReport out;
  out.run = run;
  out.model = record.model(run.model_hash);
  for (const alerting::RecordedStream& stream : record.streams()) {
    if (stream.model != run.model || stream.stream != run.stream) continue;
    out.facts = parsed_line(stream.facts);
    out.facts_are_of_run = stream.run == run.run;
  }
  out.scan = scan_run(record, run);
  out.quality = certify(record, run.model, run.stream, run.run, run.last_ls);
  out.findings = findings_of_run(record, run.model, run.stream, run.run, true);
  out.marks = record.marks(run.model, run.stream, run.run);
  std::stable_sort(out.marks.begin(), out.marks.end(), [](const auto& a, const auto& b) { return a.ls < b.ls; });
  return out;
}

std::string name_of(const StreamReport& s) { return plain(s.run.model, 200) + " " + plain(s.run.stream, 200); }

Quality worst_of(const StreamReport& s) {
  Quality worst = Quality::unknown;
  for (const QualityRange& range : s.quality) worst = std::max(worst, range.quality);
  return worst;
}

// When the data of a lumisection began; nothing where the start of the run is not known.
std::string data_time(const StreamReport& s, std::uint32_t ls) {
  const auto start = s.facts_are_of_run ? s.facts.find("run_start_ns") : s.facts.end();
  if (start == s.facts.end() || !start->is_number_unsigned()) return {};
  return rfc3339(start->get<std::int64_t>() + static_cast<std::int64_t>(ls * lhc::kLumisectionSeconds * 1e9));
}

std::string text_of(const ordered_json& value) {
  return value.is_null() ? "not stated" : value.is_string() ? value.get<std::string>() : json_text(value);
}

void write_summary(ReportPage& page, alerting::Record& record, const std::vector<StreamReport>& streams,
                   std::size_t actions) {
  const RecordedRun& first = streams.front().run;
  page.begin_section("id=\"summary\"", "Summary");
  Quality worst = Quality::unknown;
  std::uint64_t events = 0;
  std::uint32_t first_ls = UINT32_MAX, last_ls = 0;
  bool simulated = false;
  for (const StreamReport& s : streams) {
    worst = std::max(worst, worst_of(s));
    events += s.scan.losses.events;
    first_ls = std::min(first_ls, s.run.first_ls);
    last_ls = std::max(last_ls, s.run.last_ls);
    simulated |= s.facts_are_of_run && text_at(s.facts, "origin") == "simulation";
  }
  if (simulated) page.paragraph("SIMULATION", "banner");
  const ordered_json context = context_at(record, first.model, first.stream, first.run, first.last_ls);
  std::vector<std::pair<std::string, std::string>> facts{
      {"run", std::to_string(first.run)},    {"fill", text_of(value_at(context, "fill"))},
      {"worst quality", in_capitals(worst)}, {"lumisections", ls_range(first_ls, last_ls)},
      {"events", std::to_string(events)},    {"actions", std::to_string(actions)}};
  const std::string begin = data_time(streams.front(), streams.front().run.first_ls - 1);
  facts.emplace_back("times", begin.empty() ? "the start of the run is not known"
                                            : begin + " to " + data_time(streams.front(), streams.front().run.last_ls));
  facts.emplace_back("menu", text_of(value_at(context, "menu")));
  facts.emplace_back("filling scheme", text_of(value_at(context, "filling_scheme")));
  page.facts(facts);
  page.raw("<figure>" + svg_quality_legend() + "</figure>\n");
  ReportPage::Table table{
      "Streams, and how many lumisections are of each quality",
      {"model", "stream", "version", "model hash", "quality", "LS", "events", "good", "medium", "bad", "unknown"}};
  for (const StreamReport& s : streams) {
    std::uint64_t counts[4] = {};
    for (const QualityRange& r : s.quality) counts[static_cast<std::size_t>(r.quality)] += r.last_ls - r.first_ls + 1;
    table.rows.push_back(
        {s.run.model, s.run.stream, s.model ? s.model->info.version : "-", s.run.model_hash, in_capitals(worst_of(s)),
         std::to_string(s.run.first_ls) + "-" + std::to_string(s.run.last_ls), std::to_string(s.scan.losses.events),
         std::to_string(counts[1]), std::to_string(counts[2]), std::to_string(counts[3]), std::to_string(counts[0])});
  }
  page.table(table);
  page.end_section();
}

void write_quality(ReportPage& page, const std::vector<StreamReport>& streams) {
  page.begin_section("id=\"quality\"", "Quality");
  page.paragraph(
      "The quality of a lumisection is the worst known quality of the windows that hold it; what no window holds, or "
      "none knows, is unknown, never good.",
      "quiet");
  for (const StreamReport& s : streams) {
    page.heading(name_of(s), 3);
    page.figure(svg_quality_strip(s.quality, "Quality of " + name_of(s) + " by lumisection"),
                "bad is full height, medium two thirds, good a third, unknown a line");
    ReportPage::Table table{"Lumisections by quality", {"LS", "number", "quality", "causes"}};
    for (const QualityRange& range : s.quality) {
      std::string causes;
      for (const std::string& cause : range.causes) causes += (causes.empty() ? "" : ", ") + cause;
      table.rows.push_back({std::to_string(range.first_ls) + "-" + std::to_string(range.last_ls),
                            std::to_string(range.last_ls - range.first_ls + 1), in_capitals(range.quality), causes});
    }
    page.table(table);
  }
  page.end_section();
}

void write_action(ReportPage& page, const ActionStory& action) {
  const ordered_json& line = action.line;
  const std::string subject = text_at(line, "subject");
  page.heading(text_at(line, "kind") + (subject.empty() ? "" : " " + plain(subject, 100)) + ": " + action.state, 3);
  page.facts({{"id", text_at(line, "id")},
              {"stream", plain(action.row.model, 100) + " " + plain(action.row.stream, 100)},
              {"lumisections",
               "run " + std::to_string(action.row.run) + " " + ls_range(action.row.first_ls, action.row.last_ls)},
              {"cause", text_at(line, "cause")},
              {"reason", text_at(line, "reason")},
              {"proposal", json_text(value_at(line, "proposal"))}});
  ReportPage::Table evidence{"Evidence", {"monitor", "statistic", "value", "limit", "reason"}};
  evidence.most_rows = 40;
  if (const auto all = line.find("evidence"); all != line.end() && all->is_array()) {
    for (const auto& one : *all) {
      evidence.rows.push_back({text_at(one, "monitor"), text_at(one, "statistic"), cell_number(number_at(one, "value")),
                               cell_number(number_at(one, "limit")), text_at(one, "reason")});
    }
  }
  page.table(evidence);
  ReportPage::Table history{"What became of it", {"time", "what", "by", "reason", "detail"}};
  history.most_rows = 100;
  for (const alerting::RecordedChange& change : action.changes) {
    history.rows.push_back({rfc3339(change.at_ns), change.verb, change.actor, change.reason, change.detail});
  }
  page.table(history);
}

void write_actions(ReportPage& page, const std::vector<ActionStory>& actions) {
  constexpr std::size_t kWhole = 200;
  page.begin_section("id=\"actions\"", "Actions");
  if (actions.empty()) page.paragraph("None was proposed in this run.");
  for (std::size_t i = 0; i < std::min(actions.size(), kWhole); ++i) write_action(page, actions[i]);
  if (actions.size() > kWhole) page.paragraph("and " + std::to_string(actions.size() - kWhole) + " more", "quiet");
  page.end_section();
}

void write_losses(ReportPage& page, const std::vector<StreamReport>& streams) {
  page.begin_section("id=\"losses\"", "Losses");
  for (const StreamReport& s : streams) {
    const Losses& losses = s.scan.losses;
    page.heading(name_of(s), 3);
    const double covered = losses.expected_orbits == 0 ? 0
                                                       : 100.0 * static_cast<double>(losses.covered_orbits) /
                                                             static_cast<double>(losses.expected_orbits);
    std::uint64_t without = 0;
    for (const auto& [first, last] : s.scan.gaps) without += last - first + 1;
    page.facts(
        {{"orbits covered", std::to_string(losses.covered_orbits) + " of " + std::to_string(losses.expected_orbits) +
                                ", " + json_text(json_number(std::round(covered * 1e4) / 1e4)) + " %"},
         {"lumisections without any orbit", std::to_string(without)},
         {"events of another model", std::to_string(losses.wrong_model_events)}});
    ReportPage::Table table{"Batches by source",
                            {"source", "batches", "missing", "late", "duplicate", "rejected", "dropped", "restarts",
                             "silent since LS", "rejected by"}};
    for (const auto& [name, c] : losses.sources) {
      std::string causes;
      for (const auto& [cause, n] : c.rejected_by)
        causes += (causes.empty() ? "" : ", ") + cause + " " + std::to_string(n);
      table.rows.push_back({name.empty() ? "(of no known source)" : name, std::to_string(c.batches),
                            std::to_string(c.missing), std::to_string(c.late), std::to_string(c.duplicate),
                            std::to_string(c.rejected), std::to_string(c.dropped), std::to_string(c.restarts),
                            c.silent_since_ls ? std::to_string(*c.silent_since_ls) : "-", causes});
    }
    page.table(table);
  }
  page.end_section();
}

void write_provenance(ReportPage& page, alerting::Record& record, const std::vector<StreamReport>& streams,
                      const ReportSettings& settings, std::map<std::string, std::string>& meta) {
  page.begin_section("id=\"provenance\"", "Provenance");
  const std::string& file = record.file();
  page.facts(
      {{"report by", "vigil " + settings.version},
       {"journal written by", meta.contains("version") ? "vigil " + meta["version"] : "a vigil that did not say"},
       {"journal", file.substr(file.find_last_of('/') + 1)},
       {"rows", std::to_string(record.newest_seq(alerting::RecordTable::lumisections)) + " lumisections, " +
                    std::to_string(record.newest_seq(alerting::RecordTable::windows)) + " windows, " +
                    std::to_string(record.newest_seq(alerting::RecordTable::verdicts)) + " verdicts, " +
                    std::to_string(record.newest_seq(alerting::RecordTable::actions)) + " actions, " +
                    std::to_string(record.newest_change()) + " audit rows"}});
  ReportPage::Table table{"Models and references",
                          {"model", "stream", "model hash", "format", "window", "LS", "reference"}};
  for (const StreamReport& s : streams) {
    const auto windows = record.newest_windows(s.run.model, s.run.stream, s.run.run);
    for (const alerting::RecordRow& row : windows) {
      const auto window = record.window(row.model, row.stream, row.window, row.run, row.last_ls);
      table.rows.push_back({row.model, row.stream, row.model_hash, s.model ? s.model->info.format : "-", row.window,
                            std::to_string(row.first_ls) + "-" + std::to_string(row.last_ls),
                            window ? reference_in_words(*window) : "none"});
    }
    if (windows.empty()) {
      table.rows.push_back(
          {s.run.model, s.run.stream, s.run.model_hash, s.model ? s.model->info.format : "-", "-", "-", "none"});
    }
  }
  page.table(table);
  page.end_section();
}

}  // namespace

std::string html_report(alerting::Record& record, const Selection& selection, const ReportSettings& settings) {
  std::vector<StreamReport> streams;
  for (const RecordedRun& run : selected_runs(record, selection)) streams.push_back(read_stream(record, run));
  std::vector<ActionStory> actions;
  std::set<std::string> ids;
  for (const StreamReport& s : streams) {
    alerting::RecordFilter filter;
    filter.model = s.run.model;
    filter.stream = s.run.stream;
    filter.run = s.run.run;
    for (ActionStory& story : actions_of(record, filter)) actions.push_back(std::move(story));
  }
  std::stable_sort(actions.begin(), actions.end(), [](const auto& a, const auto& b) { return a.row.seq < b.row.seq; });

  ReportPage page("vigil: run " + std::to_string(*selection.run));
  write_summary(page, record, streams, actions.size());
  write_quality(page, streams);
  for (const StreamReport& s : streams) write_stream_section(page, record, s, settings);
  write_actions(page, actions);
  write_losses(page, streams);
  auto meta = record.meta();
  page.begin_section("id=\"configuration\"", "Configuration");
  page.preformatted(meta.contains("configuration") ? masked_yaml(meta["configuration"]) : "not in the journal");
  page.end_section();
  write_provenance(page, record, streams, settings, meta);
  return page.str();
}

}  // namespace vigil::shift
