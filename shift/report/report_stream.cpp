#include "shift/report/report_stream.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "core/json_text.h"
#include "core/plain_text.h"
#include "shift/documents/histogram.h"
#include "shift/documents/json_values.h"
#include "shift/report/report_windows.h"
#include "shift/report/svg_axis.h"
#include "shift/report/svg_canvas.h"
#include "shift/report/svg_overlay.h"
#include "shift/report/svg_trend.h"

namespace vigil::shift {
namespace {

using alerting::RecordFilter;
using alerting::RecordRow;
using alerting::RecordTable;

class StreamSection {
 public:
  StreamSection(ReportPage& page, alerting::Record& record, const StreamReport& stream, const ReportSettings& settings)
      : page_(page), record_(record), s_(stream), settings_(settings), windows_(record, stream.run) {
    for (const alerting::Mark& mark : s_.marks) {
      if (mark.ls > s_.run.first_ls) marks_.push_back({mark.ls, mark_label(mark)});
    }
    RecordFilter oldest = of_run();
    oldest.oldest_first = true;
    oldest.limit = 1;
    const auto first = record_.rows(RecordTable::windows, oldest);
    if (!first.empty()) window_name_ = first.front().window;
  }

  void write() {
    page_.begin_section("class=\"stream\" data-model=\"" + escaped_markup(s_.run.model) + "\" data-stream=\"" +
                            escaped_markup(s_.run.stream) + "\"",
                        s_.run.model + " " + s_.run.stream);
    write_identity();
    write_trends();
    write_overlays();
    write_agreement();
    write_rates(page_, s_, marks_, settings_);
    page_.end_section();
  }

 private:
  RecordFilter of_run() const {
    RecordFilter filter;
    filter.model = s_.run.model;
    filter.stream = s_.run.stream;
    filter.run = s_.run.run;
    return filter;
  }

  void write_identity() {
    std::vector<std::pair<std::string, std::string>> facts;
    if (s_.model) {
      const ModelInfo& info = s_.model->info;
      facts.emplace_back("version", info.version.empty() ? "not stated" : info.version);
      if (!info.firmware.empty()) facts.emplace_back("firmware", info.firmware);
      if (!info.description.empty()) facts.emplace_back("description", info.description);
    }
    facts.emplace_back("model hash", s_.run.model_hash);
    facts.emplace_back("lumisections", ls_range(s_.run.first_ls, s_.run.last_ls));
    const std::string selection = text_at(s_.facts, "selection");
    if (s_.facts_are_of_run && !selection.empty()) facts.emplace_back("selection", selection);
    if (s_.facts_are_of_run && s_.facts.contains("budget") && s_.facts["budget"].is_object()) {
      const auto& budget = s_.facts["budget"];
      facts.emplace_back("false-alarm budget",
                         std::to_string(count_at(budget, "judged_ls")) + " lumisections judged, " +
                             std::to_string(count_at(budget, "pages")) + " pages (" +
                             short_value(number_at(budget, "expected_pages").value_or(0)) + " expected at most), " +
                             std::to_string(count_at(budget, "warnings")) + " warnings (" +
                             short_value(number_at(budget, "expected_warnings").value_or(0)) + ")");
    }
    page_.facts(facts);
    ReportPage::Table marks{"Conditions that changed", {"LS", "what", "from", "to"}};
    for (const alerting::Mark& mark : s_.marks) {
      marks.rows.push_back({std::to_string(mark.ls), mark.kind, mark.from.value_or("-"), mark.to.value_or("-")});
    }
    page_.table(marks);
    ReportPage::Table worst{"Monitors that were not good, each in its worst verdict",
                            {"monitor", "statistic", "quality", "window", "LS", "value", "limit", "reason"}};
    worst.most_rows = 200;
    for (const Finding& f : s_.findings) {
      worst.rows.push_back({f.row.monitor, f.row.statistic, in_capitals(f.row.quality), f.row.window,
                            std::to_string(f.row.first_ls) + "-" + std::to_string(f.row.last_ls), cell_number(f.value),
                            cell_number(f.limit), f.reason});
    }
    if (worst.rows.empty()) page_.paragraph(window_name_.empty() ? "No window closed." : "All monitors good.");
    page_.table(worst);
  }

  // Every word of every output, then every seed; without the model's description, what the verdicts name.
  std::vector<std::string> monitors_to_follow() const {
    std::vector<std::string> out;
    if (s_.model) {
      for (const Output& output : s_.model->info.outputs) {
        for (std::size_t word = 0; word < output.words; ++word) out.push_back(output.word_name(word));
      }
      for (const Seed& seed : s_.model->info.seeds) out.push_back("seed/" + seed.name);
      return out;
    }
    for (const RecordRow& row : record_.newest_verdicts(s_.run.model, s_.run.stream, s_.run.run)) {
      const bool is_one = !row.monitor.starts_with("input/") && !row.monitor.starts_with("mismatch/") &&
                          !row.monitor.starts_with("multivariate/") && row.window != kSequentialWindow;
      if (is_one && std::find(out.begin(), out.end(), row.monitor) == out.end()) out.push_back(row.monitor);
    }
    return out;
  }

