// Which inputs a StreamMonitor says moved, where an output, an input or all columns together are bad. Tested in
// tests/monitors/multivariate_stream_test.cpp.
#include <algorithm>
#include <cmath>
#include <map>

#include "monitors/attribution.h"
#include "monitors/stream_state.h"

namespace vigil::monitors {
namespace {

bool asks(const Verdict& v) {
  return v.quality == Quality::bad && (v.subject.target == Target::output || v.subject.target == Target::input ||
                                       v.subject.target == Target::multivariate);
}
bool is_told(const Verdict& v) { return asks(v) && v.subject.target != Target::input; }

bool is_of_correlations(const Verdict& v) {
  const StatisticEntry* statistic = find_statistic(v.statistic);
  return v.subject.target == Target::multivariate && statistic != nullptr && statistic->of_correlations;
}

}  // namespace

void StreamMonitor::State::attribute(JudgedWindow& judged, const std::vector<InputTest>& tests,
                                     const Judged& input) const {
  if (std::none_of(judged.verdicts.begin(), judged.verdicts.end(), asks)) return;
  std::vector<double> p_values;
  for (const InputTest& test : tests) p_values.push_back(test.p_value);
  for (const std::size_t i : accepted_p_values(p_values)) {
    judged.moved.push_back({tests[i].monitor, tests[i].effect, tests[i].p_value, {}});
  }
  sort_moved(judged.moved);
  for (Verdict& v : judged.verdicts) {
    if (!is_told(v)) continue;
    v.attribution = is_of_correlations(v) ? moved_correlations(input.window, input.reference, *model) : judged.moved;
  }
}

// The effects are of the lumisections a verdict is about.
void StreamMonitor::State::attribute(JudgedWindow& sequential, const ClosedCounts& closed) const {
  std::vector<Verdict>& verdicts = sequential.verdicts;
  if (std::none_of(verdicts.begin(), verdicts.end(), asks) || closed.reference == nullptr) return;
  std::vector<std::size_t> inputs;  // places in `drifts`, whose verdicts come first
  std::vector<double> log_e;
  for (std::size_t i = 0; i < drifts.size(); ++i) {
    if (verdicts[i].subject.target != Target::input || !verdicts[i].value) continue;
    inputs.push_back(i);
    log_e.push_back(*verdicts[i].value);
  }
  const std::vector<std::size_t> accepted = accepted_e_values(log_e);
  std::map<std::uint32_t, std::vector<MovedInput>> since;
  const auto moved_since = [&](std::uint32_t first_ls) -> const std::vector<MovedInput>& {
    const auto [known, is_new] = since.try_emplace(first_ls);
    if (!is_new) return known->second;
    for (const std::size_t at : accepted) {
      const Rule& rule = drifts[inputs[at]].rule();
      const double any = SequentialDrift::kAnyShape;
      const Judgement j = judge(rule, {closed.since(first_ls), *closed.reference, any, any, "", "", {}});
      known->second.push_back({rule.monitor, j.size, {}, log_e[at]});
    }
    sort_moved(known->second);
    return known->second;
  };
  for (Verdict& v : verdicts) {
    if (!asks(v)) continue;
    if (sequential.moved.empty()) sequential.moved = moved_since(v.first_ls);
    if (is_told(v)) v.attribution = moved_since(v.first_ls);
  }
}

}  // namespace vigil::monitors
