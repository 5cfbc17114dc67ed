#include "monitors/batch_summary.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "monitors/comparison.h"
#include "monitors/word_fill.h"

namespace vigil::monitors {

struct BatchSummary::State {
  enum class Kind { empty, own, foreign, failed };
  Kind kind = Kind::empty;
  std::string laid_out_for;  // model hash
  std::uint64_t events = 0;
  std::uint64_t n_bx = 0;
  std::uint64_t pileup_sum = 0;
  std::uint64_t pileup_events = 0;
  std::vector<std::uint16_t> bx;  // of every event
  WordFill inputs;
  WordFill outputs;
  Comparison comparison;

  void lay_out(const ModelInfo& model);
  void count(const EventBatch& batch, Kind of);
};

void BatchSummary::State::lay_out(const ModelInfo& model) {
  std::vector<FixedPoint> in, out;
  for (const InputColumn& column : model.inputs) in.push_back(column.type);
  for (const Output& output : model.outputs) out.insert(out.end(), output.words, output.type);
  std::vector<bool> seeded(out.size());
  for (const Seed& seed : model.seeds) seeded[model.seed_column(seed)] = true;
  inputs.lay_out(in, std::vector<bool>(in.size()));
  outputs.lay_out(out, seeded);
  comparison.lay_out(model);
  laid_out_for = model.hash;
}

void BatchSummary::State::count(const EventBatch& batch, Kind of) {
  kind = of;
  events = batch.n;
  n_bx = batch.n_bx;
  pileup_sum = pileup_events = 0;
  if (const auto pileup = batch.context.pileup; pileup && of != Kind::foreign && *pileup >= 0 && *pileup <= 1e6) {
    pileup_sum = events * static_cast<std::uint64_t>(std::llround(100 * *pileup));
    pileup_events = events;
  }
  bx.resize(batch.n);
  if (batch.n != 0 && batch.bx.word_bytes == 2) {
    std::memcpy(bx.data(), batch.bx.data, bx.size() * sizeof(std::uint16_t));
  } else {
    for (std::size_t i = 0; i < bx.size(); ++i) bx[i] = static_cast<std::uint16_t>(batch.bx.at(i));
  }
}

BatchSummary::BatchSummary() : state_(std::make_unique<State>()) {}
BatchSummary::~BatchSummary() = default;
BatchSummary::BatchSummary(BatchSummary&&) noexcept = default;
BatchSummary& BatchSummary::operator=(BatchSummary&&) noexcept = default;

void BatchSummary::fill(const ModelInfo& model, const EventBatch& batch, const WordsView& raw_inputs,
                        const WordsView& emulator_outputs) {
  if (state_->laid_out_for != model.hash) state_->lay_out(model);
  state_->count(batch, State::Kind::own);
  state_->inputs.fill(raw_inputs, batch.n);
  state_->outputs.fill(emulator_outputs, batch.n);
  state_->comparison.fill(model, batch, raw_inputs, emulator_outputs);
}

void BatchSummary::fill_foreign(const EventBatch& batch) { state_->count(batch, State::Kind::foreign); }
void BatchSummary::fill_failed(const EventBatch& batch) { state_->count(batch, State::Kind::failed); }
std::uint64_t BatchSummary::events() const { return state_->events; }

void BatchSummary::add_to(Summary& summary) const {
  const State& s = *state_;
  if (s.kind == State::Kind::empty) return;
  summary.events += s.events;
  summary.n_bx += s.n_bx;
  if (s.kind == State::Kind::foreign) {
    summary.wrong_model_events += s.events;
    return;
  }
  for (const std::uint16_t bx : s.bx) ++summary.events_per_bx[bx - 1u];
  summary.pileup_sum += s.pileup_sum;
  summary.pileup_events += s.pileup_events;
  if (s.kind == State::Kind::failed) {
    summary.failed_events += s.events;
    return;
  }
  summary.n_bx_own += s.n_bx;
  summary.strata[0].events += s.events;
  s.inputs.add_to(summary.strata[0].inputs);
  s.outputs.add_to(summary.strata[0].outputs);
  s.comparison.add_to(summary);
}

}  // namespace vigil::monitors
