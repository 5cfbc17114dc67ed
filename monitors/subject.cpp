#include "monitors/subject.h"

#include <algorithm>
#include <cmath>

namespace vigil::monitors {

VerdictSubject verdict_subject(const Subject& subject) {
  const ModelInfo& model = *subject.model;
  VerdictSubject out{subject.target, {}, 0, false};
  switch (subject.target) {
    case Target::input:
      out.name = model.inputs[subject.index].name;
      break;
    case Target::seed:
      out.name = model.seeds[subject.index].name;
      break;
    case Target::mismatch:
      out.name = mismatch_name(subject);
      out.of_seed = subject.index >= model.outputs.size();
      break;
    case Target::output:
      for (const Output& output : model.outputs) {
        if (subject.index >= output.first_word + output.words) continue;
        out.name = output.name;
        out.word = static_cast<std::uint32_t>(subject.index - output.first_word);
        break;
      }
      break;
  }
  return out;
}

std::string monitor_name(const Subject& subject) {
  const ModelInfo& model = *subject.model;
  switch (subject.target) {
    case Target::input:
      return "input/" + model.inputs[subject.index].name;
    case Target::seed:
      return "seed/" + model.seeds[subject.index].name;
    case Target::mismatch:
      return "mismatch/" + mismatch_name(subject);
    case Target::output:
      break;
  }
  for (const Output& output : model.outputs) {
    if (subject.index < output.first_word + output.words) return output.word_name(subject.index - output.first_word);
  }
  return {};
}

const std::string& mismatch_name(const Subject& subject) {
  const ModelInfo& model = *subject.model;
  const std::size_t outputs = model.outputs.size();
  return subject.index < outputs ? model.outputs[subject.index].name : model.seeds[subject.index - outputs].name;
}

const WordSummary& word_summary(const Summary& summary, const Subject& subject) {
  const Stratum& stratum = summary.strata[0];
  return subject.target == Target::input ? stratum.inputs[subject.index] : stratum.outputs[subject.index];
}

const FixedPoint& word_type(const Subject& subject) {
  const ModelInfo& model = *subject.model;
  if (subject.target == Target::input) return model.inputs[subject.index].type;
  std::size_t output = 0;
  while (subject.index >= model.outputs[output].first_word + model.outputs[output].words) ++output;
  return model.outputs[output].type;
}

Cells shape(const Summary& window, const Summary& reference, const Subject& subject, bool ordered) {
  if (window.strata.empty() || reference.strata.empty()) return {};
  const WordSummary& a = word_summary(window, subject);
  const WordSummary& b = word_summary(reference, subject);
  const FixedPoint& type = word_type(subject);
  if (ordered && !a.words.empty() && !b.words.empty()) return cells_of_words(a.words, b.words, type);
  return cells_of_bins(a.histogram, b.histogram, type);
}

double effective_events(const Cells& cells) {
  const double a = static_cast<double>(cells.window), b = static_cast<double>(cells.reference);
  return a + b > 0 ? a / (a + b) * b : 0;
}

SeedPasses seed_passes(const Summary& summary, std::size_t seed) {
  if (summary.strata.empty()) return {};
  return {summary.seeds[seed].emulator, summary.strata[0].events};
}

MismatchCounts& MismatchCounts::operator+=(const MismatchCounts& o) {
  events += o.events;
  compared += o.compared;
  first += o.first;
  second += o.second;
  bits += o.bits;
  return *this;
}

MismatchCounts mismatch_counts(const Summary& summary, const Subject& subject) {
  if (summary.strata.empty()) return {};
  const std::size_t outputs = subject.model->outputs.size();
  if (subject.index < outputs) {
    const OutputSummary& o = summary.outputs[subject.index];
    const std::uint64_t bits = o.bits_outside + o.bits_contradictory;
    return {o.mismatches + bits, o.compared + o.bits_compared, o.hardware_above, o.hardware_below, bits};
  }
  const SeedSummary& s = summary.seeds[subject.index - outputs];
  return {s.hardware_only + s.emulator_only, s.compared, s.hardware_only, s.emulator_only, 0};
}

std::string nothing_compared(const Subject& subject) {
  return subject.index < subject.model->outputs.size() ? "no hardware output" : "no hardware decision";
}

Reading mismatch_fraction(const Summary& window, const Subject& subject) {
  const MismatchCounts counts = mismatch_counts(window, subject);
  if (counts.compared == 0) return {{}, {}, nothing_compared(subject) + " in the window"};
  return {static_cast<double>(counts.events) / static_cast<double>(counts.compared), {}, {}};
}

double mean(const WordSummary& word, const FixedPoint& type) {
  if (word.moments.n == 0) return 0;
  return std::ldexp(static_cast<double>(word.moments.sum) / static_cast<double>(word.moments.n), -type.fraction());
}

double deviation(const WordSummary& word, const FixedPoint& type) {
  const Moments& m = word.moments;
  if (m.n == 0) return 0;
  // About the nearest integer c to the mean, exactly in integers: sum (w - c)^2 = sum w^2 - 2 c sum w + n c^2.
  const Wide n = static_cast<Wide>(m.n);
  const Wide c = m.sum / n;
  using Unsigned = unsigned __int128;  // modulo 2^128, as the power sums are
  const Unsigned uc = static_cast<Unsigned>(c);
  const auto about =
      static_cast<Wide>(m.sum_squares - 2 * uc * static_cast<Unsigned>(m.sum) + static_cast<Unsigned>(n) * uc * uc);
  const double rest = static_cast<double>(m.sum - n * c) / static_cast<double>(m.n);
  const double variance = static_cast<double>(about) / static_cast<double>(m.n) - rest * rest;
  return std::ldexp(std::sqrt(std::max(variance, 0.0)), -type.fraction());
}

}  // namespace vigil::monitors
