#include "monitors/calibration.h"

#include <algorithm>

#include "monitors/alarm_budget.h"
#include "monitors/detector.h"
#include "monitors/intervals.h"
#include "monitors/time_to_detect.h"

namespace vigil::monitors {
namespace {

constexpr double kAboveLargest = 2;  // bad is so many times what good runs show
constexpr double kLeastPart = 20;    // bad is at least the default over this
constexpr double kOutsideGarwood = 0.1;

bool is_of(const RuleLimit& limit, const std::string& window, const std::string& monitor,
           const std::string& statistic) {
  return limit.window == window && limit.monitor == monitor && limit.statistic == statistic;
}

}  // namespace

CalibrationPass::CalibrationPass(const ModelInfo& model, std::string stream, MonitorSettings settings,
                                 const References& reference)
    : model_(model),
      settings_(std::move(settings)),
      reference_(reference),
      stream_(std::move(stream)),
      monitor_(model, stream_, settings_, reference) {
  settings_.judge_fits = reference.has_rates();
  const auto add = [&](const std::string& window) {
    for (Rule& rule : make_rules(model, settings_, window)) {
      if (rule.subject.target == Target::mismatch) continue;  // any mismatch counts: there is no size to choose
      const std::string_view statistic =
          window == kSequentialWindow ? sequential_statistic(rule.subject.target) : rule.statistic->name;
      rules_.push_back({window, std::move(rule), std::string(statistic), 0, 0, 0, Quality::unknown});
    }
  };
  for (const WindowSettings& window : settings_.windows) add(window.name);
  if (settings_.sequential) add(kSequentialWindow);
}

void CalibrationPass::take(const JudgedWindow& window) {
  for (const Verdict& v : window.verdicts) {
    if (v.quality == Quality::unknown) continue;
    const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const OfRule& r) {
      return r.window == v.window && r.rule.monitor == v.monitor && r.statistic == v.statistic;
    });
    if (rule == rules_.end()) continue;
    ++rule->windows;
    rule->largest = std::max(rule->largest, v.effect);
    rule->pages += v.quality == Quality::bad && rule->last != Quality::bad;
    rule->last = v.quality;
  }
}

void CalibrationPass::close(ClosedLumisection&& closed) {
  const std::uint32_t run = closed.lumisection.run, ls = closed.lumisection.ls;
  if (!closed.summary.is_blank() && closed.summary.all.events > 0) {
    ++lumisections_;
    events_ += static_cast<double>(closed.summary.all.events);
    crossings_ += static_cast<double>(closed.summary.n_bx_own);
    if (!ranges_.empty() && ranges_.back().run == run && ranges_.back().last_ls + 1 == ls) {
      ranges_.back().last_ls = ls;
    } else {
      ranges_.push_back({run, ls, ls});
    }
  }
  const Judgements judged = monitor_.close(std::move(closed));
  if (judged.ended) judged_ls_ += judged.ended->judged_ls;
  const auto take_run = [&](bool of_ended) {
    for (const JudgedWindow& w : judged.windows) {
      if ((w.window.run != run) == of_ended) take(w);
    }
  };
  take_run(true);
  if (judged.ended) {  // a run's pages are its own
    for (OfRule& rule : rules_) rule.last = Quality::unknown;
  }
  take(judged.sequential);
  take_run(false);
}

void CalibrationPass::end() {
  for (const JudgedWindow& w : monitor_.end(ClosedBy::end)) take(w);
  if (const auto budget = monitor_.budget()) judged_ls_ += budget->judged_ls;
}

std::uint64_t CalibrationPass::windows() const {
  std::uint64_t all = 0;
  for (const OfRule& rule : rules_) all += rule.windows;
  return all;
}

std::vector<RuleLimit> CalibrationPass::limits() const {
  std::vector<RuleLimit> limits;
  for (const OfRule& r : rules_) {
    const double most = r.rule.statistic->bad;
    const double bad = std::clamp(kAboveLargest * r.largest, most / kLeastPart, most);
    limits.push_back({r.window, r.rule.monitor, r.statistic, bad / 2, bad});
  }
  return limits;
}

LimitsFile CalibrationPass::file(const std::vector<RuleLimit>& limits, const CalibrationPass& with_them) const {
  LimitsFile file;
  file.model = model_.name;
  file.model_hash = model_.hash;
  file.stream = stream_;
  file.ranges = ranges_;
  file.page = settings_.budget.page;
  file.warn = settings_.budget.warn;
  const double lumisections = std::max(1.0, static_cast<double>(lumisections_));
  // Of several references the one with most events: an estimate, whatever the conditions.
  const Reference& entry = *std::max_element(
      reference_.entries.begin(), reference_.entries.end(),
      [](const Reference& a, const Reference& b) { return a.summary.all.events < b.summary.all.events; });
  const TimeToDetect times(entry.summary, {events_ / lumisections, crossings_ / lumisections});
  const auto budget = alarm_limits(
      settings_,
      count_families(make_rules(model_, settings_),
                     settings_.sequential ? make_rules(model_, settings_, kSequentialWindow) : std::vector<Rule>()));
  const double weeks = static_cast<double>(with_them.judged_ls()) / settings_.week_ls;
  for (const OfRule& r : with_them.rules_) {
    const auto limit = std::find_if(limits.begin(), limits.end(), [&](const RuleLimit& l) {
      return is_of(l, r.window, r.rule.monitor, r.statistic);
    });
    const auto before = std::find_if(rules_.begin(), rules_.end(), [&](const OfRule& b) {
      return is_of(*limit, b.window, b.rule.monitor, b.statistic);
    });
    CalibratedRule out;
    static_cast<RuleLimit&>(out) = *limit;
    out.windows = before->windows;
    out.largest = before->largest;
    if (weeks > 0) {
      const Interval pages = garwood(r.pages, kOutsideGarwood);
      out.pages_per_week = {pages.low / weeks, static_cast<double>(r.pages) / weeks, pages.high / weeks};
    }
    const RuleLimits& certain = budget[static_cast<std::size_t>(family_of(r.rule.subject.target))];
    const auto time = [&](Quality level, double size) {
      if (r.window == kSequentialWindow) {
        return times.sequential(r.rule, {certain.sequential_page, certain.sequential_warn, certain.reference_risk},
                                level, size);
      }
      const WindowSettings& window = *std::find_if(settings_.windows.begin(), settings_.windows.end(),
                                                   [&](const WindowSettings& w) { return w.name == r.window; });
      const auto overlap = overlap_correlations(window, r.rule.n, events_ / lumisections * window.window_ls,
                                                static_cast<double>(entry.summary.all.events));
      const PValueLimit page(
          [&](double degrees) { return reading_limit(certain.page, certain.warn, r.rule.m, overlap, degrees); });
      return times.in_windows(r.rule, window, level == Quality::bad ? page : PValueLimit(certain.warn), level, size);
    };
    out.medium_ls = time(Quality::medium, limit->medium);
    out.bad_ls = time(Quality::bad, limit->bad);
    file.rules.push_back(std::move(out));
  }
  return file;
}

}  // namespace vigil::monitors
