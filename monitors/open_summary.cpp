#include "monitors/open_summary.h"

namespace vigil::monitors {

OpenCounts::OpenCounts(const ModelInfo& model) : exact(exact_output_words(model)) {
  const std::vector<FixedPoint> types = output_types(model);
  for (const std::size_t column : exact) words.emplace_back(types[column]);
}

void OpenCounts::fold(Summary& summary) {
  Stratum& stratum = summary.strata[0];
  inputs.fold(stratum.inputs);
  outputs.fold(stratum.outputs);
  for (std::size_t i = 0; i < exact.size(); ++i) words[i].move_to(stratum.outputs[exact[i]].words);
}

}  // namespace vigil::monitors
