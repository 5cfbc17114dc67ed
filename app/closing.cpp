#include "app/closing.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "alerting/reasons.h"
#include "core/cloud_event.h"
#include "core/lhc.h"
#include "core/result_lines.h"
#include "core/shown.h"
#include "monitors/mismatch_attribution.h"

namespace vigil::app {
namespace {

// What of the model's inputs would explain the hardware's words: needs the model, which the policy does not have.
void attribute(const Model& model, Action& action) {
  auto* proposal = std::get_if<Revalidate>(&action.proposal);
  if (proposal == nullptr) return;
  proposal->attribution = monitors::explain_mismatch(model, proposal->kept);
  action.reason = alerting::explained_reason(action.reason, proposal->attribution);
}

void add_decision(const Model& model, alerting::Decision&& decision, Closing& closing, Totals& totals) {
  for (std::string& fact : decision.facts) closing.facts.push_back(std::move(fact));
  for (std::string& id : decision.closed) closing.commit.closed_action_ids.push_back(std::move(id));
  for (Action& action : decision.actions) {
    attribute(model, action);
    closing.lines.push_back(action_line(action));
    closing.commit.actions.push_back(alerting::action_row(action));
    ++totals.actions;
    closing.actions.push_back(std::move(action));
  }
}

// `row` has what is common to the verdicts of a window.
void add_verdict(alerting::JournalRow& row, const Verdict& verdict, Closing& closing, Totals& totals) {
  closing.lines.push_back(verdict_line(verdict));
  row.monitor = verdict.monitor;
  row.statistic = verdict.statistic;
  row.quality = verdict.quality;
  row.line = closing.lines.back();
  closing.commit.rows.push_back(row);
  ++totals.verdicts;
}

// The sequential verdicts of a lumisection: the policy takes all, the lines are those worth one.
void add_sequential(MonitoredStream& stream, const monitors::Judgements& judged, Closing& closing, Totals& totals) {
  const Window& window = judged.sequential.window;
  alerting::AlarmUpdate& alarms = closing.commit.alarms.back();
  alarms.acts = stream.policy.acts_on(window);
  alarms.add(judged.sequential, alarms.acts);
  for (std::size_t i = 0; i < judged.sequential.verdicts.size(); ++i) {
    if (!judged.printed[i]) continue;
    const Verdict& verdict = judged.sequential.verdicts[i];
    alerting::JournalRow row{.table = alerting::JournalRow::Table::verdict,
                             .model = window.model,
                             .model_hash = window.model_hash,
                             .stream = window.stream,
                             .run = verdict.run,
                             .first_ls = verdict.first_ls,
                             .last_ls = verdict.last_ls,
                             .window = verdict.window,
                             .monitor = {},
                             .statistic = {},
                             .line = {}};
    add_verdict(row, verdict, closing, totals);
    closing.sequential.push_back(verdict);
  }
  add_decision(*stream.model, stream.policy.judge_sequential(judged.sequential), closing, totals);
}

// For status: the worst of the sequential rules as they stand now.
void note_sequential(MonitoredStream& stream, const JudgedWindow& sequential) {
  StreamSnapshot& now = stream.snapshot;
  now.budget = stream.monitor.budget().value_or(BudgetOfRun{});
  now.sequential = Quality::unknown;
  now.sequential_reason.clear();
  for (const Verdict& v : sequential.verdicts) {
    if (v.quality <= now.sequential) continue;
    now.sequential = v.quality;
    now.sequential_reason = v.reason;
  }
}

}  // namespace

Closing close_lumisection(MonitoredStream& stream, ingest::Closed&& closed, const LumisectionObserver& observer,
                          Totals& totals, const AgainReader& again) {
  const ModelInfo& info = stream.model->info();
  Closing closing;
  closing.model = info.name;
  closing.stream = stream.name;
  Lumisection& line = closing.lumisection;
  line = {info.name,
          info.hash,
          stream.name,
          closed.run,
          closed.ls,
          lhc::kOrbitsPerLumisection,
          closed.covered_orbits,
          std::move(closed.sources)};
  auto node = stream.open.extract({closed.run, closed.ls});
  std::uint64_t read_again = 0;
  Summary summary = node ? node.mapped().take(again.read, read_again) : Summary(info);
  if (again.frames != nullptr) *again.frames += read_again;
  const ingest::LumisectionContext context = stream.context.close(closed.run, closed.ls);
  // What states no pile-up has that of the lumisection: an absent key is unchanged.
  if (context.pileup) summary.assume_pileup(info, pileup_hundredths(*context.pileup));
  for (std::size_t seed = 0; seed < info.seeds.size(); ++seed) {
    if (stream.is_off(context.prescale_columns, info.seeds[seed].name)) summary.forget_decisions(info, seed);
  }

  closing.events = summary.events;
  for (std::size_t i = 0; i < info.seeds.size(); ++i) {
    closing.seed_rate_hz[info.seeds[i].name] =
        lhc::rate_hz(static_cast<double>(summary.seeds[i].emulator), static_cast<double>(summary.n_bx_own));
  }
  StreamSnapshot& now = stream.snapshot;
  now.run = closed.run;
  now.ls = closed.ls;
  now.events += summary.events;
  now.coverage = static_cast<double>(line.covered_orbits) / static_cast<double>(line.expected_orbits);
  now.seed_rate_hz = closing.seed_rate_hz;
  for (const auto& [source, counts] : line.sources) ingest::add_counts(now.losses, counts);

  closing.commit.alarms.push_back({.model = info.name, .stream = stream.name, .run = closed.run, .ls = closed.ls});
  ++totals.lumisections;
  closing.lines.push_back(lumisection_line(line, summary, info));
  alerting::JournalRow row{.table = alerting::JournalRow::Table::lumisection,
                           .model = info.name,
                           .model_hash = info.hash,
                           .stream = stream.name,
                           .run = closed.run,
                           .first_ls = closed.ls,
                           .last_ls = closed.ls,
                           .window = {},
                           .monitor = {},
                           .statistic = {},
                           .line = closing.lines.back()};
  closing.commit.rows.push_back(row);
  row.table = alerting::JournalRow::Table::kept_event;
  for (const KeptEvent& event : summary.kept) {
    row.line = kept_event_json(event, info);
    closing.commit.rows.push_back(row);
  }

  closing.commit.streams.push_back({info.name, info.hash, stream.name, closed.run, closed.ls, {}});
  monitors::ClosedLumisection monitored;
  monitored.lumisection = line;
  monitored.summary = std::move(summary);
  monitored.conditions = {context.menu, context.prescale_column, context.beam_mode, context.selection,
                          context.model_hash};
  monitored.mixed_context = context.mixed;
  monitored.hold_learning = stream.policy.hold_learning();
  monitored.silent = closed.silent;
  monitored.run_start_ns = context.run_start_ns;
  if (observer) observer(monitored);
  monitors::Judgements judged = stream.monitor.close(std::move(monitored));
  for (std::string& fact : judged.facts) closing.facts.push_back("stream " + shown(stream.name) + ": " + fact);
  note_sequential(stream, judged.sequential);
  closing.commit.marks = stream.facts.take(line, context, stream.monitor.reference_progress());
  closing.commit.streams.back().facts = stream.facts.text(now.budget);
  // A context that took two values is none; no window holds such a lumisection.
  stream.policy.note_context(
      line.run, line.ls,
      context.mixed ? alerting::ActContext{} : alerting::ActContext{context.beam_mode, context.menu});
  add_decision(*stream.model, stream.policy.judge_sources(line, closed.silent, context.run_start_ns), closing, totals);
  add_sequential(stream, judged, closing, totals);
  if (judged.ended) {
    const auto of_ended = [&](const JudgedWindow& w) { return w.window.run == judged.ended->run; };
    const auto rest = std::find_if_not(judged.windows.begin(), judged.windows.end(), of_ended);
    add_windows(stream, {std::make_move_iterator(judged.windows.begin()), std::make_move_iterator(rest)}, closing,
                totals);
    judged.windows.erase(judged.windows.begin(), rest);
    for (const LifetimeOfRule& lifetime : judged.lifetimes) closing.lines.push_back(lifetime_line(lifetime));
    closing.lines.push_back(budget_line(*judged.ended));
  }
  add_windows(stream, std::move(judged.windows), closing, totals);
  return closing;
}

void add_windows(MonitoredStream& stream, std::vector<JudgedWindow>&& windows, Closing& closing, Totals& totals) {
  for (JudgedWindow& judged : windows) {
    const Window& window = judged.window;
    closing.lines.push_back(window_line(window));
    alerting::JournalRow row{.table = alerting::JournalRow::Table::window,
                             .model = window.model,
                             .model_hash = window.model_hash,
                             .stream = window.stream,
                             .run = window.run,
                             .first_ls = window.first_ls,
                             .last_ls = window.last_ls,
                             .window = window.name,
                             .monitor = {},
                             .statistic = {},
                             .quality = window.quality,
                             .line = closing.lines.back(),
                             .contents = judged.contents};
    closing.commit.rows.push_back(row);
    row.contents = nullptr;
    ++totals.windows;
    row.table = alerting::JournalRow::Table::verdict;
    for (const Verdict& verdict : judged.verdicts) {
      add_verdict(row, verdict, closing, totals);
    }
    const bool acts = stream.policy.acts_on(window);
    if (closing.commit.alarms.empty()) {
      closing.commit.alarms.push_back({.model = window.model,
                                       .stream = window.stream,
                                       .run = window.run,
                                       .ls = window.last_ls,
                                       .is_lumisection = false,
                                       .acts = acts});
    }
    closing.commit.alarms.back().add(judged, acts);
    add_decision(*stream.model, stream.policy.judge(judged), closing, totals);
    stream.snapshot.quality = judged.window.quality;
    stream.snapshot.reason = judged.window.reason;
    closing.windows.push_back(std::move(judged));
  }
}

}  // namespace vigil::app
