// How a StreamMonitor judges one lumisection by its sequential rules. Tested in
// tests/monitors/sequential_drift_test.cpp.
#include <algorithm>
#include <map>

#include "core/shown.h"
#include "monitors/stream_state.h"

namespace vigil::monitors {
namespace {

// The newest lumisections merged, from any of them on; each span once.
class Since {
 public:
  Since(const std::deque<KeptLumisection>& before, const KeptLumisection& newest) : before_(before), newest_(newest) {}

  const Summary& operator()(std::uint32_t first_ls) {
    auto from = before_.end();
    for (std::size_t n = 1; n < kSinceLs && from != before_.begin() && std::prev(from)->ls >= first_ls; ++n) --from;
    const auto [merged, is_new] = merged_.try_emplace(from - before_.begin());
    if (!is_new) return merged->second;
    merged->second = newest_.summary;
    for (; from != before_.end(); ++from) {
      if (from->compared) merged->second += from->summary;
    }
    return merged->second;
  }

 private:
  const std::deque<KeptLumisection>& before_;
  const KeptLumisection& newest_;
  std::map<std::ptrdiff_t, Summary> merged_;
};

}  // namespace

std::string StreamMonitor::State::why_no_reference(const std::string& selection, std::uint32_t last_ls) const {
  if (!given) {
    const Learner& learner = learned.current();
    return learner.done() && learner.is_after(run, last_ls) ? "" : learner.progress();
  }
  if (!chosen) return why_none;
  const Reference& reference = given->entries[*chosen];
  const std::string own = reference.selection.empty() ? "zero_bias" : reference.selection;
  return own == selection ? "" : "reference of selection '" + shown(own) + "', window of '" + shown(selection) + "'";
}

std::string StreamMonitor::State::why_no_rates(const std::string& selection) {
  return selection == "zero_bias" ? "" : "selection '" + shown(selection) + "': no rates";
}

void StreamMonitor::State::judge_sequential(KeptLumisection& l, bool mixed, Judgements& out) {
  Window& window = out.sequential.window;
  window.model = model->name;
  window.model_hash = model->hash;
  window.stream = stream;
  window.name = kSequentialWindow;
  window.run = run;
  window.first_ls = window.last_ls = l.ls;
  window.run_start_ns = run_start_ns;
  ClosedCounts closed{run, l.ls, l.summary,
                      l.mode_not_judged.empty() ? blind_words(l.summary, l.foreign_hash, *model) : l.mode_not_judged};
  const double coverage =
      l.expected_orbits == 0 ? 0 : static_cast<double>(l.covered_orbits) / static_cast<double>(l.expected_orbits);
  if (mixed) {
    closed.not_judged = "conditions changed within the lumisection";
  } else if (coverage < settings.minimum_coverage) {
    closed.not_judged = coverage_words(coverage, settings.minimum_coverage);
  }
  closed.no_rates = why_no_rates(l.selection);
  closed.no_reference = why_no_reference(l.selection, l.ls);
  closed.reference = closed.no_reference.empty() ? &reference()->summary : nullptr;
  closed.reference_id = reference_id();
  if (closed.reference != nullptr && !reference()->rates.empty()) closed.rates = &reference()->rates;
  Since since(kept, l);
  closed.since = [&since](std::uint32_t first_ls) -> const Summary& { return since(first_ls); };
  l.compared = closed.blind.empty() && closed.not_judged.empty() && closed.reference != nullptr;
  std::size_t number = cutters.size() * rules.size();
  const auto add = [&](SequentialResult&& result) {
    result.verdict.model = model->name;
    result.verdict.stream = stream;
    tally.take(number++, result.verdict.quality);
    out.printed.push_back(result.printed);
    out.sequential.verdicts.push_back(std::move(result.verdict));
  };
  const std::string blind = closed.blind;
  const auto judge_rule = [&](auto& rule) {
    const std::string off = mixed ? std::string() : why_off(rule.subject(), l.prescale_column);
    closed.blind = blind.empty() ? off : blind;
    return rule.judge(closed);
  };
  const auto add_compared = [&](SequentialResult&& result) {
    if (result.verdict.subject.target == Target::seed) {
      result.verdict.reason += threshold_words(l.summary, l.foreign_hash);
    }
    l.judged |= result.verdict.quality != Quality::unknown;
    if (!given && closed.reference != nullptr && result.verdict.quality != Quality::unknown) {
      result.verdict.reference = learned.ordinal();
    }
    add(std::move(result));
  };
  for (SequentialDrift& rule : drifts) add_compared(judge_rule(rule));
  for (SequentialMismatch& rule : mismatches) add(judge_rule(rule));
  for (SequentialMultivariate& rule : together) add_compared(judge_rule(rule));
  if (l.judged) note_judged(l);
  closed.blind = blind;
  attribute(out.sequential, closed);
}

}  // namespace vigil::monitors