  void write_trends() {
    page_.heading("Trends", 3);
    const std::vector<std::string> monitors = monitors_to_follow();
    if (window_name_.empty() || monitors.empty()) {
      page_.paragraph(window_name_.empty() ? "No window of this run closed." : "The model has no output.");
      return;
    }
    // One pass for all of them: a long run has many verdicts.
    std::map<std::string, Followed> followed;
    for (const std::string& monitor : monitors) followed[monitor];
    RecordFilter filter = of_run();
    filter.window = window_name_;
    for_each_row(record_, RecordTable::verdicts, filter, [&](const RecordRow& row) {
      const auto at = followed.find(row.monitor);
      if (at == followed.end()) return;
      Followed& one = at->second;
      if (one.points.empty()) one.statistic = row.statistic;
      if (row.statistic != one.statistic) return;
      const auto line = parsed_object(row.line);
      one.points.push_back({row.last_ls, row.quality, number_at(line, "value"), number_at(line, "limit")});
    });
    for (const std::string& monitor : monitors) write_trend(monitor, std::move(followed[monitor]));
  }

  struct Followed {
    std::string statistic;  // the first of its monitor
    std::vector<TrendPoint> points;
  };

  void write_trend(const std::string& monitor, Followed&& followed) {
    const std::string& statistic = followed.statistic;
    Trend trend;
    trend.points = std::move(followed.points);
    trend.first_ls = s_.run.first_ls;
    trend.last_ls = s_.run.last_ls;
    trend.title = "Trend of " + plain(monitor, 100) + ", " + (statistic.empty() ? "no statistic" : statistic);
    trend.y_name = plain(statistic, 24);
    trend.marks = marks_;
    trend.gaps = s_.scan.gaps;
    page_.figure(svg_trend(trend), plain(monitor, 200) + ", " + (statistic.empty() ? "not judged" : statistic) +
                                       ": window " + plain(window_name_, 60) + ", run " + std::to_string(s_.run.run) +
                                       " " + ls_range(s_.run.first_ls, s_.run.last_ls) + ", " +
                                       std::to_string(trend.points.size()) + " windows");
  }

  // The monitor that is drawn for a finding: of a seed the word that it cuts on.
  std::string drawn_monitor(const std::string& monitor) const {
    if (!s_.model || !monitor.starts_with("seed/")) return monitor;
    for (const Seed& seed : s_.model->info.seeds) {
      if ("seed/" + seed.name == monitor) return s_.model->info.outputs[seed.output].word_name(seed.word);
    }
    return monitor;
  }

  void write_overlays() {
    page_.heading("Distributions", 3);
    if (window_name_.empty()) return page_.paragraph("No window of this run closed.");
    struct Drawing {
      std::string monitor, window;
      std::optional<std::uint32_t> last_ls;
      Quality quality = Quality::unknown;
      std::string why;
    };
    std::vector<Drawing> drawings;
    std::set<std::tuple<std::string, std::string, std::uint32_t>> known;
    std::set<std::string> drawn;
    for (const Finding& f : s_.findings) {
      if (f.row.quality != Quality::medium && f.row.quality != Quality::bad) continue;
      if (f.row.window == kSequentialWindow) continue;  // a window tells what it looked like
      const std::string monitor = drawn_monitor(f.row.monitor);
      drawn.insert(f.row.monitor);
      if (!known.emplace(monitor, f.row.window, f.row.last_ls).second) continue;
      drawn.insert(monitor);
      drawings.push_back({monitor, f.row.window, f.row.last_ls, f.row.quality,
                          f.row.monitor + " " + f.row.statistic + ": " + f.reason});
    }
    // What only the rules of every lumisection called medium or bad: the newest window shows most of it.
    for (const Finding& f : s_.findings) {
      if (f.row.quality != Quality::medium && f.row.quality != Quality::bad) continue;
      if (!drawn.insert(f.row.monitor).second) continue;
      drawings.push_back({drawn_monitor(f.row.monitor),
                          window_name_,
                          {},
                          f.row.quality,
                          f.row.monitor + " " + f.row.statistic + ": " + f.reason});
    }
    if (s_.model) {
      for (const Output& output : s_.model->info.outputs) {
        for (std::size_t word = 0; word < output.words; ++word) {
          if (drawn.insert(output.word_name(word)).second) {
            drawings.push_back({output.word_name(word), window_name_, {}, Quality::unknown, {}});
          }
        }
      }
    }
    for (const Drawing& drawing : drawings) {
      write_overlay(drawing.monitor, windows_.open(drawing.window, drawing.last_ls), drawing.quality, drawing.why);
    }
    if (drawings.empty()) page_.paragraph("The journal does not describe the model, and nothing was medium or bad.");
  }

