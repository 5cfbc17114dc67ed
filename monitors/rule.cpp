#include "monitors/rule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/error.h"

namespace vigil::monitors {
namespace {

struct Defaults {
  std::string_view statistic;
  double medium;
  double bad;
};
// Effect sizes (docs/statistics.md): ks D; chi2 equivalent total variation; psi, js the value; wasserstein reference
// standard deviations; rate of a seed relative deviation; mismatches a mismatch rate.
constexpr std::array<Defaults, 7> kDefaults = {{{"ks", 0.05, 0.1},
                                                {"chi2", 0.05, 0.1},
                                                {"psi", 0.1, 0.25},
                                                {"js", 0.002, 0.008},
                                                {"wasserstein", 0.1, 0.2},
                                                {"rate", 0.25, 0.5},
                                                {"mismatch_rate", 0, 0}}};

std::string_view default_statistic(Target target) {
  switch (target) {
    case Target::output:
      return "ks";
    case Target::input:
      return "chi2";
    case Target::seed:
    case Target::mismatch:
      break;
  }
  return "rate";
}

void set_default_limits(Rule& rule) {
  const bool mismatch = rule.subject.target == Target::mismatch;
  const std::string_view name = mismatch ? "mismatch_rate" : rule.statistic->name;
  const auto found =
      std::find_if(kDefaults.begin(), kDefaults.end(), [&](const Defaults& d) { return d.statistic == name; });
  rule.medium = found == kDefaults.end() ? 0.05 : found->medium;
  rule.bad = found == kDefaults.end() ? 0.1 : found->bad;
  rule.m = mismatch ? 1 : 2;
  rule.n = mismatch ? 1 : 3;
}

void override_rule(Rule& rule, const RuleOverride& o) {
  const std::string where = "rules: monitor '" + o.monitor + "'";
  if (o.statistic) {
    const StatisticEntry* statistic = find_statistic(*o.statistic);
    if (statistic == nullptr) throw Error(where, "statistic '" + *o.statistic + "'", "one of `vigil list`");
    if (applies(*statistic, rule.subject.target)) {
      rule.statistic = statistic;
      set_default_limits(rule);
    } else if (o.monitor.find('*') == std::string::npos) {
      throw Error(where, "statistic '" + *o.statistic + "'", "one defined for this monitor");
    }
  }
  if (o.medium) rule.medium = *o.medium;
  if (o.bad) rule.bad = *o.bad;
  if (o.m) rule.m = *o.m;
  if (o.n) rule.n = *o.n;
  if (!(rule.medium >= 0) || !(rule.bad >= rule.medium) || !std::isfinite(rule.bad)) {
    throw Error(where, "limits medium " + in_words(rule.medium) + ", bad " + in_words(rule.bad), "0 <= medium <= bad");
  }
  if (rule.m < 1 || rule.m > rule.n || rule.n > 1000) {
    throw Error(where, "m " + std::to_string(rule.m) + " of n " + std::to_string(rule.n), "1 <= m <= n <= 1000");
  }
}

}  // namespace

bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, after = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++after;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::vector<Rule> make_rules(const ModelInfo& model, const MonitorSettings& settings) {
  std::vector<Rule> rules;
  const auto add = [&](Target target, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      Rule rule;
      rule.subject = {&model, target, i};
      rule.monitor = monitor_name(rule.subject);
      rule.statistic = find_statistic(default_statistic(target));
      set_default_limits(rule);
      rules.push_back(std::move(rule));
    }
  };
  add(Target::output, model.output_words());
  add(Target::input, model.inputs.size());
  add(Target::seed, model.seeds.size());
  add(Target::mismatch, model.outputs.size() + model.seeds.size());
  for (const RuleOverride& o : settings.rules) {
    for (Rule& rule : rules) {
      if (matches(o.monitor, rule.monitor)) override_rule(rule, o);
    }
  }
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
