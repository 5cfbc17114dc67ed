#include "monitors/batch_summary.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "monitors/comparison.h"
#include "monitors/cross_fill.h"
#include "monitors/open_summary.h"
#include "monitors/word_fill.h"

namespace vigil::monitors {
namespace {
thread_local FillScratch input_scratch, output_scratch;
thread_local std::vector<std::uint32_t> sampled;
}  // namespace

struct BatchSummary::State {
  enum class Kind { empty, own, foreign, failed };
  Kind kind = Kind::empty;
  std::string laid_out_for;  // model hash
  std::uint64_t events = 0;
  std::uint64_t n_bx = 0;
  bool is_compared = false;              // with hardware words or decisions
  std::optional<std::uint32_t> pileup;   // hundredths
  std::vector<std::uint16_t> bx;         // of every event of a small batch
  std::vector<std::uint32_t> bx_counts;  // of a large one: per crossing
  const ModelInfo* own_model = nullptr;  // between begin and finish
  const EventBatch* own_batch = nullptr;
  WordFill inputs;
  WordFill outputs;
  CrossFill input_products, output_products;
  std::uint32_t every_orbits = 0;  // of the events whose products are summed; 0: none
  Comparison comparison;

  void lay_out(const ModelInfo& model);
  void count(const EventBatch& batch, Kind of);
};

void BatchSummary::State::lay_out(const ModelInfo& model) {
  inputs.lay_out(input_types(model), {});
  outputs.lay_out(output_types(model), exact_output_words(model));
  input_products.lay_out(input_types(model));
  output_products.lay_out(output_types(model));
  comparison.lay_out(model);
  laid_out_for = model.hash;
}

void BatchSummary::State::count(const EventBatch& batch, Kind of) {
  kind = of;
  events = batch.n;
  n_bx = batch.n_bx;
  pileup.reset();
  if (const auto stated = batch.context.pileup; stated && *stated >= 0 && *stated <= 1e6) {
    pileup = pileup_hundredths(*stated);
  }
  const bool is_large = batch.n >= kDenseRows;
  bx_counts.assign(is_large ? lhc::kCrossingsPerOrbit : 0, 0);
  bx.resize(is_large ? 0 : batch.n);
  if (is_large && batch.bx.word_bytes == 2) {
    const char* at = static_cast<const char*>(batch.bx.data);
    for (std::size_t i = 0; i < batch.n; ++i, at += 2) {
      std::uint16_t crossing;
      std::memcpy(&crossing, at, 2);
      ++bx_counts[crossing - 1u];
    }
  } else if (is_large) {
    for (std::size_t i = 0; i < batch.n; ++i) ++bx_counts[static_cast<std::size_t>(batch.bx.at(i) - 1)];
  } else if (batch.n != 0 && batch.bx.word_bytes == 2) {
    std::memcpy(bx.data(), batch.bx.data, bx.size() * sizeof(std::uint16_t));
  } else {
    for (std::size_t i = 0; i < bx.size(); ++i) bx[i] = static_cast<std::uint16_t>(batch.bx.at(i));
  }
}

BatchSummary::BatchSummary() : state_(std::make_unique<State>()) {}
BatchSummary::~BatchSummary() = default;
BatchSummary::BatchSummary(BatchSummary&&) noexcept = default;
BatchSummary& BatchSummary::operator=(BatchSummary&&) noexcept = default;

void BatchSummary::begin(const ModelInfo& model, const EventBatch& batch, std::uint32_t every_orbits) {
  State& s = *state_;
  if (s.laid_out_for != model.hash) s.lay_out(model);
  s.count(batch, State::Kind::own);
  s.own_model = &model;
  s.own_batch = &batch;
  s.is_compared = batch.hw_outputs().present() || (batch.hw_bits().present() && !model.seeds.empty());
  s.inputs.begin(batch.n, input_scratch);
  s.outputs.begin(batch.n, output_scratch);
  s.input_products.begin();
  s.output_products.begin();
  s.every_orbits = every_orbits;
  s.comparison.clear();
}

void BatchSummary::add(const WordsView& raw_inputs, const WordsView& emulator_outputs, std::size_t first,
                       std::size_t rows) {
  State& s = *state_;
  s.inputs.add(raw_inputs, rows, input_scratch);
  s.outputs.add(emulator_outputs, rows, output_scratch);
  s.comparison.add(*s.own_model, *s.own_batch, raw_inputs, emulator_outputs, first, rows);
  if (s.every_orbits == 0) return;
  sampled_rows(*s.own_batch, first, rows, s.every_orbits, sampled);
  s.input_products.add(raw_inputs, sampled);
  if (s.own_model->output_words() >= 2) s.output_products.add(emulator_outputs, sampled);
}

void BatchSummary::finish() {
  state_->inputs.finish(input_scratch);
  state_->outputs.finish(output_scratch);
  state_->input_products.finish();
  state_->output_products.finish();
}

void BatchSummary::fill(const ModelInfo& model, const EventBatch& batch, const WordsView& raw_inputs,
                        const WordsView& emulator_outputs, std::uint32_t every_orbits) {
  begin(model, batch, every_orbits);
  add(raw_inputs, emulator_outputs, 0, batch.n);
  finish();
}

void BatchSummary::fill_foreign(const EventBatch& batch) { state_->count(batch, State::Kind::foreign); }
void BatchSummary::fill_failed(const EventBatch& batch) { state_->count(batch, State::Kind::failed); }
std::uint64_t BatchSummary::events() const { return state_->events; }

std::optional<std::uint32_t> BatchSummary::pileup() const { return state_->pileup; }

bool BatchSummary::add_counts_to(Summary& summary) const {
  const State& s = *state_;
  if (s.kind == State::Kind::empty) return false;
  summary.events += s.events;
  summary.n_bx += s.n_bx;
  if (s.kind == State::Kind::foreign) {
    summary.wrong_model_events += s.events;
    return false;
  }
  const auto count_crossings = [&s](std::vector<std::uint32_t>& per_bx) {
    for (const std::uint16_t bx : s.bx) ++per_bx[bx - 1u];
    for (std::size_t i = 0; i < s.bx_counts.size(); ++i) per_bx[i] += s.bx_counts[i];
  };
  count_crossings(summary.events_per_bx);
  if (s.kind == State::Kind::failed || !s.is_compared) count_crossings(summary.uncompared_per_bx);
  if (s.pileup) {
    summary.pileup_sum += s.events * *s.pileup;
    summary.pileup_events += s.events;
  }
  if (s.kind == State::Kind::failed) {
    summary.failed_events += s.events;
    return false;
  }
  summary.n_bx_own += s.n_bx;
  if (s.pileup) summary.add_crossings(s.n_bx, *s.pileup);
  s.comparison.add_to(summary);
  return true;
}

void BatchSummary::add_words_to(Stratum& stratum, OpenCounts& counts) const {
  const State& s = *state_;
  stratum.events += s.events;
  s.inputs.add_to(counts.inputs, stratum.inputs);
  s.outputs.add_to(counts.outputs, stratum.outputs);
  s.outputs.add_words_to(counts.words);
  s.input_products.add_to(counts.input_products, stratum.input_products);
  s.output_products.add_to(counts.output_products, stratum.output_products);
}

}  // namespace vigil::monitors