  void write_overlay(const std::string& monitor, const ReportWindow& opened, Quality quality, const std::string& why) {
    const RecordRow& row = opened.window.row;
    const std::string where = "window " + plain(row.window, 60) + " run " + std::to_string(s_.run.run) + " " +
                              ls_range(row.first_ls, row.last_ls);
    const std::string head = plain(monitor, 200) + (why.empty() ? "" : ": " + in_capitals(quality));
    page_.heading(head, 4);
    if (!why.empty()) page_.paragraph(why);
    if (!opened.summary) {
      page_.paragraph(where + ": cannot be drawn, " + opened.why_not, "quiet");
      return;
    }
    const auto histogram =
        compare_histograms(*opened.model, monitor, *opened.summary, opened.reference ? &*opened.reference : nullptr);
    if (!histogram) {
      page_.paragraph(where + ": it has no distribution of its own", "quiet");
      return;
    }
    std::string caption = where + ", " + std::to_string(histogram->window_events) +
                          (histogram->is_distance ? " events that differ" : " events");
    if (!histogram->is_distance) {
      caption += histogram->reference_counts.empty() ? "; compared with no reference yet"
                                                     : "; reference " + opened.reference_words;
    }
    page_.figure(svg_overlay(*histogram, plain(monitor, 80)), caption);
  }

  void write_agreement() {
    page_.heading("Agreement of hardware and emulator", 3);
    ReportPage::Table outputs{"Outputs: words of the hardware against the emulator's",
                              {"output", "compared", "mismatches", "fraction", "hardware above", "hardware below"}};
    std::uint64_t compared = 0;
    for (const auto& [name, a] : s_.scan.outputs) {
      compared += a.compared;
      outputs.rows.push_back({name, std::to_string(a.compared), std::to_string(a.mismatches), fraction(a),
                              std::to_string(a.one), std::to_string(a.other)});
    }
    ReportPage::Table seeds{
        "Seeds: decisions of the hardware against the emulator's",
        {"seed", "compared", "differ", "fraction", "hardware only", "emulator only", "hardware", "emulator"}};
    for (const auto& [name, a] : s_.scan.seeds) {
      compared += a.compared;
      seeds.rows.push_back({name, std::to_string(a.compared), std::to_string(a.mismatches), fraction(a),
                            std::to_string(a.one), std::to_string(a.other), std::to_string(a.hardware),
                            std::to_string(a.emulator)});
    }
    if (compared == 0) page_.paragraph("Neither words nor bits of the hardware came in this run.");
    page_.table(outputs);
    page_.table(seeds);
    write_crossings();
  }

  static std::string fraction(const Agreement& a) {
    if (a.compared == 0) return "-";
    return short_value(static_cast<double>(a.mismatches) / static_cast<double>(a.compared));
  }

  void write_crossings() {
    std::string name = window_name_;
    std::optional<std::uint32_t> last_ls;
    for (const Finding& f : s_.findings) {
      if (!f.row.monitor.starts_with("mismatch/") || f.row.quality == Quality::unknown) continue;
      if (f.row.window == kSequentialWindow) continue;
      name = f.row.window;
      last_ls = f.row.last_ls;
      break;
    }
    if (name.empty()) return;
    const ReportWindow& window = windows_.open(name, last_ls);
    const RecordRow& row = window.window.row;
    const std::string where = "window " + plain(row.window, 60) + " run " + std::to_string(s_.run.run) + " " +
                              ls_range(row.first_ls, row.last_ls);
    if (!window.summary) return page_.paragraph("Bunch crossings cannot be drawn: " + window.why_not, "quiet");
    page_.figure(svg_crossings(window.summary->events_per_bx, "Events by bunch crossing", false),
                 "Events by bunch crossing, " + where + ", " + std::to_string(window.summary->events) + " events");
    for (std::size_t i = 0; i < window.summary->outputs.size(); ++i) {
      const OutputSummary& output = window.summary->outputs[i];
      if (output.mismatches == 0) continue;
      const std::string output_name = plain(window.model->outputs[i].name, 100);
      page_.figure(svg_crossings(output.mismatches_per_bx, "Mismatches of " + output_name + " by bunch crossing", true),
                   "Mismatches of " + output_name + " by bunch crossing, " + where + ", " +
                       std::to_string(output.mismatches) + " of " + std::to_string(output.compared) + " compared");
    }
  }

  ReportPage& page_;
  alerting::Record& record_;
  const StreamReport& s_;
  const ReportSettings& settings_;
  std::string window_name_;  // the first that closed; empty: none did
  std::vector<TrendMark> marks_;
  ReportWindows windows_;
};

}  // namespace

std::string cell_number(const std::optional<double>& value) { return value ? json_text(json_number(value)) : "-"; }

std::string in_capitals(Quality quality) {
  std::string out(to_string(quality));
  for (char& c : out) c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string ls_range(std::uint32_t first_ls, std::uint32_t last_ls) {
  const std::string first = "LS " + std::to_string(first_ls);
  return first_ls == last_ls ? first : first + "-" + std::to_string(last_ls);
}

void write_stream_section(ReportPage& page, alerting::Record& record, const StreamReport& stream,
                          const ReportSettings& settings) {
  StreamSection(page, record, stream, settings).write();
}

}  // namespace vigil::shift
