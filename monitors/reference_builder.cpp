#include "monitors/reference_builder.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/shown.h"

namespace vigil::monitors {

ReferenceBuilder::ReferenceBuilder(const ModelInfo& model, const ReferenceKeys& keys, const MonitorSettings& settings,
                                   std::string where)
    : model_(model), keys_(keys), settings_(settings), where_(std::move(where)) {}

void ReferenceBuilder::add(const ClosedLumisection& closed) {
  ++lumisections_;
  const Lumisection& line = closed.lumisection;
  const Conditions& conditions = closed.conditions;
  const double coverage = static_cast<double>(line.covered_orbits) / static_cast<double>(line.expected_orbits);
  const bool is_judged = is_mode_judged(settings_, conditions.beam_mode);
  if (coverage < settings_.minimum_coverage || closed.summary.events == 0 || closed.mixed_context ||
      closed.summary.wrong_model_events > 0 || !is_judged) {
    return;
  }
  ReferenceKey key;
  if (keys_.menu) key.menu = conditions.menu;
  if (keys_.prescale_column) key.prescale_column = conditions.prescale_column;
  if (keys_.beam_mode) key.beam_mode = conditions.beam_mode;
  if (!entries_.empty()) {
    const Reference& first = entries_.begin()->second.reference;
    if (line.stream != first.stream) {
      throw Error(where_, "streams '" + shown(first.stream) + "' and '" + shown(line.stream) + "'",
                  "recordings of one stream");
    }
    if (conditions.selection != first.selection) {
      throw Error(where_, "selections '" + shown(first.selection) + "' and '" + shown(conditions.selection) + "'",
                  "recordings of one selection; choose with --from-ls and --to-ls");
    }
  }
  Entry& entry = entries_[key];
  Reference& reference = entry.reference;
  reference.key = key;
  reference.model = model_.name;
  reference.stream = line.stream;
  reference.selection = conditions.selection;
  reference.add(line.run, line.ls, closed.summary);
  entry.points.resize(model_.seeds.size());
  for (std::size_t seed = 0; seed < model_.seeds.size(); ++seed) {
    // Where the emulator failed passes are missing, and where the selection is biased there are no rates.
    if (closed.summary.failed_events > 0 || conditions.selection != "zero_bias") continue;
    if (const auto point = rate_point(closed.summary, model_, seed)) entry.points[seed].push_back(*point);
  }
  ++used_;
}

References ReferenceBuilder::finish() {
  if (entries_.empty()) {
    throw Error(where_, "no complete lumisection of model '" + model_.name + "' among " + std::to_string(lumisections_),
                "recordings of good runs with events of model hash " + model_.hash + " in a judged beam mode");
  }
  References out;
  const double span = 2 * static_cast<double>(settings_.pileup_width) / 100;
  for (auto& [key, entry] : entries_) {
    for (std::size_t seed = 0; seed < model_.seeds.size() && settings_.pileup_width > 0; ++seed) {
      if (const auto fit = fit_rate(entry.points[seed], span)) entry.reference.rates[model_.seeds[seed].name] = *fit;
    }
    entry.reference.scatter.complete(entry.reference.summary);
    out.entries.push_back(std::move(entry.reference));
  }
  entries_.clear();
  return out;
}

}  // namespace vigil::monitors
