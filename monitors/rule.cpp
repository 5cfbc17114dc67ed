#include "monitors/rule.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/error.h"
#include "core/pattern.h"
#include "core/shown.h"

namespace vigil::monitors {
namespace {

// Any mismatching event is worth a look, and two are a fault, by whatever statistic they are counted.
constexpr std::uint32_t kBadReadings = 2, kOfReadings = 3;

Rule make_rule(const Subject& subject, const StatisticEntry& statistic) {
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
std::vector<Rule> rules_of(const Subject& subject, const std::vector<RuleOverride>& overrides) {
  std::vector<Rule> rules{make_rule(subject, default_statistic(subject.target))};
  const std::string monitor = rules.front().monitor;
  for (const RuleOverride& o : overrides) {
    if (!matches(o.monitor, monitor)) continue;
    if (const auto statistics = named_statistics(o, subject.target); !statistics.empty()) {
      rules.clear();
      for (const StatisticEntry* statistic : statistics) rules.push_back(make_rule(subject, *statistic));
    }
    for (Rule& rule : rules) override_limits(rule, o);
  }
  return rules;
}

}  // namespace

std::vector<Rule> make_rules(const ModelInfo& model, const MonitorSettings& settings) {
  std::vector<Rule> rules;
  const auto add = [&](Target target, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      for (Rule& rule : rules_of({&model, target, i}, settings.rules)) rules.push_back(std::move(rule));
    }
  };
  add(Target::output, model.output_words());
  add(Target::input, model.inputs.size());
  add(Target::seed, model.seeds.size());
  add(Target::mismatch, model.outputs.size() + model.seeds.size());
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
      return judge_rate(rule, judged);
    case Target::mismatch:
      return judge_mismatch(rule, judged);
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
