// What of a summary a monitor reads: the distribution of a word, the passes of a seed, the mismatches of an output or
// seed. Used by statistics and rules. Pure look-ups.
// Tests: tests/monitors/statistics_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/summary.h"
#include "monitors/counts.h"
#include "monitors/statistics.h"

namespace vigil::monitors {

// Window and reference of an input or output word. `ordered`: word by word where both keep the words, else by bins.
// Where both are divided by pile-up the reference is weighted to the window's mix; what lies in strata that it does not
// hold is left out (monitors/strata.h).
Cells shape(const Summary& window, const Summary& reference, const Subject& subject, bool ordered);
const WordSummary& word_summary(const Summary& summary, const Subject& subject);
const WordSummary& word_of(const Stratum& stratum, const Subject& subject);
const FixedPoint& word_type(const Subject& subject);

// A B / (A + B): the events of one sample that fluctuates as much as both together.
double effective_events(const Cells& cells);

struct SeedPasses {
  std::uint64_t passes = 0;
  std::uint64_t events = 0;
};
SeedPasses seed_passes(const Summary& summary, std::size_t seed);
// Emulated events of a stratum at or above a seed's threshold.
std::uint64_t stratum_passes(const Stratum& stratum, const ModelInfo& model, std::size_t seed);

// Passes of a window beside those of a reference. Of one divided by pile-up: weighted to the window's mix, as the
// passes and events of one sample of that fraction and that scatter.
struct ComparedPasses {
  SeedPasses window, reference;
  double reference_exposure = 0;  // events, not rounded
  std::string reason;             // why they cannot be compared; empty: they can
  double fraction() const { return static_cast<double>(reference.passes) / reference_exposure; }
};
ComparedPasses compared_passes(const Summary& window, const Summary& reference, const Subject& subject);

// Of the reference's word, weighted to the window's mix of pile-up; in units of the type's value.
struct WordMoments {
  double mean = 0, deviation = 0;
};
WordMoments reference_moments(const Summary& window, const Summary& reference, const Subject& subject);
// The same as a histogram of about as many events, for words about what changed.
Histogram reference_histogram(const Summary& window, const Summary& reference, const Subject& subject);

struct MismatchCounts {
  std::uint64_t events = 0;  // mismatching
  std::uint64_t compared = 0;
  std::uint64_t first = 0;   // hardware above, or hardware only
  std::uint64_t second = 0;  // hardware below, or emulator only
  std::uint64_t bits = 0;    // of `events`: by decision bits alone
  MismatchCounts& operator+=(const MismatchCounts& o);
};
MismatchCounts mismatch_counts(const Summary& summary, const Subject& subject);
// Mismatching of compared events; no value, with the reason, where nothing was compared.
Reading mismatch_fraction(const Summary& window, const Subject& subject);
// "no hardware output", "no hardware decision": what is missing where nothing was compared.
std::string nothing_compared(const Subject& subject);

// The same subject as verdicts carry it, without the model.
VerdictSubject verdict_subject(const Subject& subject);

// Name of the output or seed of a mismatch subject.
const std::string& mismatch_name(const Subject& subject);

// Mean and standard deviation in units of the type's value; 0 without events.
double mean(const WordSummary& word, const FixedPoint& type);
double deviation(const WordSummary& word, const FixedPoint& type);

}  // namespace vigil::monitors
