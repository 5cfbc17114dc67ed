#include "monitors/subject.h"

#include <algorithm>
#include <cmath>

#include "monitors/strata.h"

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
    case Target::multivariate:
      out.name = subject.index == 0 ? "inputs" : "outputs";
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
    case Target::multivariate:
      return subject.index == 0 ? "multivariate/inputs" : "multivariate/outputs";
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

const WordSummary& word_of(const Stratum& stratum, const Subject& subject) {
  return subject.target == Target::input ? stratum.inputs[subject.index] : stratum.outputs[subject.index];
}

const WordSummary& word_summary(const Summary& summary, const Subject& subject) {
  return word_of(summary.all, subject);
}

const FixedPoint& word_type(const Subject& subject) {
  const ModelInfo& model = *subject.model;
  if (subject.target == Target::input) return model.inputs[subject.index].type;
  std::size_t output = 0;
  while (subject.index >= model.outputs[output].first_word + model.outputs[output].words) ++output;
  return model.outputs[output].type;
}

namespace {

// The weighted sum of the strata both hold.
Cells weighted_shape(const Mix& mix, const Subject& subject, bool ordered) {
  const FixedPoint& type = word_type(subject);
  const bool by_words =
      ordered && std::all_of(mix.parts.begin(), mix.parts.end(), [&](const Mix::Part& part) {
        return !word_of(*part.window, subject).words.empty() && !word_of(*part.reference, subject).words.empty();
      });
  WeightedCounts sums;
  for (const Mix::Part& part : mix.parts) {
    const WordSummary& a = word_of(*part.window, subject);
    const WordSummary& b = word_of(*part.reference, subject);
    const Cells cells =
        by_words ? cells_of_words(a.words, b.words, type) : cells_of_bins(a.histogram, b.histogram, type);
    const auto reference = static_cast<double>(part.reference->events);
    const double weight = part.share / reference;
    // Within a stratum both come from one distribution, unless something changed: its variance is that of both
    // together. The counts of the reference alone would make a cell the more certain the lower it fluctuated.
    const double part_of_both = reference / (reference + static_cast<double>(part.window->events));
    for (const Cell& cell : cells.cells) {
      const double expected = static_cast<double>(cell.window + cell.reference) * part_of_both;
      sums.add(cell.value, cell.window, cell.reference, weight, expected);
    }
  }
  return sums.cells();
}

}  // namespace

Cells shape(const Summary& window, const Summary& reference, const Subject& subject, bool ordered) {
  if (window.is_blank() || reference.is_blank()) return {};
  const Mix mix = mix_of(window, reference);
  if (mix.is_weighted) return weighted_shape(mix, subject, ordered);
  const WordSummary& a = word_summary(window, subject);
  const WordSummary& b = word_summary(reference, subject);
  const FixedPoint& type = word_type(subject);
  if (ordered && !a.words.empty() && !b.words.empty()) return cells_of_words(a.words, b.words, type);
  return cells_of_bins(a.histogram, b.histogram, type);
}

double effective_events(const Cells& cells) {
  const double a = static_cast<double>(cells.window), b = cells.reference_events();
  return a + b > 0 ? a / (a + b) * b : 0;
}

WordMoments reference_moments(const Summary& window, const Summary& reference, const Subject& subject) {
  const FixedPoint& type = word_type(subject);
  const Mix mix = mix_of(window, reference);
  if (!mix.is_weighted || mix.parts.empty()) {
    const WordSummary& word = word_summary(reference, subject);
    return {mean(word, type), deviation(word, type)};
  }
  WordMoments all;
  double variance = 0;
  for (const Mix::Part& part : mix.parts) all.mean += part.share * mean(word_of(*part.reference, subject), type);
  for (const Mix::Part& part : mix.parts) {
    const WordSummary& word = word_of(*part.reference, subject);
    const double off = mean(word, type) - all.mean, width = deviation(word, type);
    variance += part.share * (width * width + off * off);
  }
  all.deviation = std::sqrt(variance);
  return all;
}

Histogram reference_histogram(const Summary& window, const Summary& reference, const Subject& subject) {
  const Mix mix = mix_of(window, reference);
  if (!mix.is_weighted || mix.parts.empty()) return word_summary(reference, subject).histogram;
  Histogram out(word_type(subject));
  double events = 0;
  for (const Mix::Part& part : mix.parts) events += static_cast<double>(part.reference->events);
  for (std::int32_t bin = out.first_bin(); bin <= out.last_bin(); ++bin) {
    double fraction = 0;
    for (const Mix::Part& part : mix.parts) {
      const Histogram& h = word_of(*part.reference, subject).histogram;
      const auto n = h.counts()[static_cast<std::size_t>(bin - h.first_bin())];
      fraction += part.share * static_cast<double>(n) / static_cast<double>(part.reference->events);
    }
    if (const auto n = std::llround(fraction * events); n > 0) out.add(bin, static_cast<std::uint64_t>(n));
  }
  return out;
}

SeedPasses seed_passes(const Summary& summary, std::size_t seed) {
  if (summary.is_blank()) return {};
  return {summary.seeds[seed].emulator, summary.all.events};
}

std::uint64_t stratum_passes(const Stratum& stratum, const ModelInfo& model, std::size_t seed) {
  const Seed& cut = model.seeds[seed];
  const WordCounts& words = stratum.outputs[model.seed_column(cut)].words;
  std::uint64_t passes = 0;
  for (const auto& [word, count] : words) passes += word >= cut.threshold ? count : 0;
  return passes;
}

ComparedPasses compared_passes(const Summary& window, const Summary& reference, const Subject& subject) {
  ComparedPasses out;
  if (window.is_blank() || reference.is_blank()) return out;
  const Mix mix = mix_of(window, reference);
  out.reason = mix.reason;
  if (!mix.is_weighted) {
    out.window = seed_passes(window, subject.index);
    out.reference = seed_passes(reference, subject.index);
    out.reference_exposure = static_cast<double>(out.reference.events);
    return out;
  }
  double fraction = 0, variance = 0, least = 0;
  for (const Mix::Part& part : mix.parts) {
    out.window.passes += stratum_passes(*part.window, *subject.model, subject.index);
    const auto passes = static_cast<double>(stratum_passes(*part.reference, *subject.model, subject.index));
    const auto events = static_cast<double>(part.reference->events);
    fraction += part.share * passes / events;
    variance += part.share * part.share * passes / (events * events);
    least = least == 0 ? events / part.share : std::min(least, events / part.share);
  }
  out.window.events = mix.events;
  // As many passes as have this relative variance, in the events that make them this fraction.
  const double passes = variance > 0 ? fraction * fraction / variance : 0;
  out.reference.passes = static_cast<std::uint64_t>(std::llround(passes));
  out.reference_exposure = out.reference.passes > 0 ? static_cast<double>(out.reference.passes) / fraction : least;
  out.reference.events = static_cast<std::uint64_t>(std::llround(out.reference_exposure));
  return out;
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
  if (summary.is_blank()) return {};
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
