#include "shift/report/elog.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "core/json_text.h"
#include "core/plain_text.h"
#include "shift/documents/certification.h"
#include "shift/documents/json_values.h"
#include "shift/report/run_findings.h"

namespace vigil::shift {
namespace {

using alerting::RecordFilter;
using alerting::RecordRow;
using alerting::RecordTable;
using nlohmann::ordered_json;

constexpr std::size_t kWhole = std::string_view::npos;
constexpr std::size_t kMostActions = 20;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

// What the text is about, and what its lines are made of.
struct Subject {
  std::string model, stream, model_hash;
  std::uint32_t run = 0, first_ls = 0, last_ls = 0;
  Quality quality = Quality::unknown;
  std::string reference;
  std::string nothing_known;  // in place of `all monitors good` where that would be said of nothing
};

std::string first_line(const Subject& s, std::size_t width) {
  return "vigil: " + upper(to_string(s.quality)) + " " + plain(s.model, width) + " " + plain(s.stream, width) +
         " run " + std::to_string(s.run) + " LS " + std::to_string(s.first_ls) + "-" + std::to_string(s.last_ls) + "\n";
}

std::string number(const std::optional<double>& value) { return value ? json_text(json_number(value)) : "-"; }

std::string finding_line(const Finding& f, const Subject& s, std::size_t width) {
  std::string out = plain(f.row.monitor, width) + " " + plain(f.row.statistic, width) + ": " +
                    std::string(to_string(f.row.quality)) + ", value " + number(f.value) + ", limit " + number(f.limit);
  const bool elsewhere = f.row.first_ls != s.first_ls || f.row.last_ls != s.last_ls;
  if (elsewhere || f.row.window == kSequentialWindow) {
    out += ", " + plain(f.row.window, width) + " LS " + std::to_string(f.row.first_ls) + "-" +
           std::to_string(f.row.last_ls);
  }
  return out + ": " + plain(f.reason, width == kWhole ? kWhole : width * 2) + "\n";
}

std::string context_line(const ordered_json& context, std::size_t width) {
  std::string out;
  const std::pair<const char*, const char*> names[] = {
      {"fill", "fill"},           {"menu", "menu"},      {"prescale_column", "prescale column"},
      {"beam_mode", "beam mode"}, {"pileup", "pile-up"}, {"filling_scheme", "filling scheme"}};
  for (const auto& [key, name] : names) {
    const ordered_json value = value_at(context, key);
    if (value.is_null()) continue;
    out += (out.empty() ? "" : ", ") + std::string(name) + " " +
           plain(value.is_string() ? value.get<std::string>() : json_text(value), width);
  }
  return "context: " + (out.empty() ? "not stated" : out) + "\n";
}

std::string losses_line(const Losses& losses) {
  if (!losses.has_any()) return "losses: none\n";
  std::string out;
  const auto add = [&](const char* name, std::uint64_t n) {
    if (n > 0) out += (out.empty() ? "" : ", ") + std::to_string(n) + " " + name;
  };
  add("batches missing", losses.all.missing);
  add("late", losses.all.late);
  add("duplicate", losses.all.duplicate);
  add("rejected", losses.all.rejected);
  add("dropped", losses.all.dropped);
  add("events of another model", losses.wrong_model_events);
  add("orbits uncovered", losses.expected_orbits - std::min(losses.expected_orbits, losses.covered_orbits));
  std::vector<std::string> silent;
  for (const auto& [name, counts] : losses.sources) {
    if (counts.silent_since_ls) silent.push_back(name);
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(silent.size(), 4); ++i) {
    out += (out.empty() ? "" : ", ") + ("source " + plain(silent[i], 40)) + " silent";
  }
  if (silent.size() > 4) out += ", " + std::to_string(silent.size() - 4) + " more silent";
  return "losses: " + out + "\n";
}

std::string actions_line(const std::vector<ActionStory>& actions) {
  if (actions.empty()) return "actions: none\n";
  std::string out;
  for (std::size_t i = 0; i < std::min(actions.size(), kMostActions); ++i) {
    const ordered_json& line = actions[i].line;
    const std::string subject = text_at(line, "subject");
    out += (i == 0 ? "" : ", ") + plain(text_at(line, "kind"), 24) + (subject.empty() ? "" : " " + plain(subject, 40)) +
           " " + plain(actions[i].state, 24) + " " + plain(text_at(line, "id"), 40);
  }
  if (actions.size() > kMostActions) out += " and " + std::to_string(actions.size() - kMostActions) + " more";
  return "actions: " + out + "\n";
}

RecordFilter lumisections_of(const Subject& s) {
  RecordFilter filter;
  filter.model = s.model;
  filter.stream = s.stream;
  filter.run = s.run;
  filter.first_ls = s.first_ls;
  filter.last_ls = s.last_ls;
  return filter;
}

// Everything at a width of names; `most`: bytes, lines of monitors are left out first.
std::string composed(alerting::Record& record, const Subject& s, const std::vector<Finding>& findings,
                     const std::string& permalink, std::size_t most) {
  const auto model = record.model(s.model_hash);
  const ordered_json context = context_at(record, s.model, s.stream, s.run, s.last_ls);
  const Losses losses = losses_of(record, lumisections_of(s));
  const std::vector<ActionStory> actions = actions_of(record, lumisections_of(s));
  for (const std::size_t width : {kWhole, std::size_t{120}, std::size_t{40}, std::size_t{12}}) {
    std::string tail = "model: " + plain(s.model, width) + " " +
                       plain(model && !model->info.version.empty() ? model->info.version : "(no version)", width) +
                       " " + plain(s.model_hash, 64) + "\n" + context_line(context, width) +
                       "reference: " + plain(s.reference, width == kWhole ? kWhole : width * 3) + "\n" +
                       losses_line(losses) + actions_line(actions);
    if (!permalink.empty()) tail += permalink + "\n";
    std::string out = first_line(s, width);
    std::size_t said = 0;
    for (const Finding& finding : findings) {
      const std::string line = finding_line(finding, s, width);
      const std::string rest = "and " + std::to_string(findings.size() - said) + " more\n";
      const std::size_t room = said + 1 < findings.size() ? rest.size() : 0;
      if (most != kWhole && out.size() + line.size() + room + tail.size() > most) {
        out += rest;
        break;
      }
      out += line;
      ++said;
    }
    if (findings.empty()) out += (s.nothing_known.empty() ? "all monitors good" : plain(s.nothing_known, 200)) + "\n";
    out += tail;
    // Names of a kilobyte leave no room for what is wrong: cut them before its lines.
    if (out.size() <= most && (said > 0 || findings.empty() || width == 12)) return out;
    if (width == 12) return out.substr(0, most);
  }
  return {};
}

// The verdicts of a window, and what the rules of every lumisection said within it that was medium or bad.
std::vector<RecordRow> verdicts_of(alerting::Record& record, const RecordRow& window) {
  RecordFilter filter;
  filter.model = window.model;
  filter.stream = window.stream;
  filter.run = window.run;
  filter.first_ls = window.last_ls;
  filter.last_ls = window.last_ls;
  filter.window = window.window;
  std::vector<RecordRow> out;
  for_each_row(record, RecordTable::verdicts, filter, [&](const RecordRow& row) {
    if (row.first_ls == window.first_ls && row.last_ls == window.last_ls) out.push_back(row);
  });
  filter.first_ls = window.first_ls;
  filter.window = kSequentialWindow;
  filter.qualities = {Quality::medium, Quality::bad};
  for_each_row(record, RecordTable::verdicts, filter, [&](const RecordRow& row) {
    if (row.last_ls >= window.first_ls && row.last_ls <= window.last_ls) out.push_back(row);
  });
  return out;
}

}  // namespace

std::string elog_of_window(alerting::Record& record, const alerting::RecordedWindow& window,
                           const std::optional<std::string>& monitor, const std::string& permalink, std::size_t most) {
  const RecordRow& row = window.row;
  Subject subject{row.model,
                  row.stream,
                  row.model_hash,
                  row.run,
                  row.first_ls,
                  row.last_ls,
                  row.quality,
                  reference_in_words(window),
                  {}};
  std::vector<RecordRow> verdicts = verdicts_of(record, row);
  if (verdicts.empty()) {
    subject.nothing_known = "no monitor was judged: " + text_at(parsed_line(row.line), "reason");
  }
  if (!monitor) return composed(record, subject, findings_among(verdicts), permalink, most);
  std::vector<Finding> findings;
  for (const RecordRow& verdict : verdicts) {
    if (verdict.monitor == *monitor) findings.push_back(finding_of(verdict));
  }
  std::stable_sort(findings.begin(), findings.end(), is_worse);
  if (findings.empty()) subject.nothing_known = plain(*monitor, 100) + " was not judged in this window";
  return composed(record, subject, findings, permalink, most);
}

std::string elog_of_run(alerting::Record& record, const alerting::RecordedRun& run) {
  Subject subject{run.model,   run.stream,       run.model_hash, run.run, run.first_ls,
                  run.last_ls, Quality::unknown, "none",         {}};
  for (const QualityRange& range : certify(record, run.model, run.stream, run.run, run.last_ls)) {
    subject.quality = std::max(subject.quality, range.quality);
  }
  const auto windows = record.newest_windows(run.model, run.stream, run.run);
  if (windows.empty()) subject.nothing_known = "no window closed";
  for (const RecordRow& newest : windows) {
    const auto window = record.window(run.model, run.stream, newest.window, run.run, newest.last_ls);
    if (window) subject.reference = reference_in_words(*window);
    if (window && !window->reference.empty()) break;
  }
  return composed(record, subject, findings_of_run(record, run.model, run.stream, run.run, true), {}, kWhole);
}

}  // namespace vigil::shift
