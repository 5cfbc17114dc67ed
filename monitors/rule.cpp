#include "monitors/rule.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/error.h"
#include "core/pattern.h"
#include "core/shown.h"
#include "monitors/detector.h"

namespace vigil::monitors {
namespace {

// Any mismatching event is worth a look, and two are a fault, by whatever statistic they are counted.
constexpr std::uint32_t kBadReadings = 2, kOfReadings = 3;

// Calibrated sizes of the rule, or none.
const RuleLimit* calibrated(const std::vector<RuleLimit>& limits, std::string_view window, const Rule& rule) {
  const std::string_view statistic =
      window == kSequentialWindow ? sequential_statistic(rule.subject.target) : rule.statistic->name;
  const auto found = std::find_if(limits.begin(), limits.end(), [&](const RuleLimit& limit) {
    return limit.window == window && limit.monitor == rule.monitor && limit.statistic == statistic;
  });
  return found == limits.end() ? nullptr : &*found;
}

Rule make_rule(const Subject& subject, const StatisticEntry& statistic, const MonitorSettings& settings,
               std::string_view window) {
  Rule rule;
  rule.subject = subject;
  rule.monitor = monitor_name(subject);
  rule.statistic = &statistic;
  if (subject.target != Target::mismatch) {
    rule.medium = statistic.medium;
    rule.bad = statistic.bad;
    rule.m = kBadReadings;
    rule.n = kOfReadings;
  }
  if (const RuleLimit* limit = calibrated(settings.limits.rules, window, rule)) {
    rule.medium = limit->medium;
    rule.bad = limit->bad;
  }
  return rule;
}

std::string place_of(const RuleOverride& o) { return "rules: monitor '" + shown(o.monitor) + "'"; }

// The statistics an override names, as far as they apply to the target; empty: it names none that does.
std::vector<const StatisticEntry*> named_statistics(const RuleOverride& o, Target target) {
  std::vector<const StatisticEntry*> found;
  for (const std::string& name : o.statistics) {
    const StatisticEntry* statistic = find_statistic(name);
    if (statistic == nullptr) throw Error(place_of(o), "statistic '" + shown(name) + "'", "one of `vigil list`");
    if (applies(*statistic, target)) {
      found.push_back(statistic);
    } else if (o.monitor.find('*') == std::string::npos) {
      throw Error(place_of(o), "statistic '" + shown(name) + "'", "one defined for this monitor");
    }
  }
  return found;
}

void override_limits(Rule& rule, const RuleOverride& o) {
  if (o.medium) rule.medium = *o.medium;
  if (o.bad) rule.bad = *o.bad;
  if (o.m) rule.m = *o.m;
  if (o.n) rule.n = *o.n;
  if (!(rule.medium >= 0) || !(rule.bad >= rule.medium) || !std::isfinite(rule.bad)) {
    throw Error(place_of(o), "limits medium " + in_words(rule.medium) + ", bad " + in_words(rule.bad),
                "0 <= medium <= bad");
  }
  if (rule.m < 1 || rule.m > rule.n || rule.n > 1000) {
    throw Error(place_of(o), "m " + std::to_string(rule.m) + " of n " + std::to_string(rule.n), "1 <= m <= n <= 1000");
  }
}

// The rules of one monitor after all overrides.
std::vector<Rule> rules_of(const Subject& subject, const MonitorSettings& settings, std::string_view window) {
  std::vector<Rule> rules;
  if (subject.target == Target::multivariate) {
    for (const std::string& name : settings.multivariate.statistics) {
      const StatisticEntry* statistic = find_statistic(name);
      if (statistic == nullptr || !applies(*statistic, subject.target))
        throw Error("multivariate", "statistic '" + shown(name) + "'", "one of all columns together");
      rules.push_back(make_rule(subject, *statistic, settings, window));
    }
  } else {
    rules.push_back(make_rule(subject, default_statistic(subject.target), settings, window));
  }
  for (const StatisticEntry& statistic : statistics()) {
    if (settings.judge_fits && statistic.of_fit && applies(statistic, subject.target)) {
      rules.push_back(make_rule(subject, statistic, settings, window));
    }
  }
  if (rules.empty()) return rules;
  const std::string monitor = rules.front().monitor;
  for (const RuleOverride& o : settings.rules) {
    if (!matches(o.monitor, monitor)) continue;
    if (const auto statistics = named_statistics(o, subject.target); !statistics.empty()) {
      rules.clear();
      for (const StatisticEntry* statistic : statistics)
        rules.push_back(make_rule(subject, *statistic, settings, window));
    }
    for (Rule& rule : rules) override_limits(rule, o);
  }
  if (window == kSequentialWindow) rules.resize(1);
  return rules;
}

}  // namespace

std::vector<Rule> make_rules(const ModelInfo& model, const MonitorSettings& settings, std::string_view window) {
  std::vector<Rule> rules;
  const auto add = [&](Target target, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      for (Rule& rule : rules_of({&model, target, i}, settings, window)) rules.push_back(std::move(rule));
    }
  };
  add(Target::output, model.output_words());
  add(Target::input, model.inputs.size());
  add(Target::seed, model.seeds.size());
  add(Target::mismatch, model.outputs.size() + model.seeds.size());
  if (!model.inputs.empty()) add(Target::multivariate, model.output_words() >= 2 ? 2 : 1);
  return rules;
}

Quality Ring::take(Quality reading, const Rule& rule) {
  readings_.push_back(reading);
  while (readings_.size() > rule.n) readings_.pop_front();
  if (bad() >= rule.m) return Quality::bad;
  return reading >= Quality::medium ? Quality::medium : Quality::good;
}

std::size_t Ring::bad() const {
  return static_cast<std::size_t>(std::count(readings_.begin(), readings_.end(), Quality::bad));
}

Judgement judge(const Rule& rule, const Judged& judged) {
  switch (rule.subject.target) {
    case Target::seed:
      return rule.statistic->of_fit ? judge_against_fit(rule, judged) : judge_rate(rule, judged);
    case Target::mismatch:
      return judge_mismatch(rule, judged);
    case Target::multivariate:
      return judge_multivariate(rule, judged);
    case Target::output:
    case Target::input:
      break;
  }
  return judge_shape(rule, judged);
}

std::string in_words(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string percent(double fraction) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g%%", 100 * fraction);
  return text;
}

}  // namespace vigil::monitors
