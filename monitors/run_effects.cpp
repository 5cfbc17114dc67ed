#include "monitors/run_effects.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "monitors/lifetime.h"
#include "monitors/sequential_drift.h"
#include "monitors/stream_state.h"

namespace vigil::monitors {
namespace {

using nlohmann::json;

constexpr double kConfidence = 0.95;

}  // namespace

RunEffects::RunEffects(const std::vector<Rule>& rules, std::uint64_t minimum_events) : minimum_events_(minimum_events) {
  for (const Rule& rule : rules) {
    const Target target = rule.subject.target;
    if (target != Target::mismatch && target != Target::multivariate) rules_.push_back({rule, {}});
  }
}

void RunEffects::take(std::size_t entry, const Summary& lumisection) {
  summaries_[entry] += lumisection;
  ++judged_here_;
  summaries_json_.clear();
}

std::vector<RunEffects::OfRun> RunEffects::with_current(const OfRule& of, const References& references) const {
  double events = 0, sum = 0;
  for (const auto& [entry, summary] : summaries_) {
    const Reference& reference = references.entries[entry];
    const bool has_rates = reference.selection.empty() || reference.selection == "zero_bias";
    if (of.rule.subject.target == Target::seed && !has_rates) continue;
    if (summary.all.events < std::max<std::uint64_t>(minimum_events_, 1)) continue;
    // A whole run's events: its effect is told as it is, certain or not.
    const Judgement found =
        judge(of.rule, {summary, reference.summary, SequentialDrift::kAnyShape, 1, {}, {}, {}, &reference.rates});
    if (found.level == Quality::unknown) continue;
    events += static_cast<double>(summary.all.events);
    sum += static_cast<double>(summary.all.events) * found.effect;
  }
  std::vector<OfRun> runs = of.runs;
  if (events > 0) runs.push_back({judged_ + judged_here_, sum / events});
  return runs;
}

std::vector<LifetimeOfRule> RunEffects::lifetimes(const References& references) const {
  std::vector<LifetimeOfRule> out;
  for (const OfRule& of : rules_) {
    if (of.runs.size() + 1 < kLifetimePoints) continue;
    const std::vector<OfRun> runs = with_current(of, references);
    if (runs.size() == of.runs.size() || runs.size() < kLifetimePoints) continue;
    std::vector<double> times, effects;
    for (const OfRun& run : runs) {
      times.push_back(static_cast<double>(run.time));
      effects.push_back(run.effect);
    }
    const Lifetime found = lifetime(times, effects, of.rule.bad, kConfidence);
    LifetimeOfRule& line = out.emplace_back();
    line.model = of.rule.subject.model->name;
    line.monitor = of.rule.monitor;
    line.statistic = of.rule.statistic->name;
    line.runs = runs.size();
    line.effect = effects.back();
    line.limit = of.rule.bad;
    line.slope = {found.line.slope_low, found.line.slope, found.line.slope_high};
    line.remaining_ls = {found.low, found.mid, found.high};
  }
  return out;
}

void RunEffects::end_run(const References& references) {
  for (OfRule& of : rules_) {
    of.runs = with_current(of, references);
    if (of.runs.size() > kRuns) of.runs.erase(of.runs.begin());
  }
  judged_ += judged_here_;
  judged_here_ = 0;
  summaries_.clear();
  summaries_json_.clear();
}

std::string RunEffects::save(const std::string& reference_sha256) const {
  json rules = json::array();
  for (const OfRule& of : rules_) {
    if (of.runs.empty()) continue;
    json runs = json::array();
    for (const OfRun& run : of.runs) runs.push_back({run.time, run.effect});
    rules.push_back({{"rule", rule_name(of.rule)}, {"runs", std::move(runs)}});
  }
  if (summaries_json_.empty()) {
    for (const auto& [entry, summary] : summaries_) {
      summaries_json_ += (summaries_json_.empty() ? "[[" : ",[") + std::to_string(entry) + "," + to_json(summary) + "]";
    }
    summaries_json_ += summaries_json_.empty() ? "[]" : "]";
  }
  std::string text = json_text(json{{"reference_sha256", reference_sha256},
                                    {"judged_ls", judged_},
                                    {"judged_ls_of_run", judged_here_},
                                    {"rules", std::move(rules)}});
  text.pop_back();
  return text + ",\"summaries\":" + summaries_json_ + "}";
}

std::vector<std::string> RunEffects::load(std::string_view text, const References& references,
                                          const std::string& reference_sha256, const ModelInfo& model,
                                          const std::string& where) {
  for (OfRule& of : rules_) of.runs.clear();
  judged_ = judged_here_ = 0;
  summaries_.clear();
  summaries_json_.clear();
  const json saved = json::parse(text);
  const json& rules = saved.at("rules");
  if (saved.at("reference_sha256").get<std::string>() != reference_sha256) {
    if (rules.empty()) return {};
    return {"effects of earlier runs, which were against another reference"};
  }
  saved.at("judged_ls").get_to(judged_);
  saved.at("judged_ls_of_run").get_to(judged_here_);
  for (const json& part : saved.at("summaries")) {
    const auto entry = part.at(0).get<std::size_t>();
    if (entry >= references.entries.size()) throw Error(where, "reference " + std::to_string(entry), "one there is");
    summaries_[entry] = summary_from_json(json_text(part.at(1)), model, where);
  }
  std::size_t lost = 0;
  for (const json& entry : rules) {
    const auto of = std::find_if(rules_.begin(), rules_.end(),
                                 [&](const OfRule& rule) { return rule_name(rule.rule) == entry.at("rule"); });
    if (of == rules_.end()) {
      ++lost;
      continue;
    }
    for (const json& run : entry.at("runs")) {
      of->runs.push_back({run.at(0).get<std::uint64_t>(), run.at(1).get<double>()});
    }
  }
  if (lost == 0) return {};
  return {"effects of earlier runs of " + std::to_string(lost) + " rules"};
}

}  // namespace vigil::monitors
