#include "monitors/open_summary.h"

namespace vigil::monitors {

OpenCounts::OpenCounts(const ModelInfo& model) : exact(exact_output_words(model)) {
  const std::vector<FixedPoint> types = output_types(model);
  for (const std::size_t column : exact) words.emplace_back(types[column]);
}

void OpenCounts::fold(Stratum& stratum) {
  inputs.fold(stratum.inputs);
  outputs.fold(stratum.outputs);
  for (std::size_t i = 0; i < exact.size(); ++i) words[i].move_to(stratum.outputs[exact[i]].words);
  input_products.fold(stratum.input_products);
  output_products.fold(stratum.output_products);
}

namespace {

Summary empty_summary(const ModelInfo& model, std::uint32_t pileup_width) {
  Summary summary(model);
  summary.pileup_width = pileup_width;
  return summary;
}

}  // namespace

OpenSummary::OpenSummary(const ModelInfo& model, std::uint32_t pileup_width)
    : OpenSummary(model, empty_summary(model, pileup_width)) {}

OpenSummary::OpenSummary(const ModelInfo& model, Summary summary) : model_(&model), summary_(std::move(summary)) {
  counts_.assign(summary_.is_divided() ? summary_.strata.size() : 1, OpenCounts(model));
}

void OpenSummary::add(const BatchSummary& batch) {
  if (!batch.add_counts_to(summary_)) return;
  if (!summary_.is_divided()) return batch.add_words_to(summary_.all, counts_[0]);
  const std::size_t at = summary_.stratum_of(*model_, batch.pileup());
  if (counts_.size() < summary_.strata.size())
    counts_.emplace(counts_.begin() + static_cast<std::ptrdiff_t>(at), *model_);
  batch.add_words_to(summary_.strata[at], counts_[at]);
}

void OpenSummary::fold() {
  if (!summary_.is_divided()) return counts_[0].fold(summary_.all);
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i].fold(summary_.strata[i]);
  summary_.add_up(*model_);
}

}  // namespace vigil::monitors
