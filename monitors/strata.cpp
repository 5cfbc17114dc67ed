#include "monitors/strata.h"

#include <algorithm>

#include "monitors/rule.h"

namespace vigil::monitors {
namespace {

bool serves(const Stratum& reference) { return reference.events >= kLeastStratum; }

const Stratum* find(const Summary& reference, const Stratum& wanted) {
  const auto at = std::lower_bound(reference.strata.begin(), reference.strata.end(), wanted,
                                   [](const Stratum& a, const Stratum& b) { return a.pileup < b.pileup; });
  return at != reference.strata.end() && at->pileup == wanted.pileup && serves(*at) ? &*at : nullptr;
}

std::string pileup_words(double hundredths) { return in_words(hundredths / 100); }

// "pile-up 43 outside the reference (50 to 62)", of the events that are missing on average.
std::string missing_words(const std::vector<const Stratum*>& missing, const Summary& reference) {
  double sum = 0, events = 0;
  bool any_unknown = false;
  for (const Stratum* stratum : missing) {
    if (!stratum->pileup) {
      any_unknown = true;
      continue;
    }
    const double middle = (static_cast<double>(stratum->pileup->low) + static_cast<double>(stratum->pileup->high)) / 2;
    sum += middle * static_cast<double>(stratum->events);
    events += static_cast<double>(stratum->events);
  }
  const Stratum* first = nullptr;
  const Stratum* last = nullptr;
  for (const Stratum& stratum : reference.strata) {
    if (!stratum.pileup || !serves(stratum)) continue;
    if (first == nullptr) first = &stratum;
    last = &stratum;
  }
  const std::string range = first == nullptr
                                ? std::string("no pile-up with " + std::to_string(kLeastStratum) + " events")
                                : pileup_words(first->pileup->low) + " to " + pileup_words(last->pileup->high);
  if (events == 0)
    return (any_unknown ? "no pile-up sent, the reference has (" : "pile-up outside the reference (") + range + ")";
  return "pile-up " + pileup_words(sum / events) + " outside the reference (" + range + ")";
}

}  // namespace

double Mix::reference_events() const {
  double variance = 0;
  for (const Part& part : parts) {
    if (part.reference->events > 0) variance += part.share * part.share / static_cast<double>(part.reference->events);
  }
  return variance > 0 ? 1 / variance : 0;
}

Mix mix_of(const Summary& window, const Summary& reference) {
  Mix mix;
  mix.is_weighted = window.is_divided() && window.pileup_width == reference.pileup_width;
  if (!mix.is_weighted) {
    mix.parts = {{&window.all, &reference.all, 1}};
    mix.events = window.all.events;
    return mix;
  }
  std::vector<const Stratum*> missing;
  for (const Stratum& stratum : window.strata) {
    if (stratum.events == 0) continue;
    if (const Stratum* found = find(reference, stratum)) {
      mix.parts.push_back({&stratum, found, 0});
      mix.events += stratum.events;
    } else {
      missing.push_back(&stratum);
      mix.missing += stratum.events;
    }
  }
  for (Mix::Part& part : mix.parts) {
    part.share = static_cast<double>(part.window->events) / static_cast<double>(mix.events);
  }
  if (static_cast<double>(mix.missing) > kMostMissing * static_cast<double>(window.all.events)) {
    mix.reason = missing_words(missing, reference);
  }
  return mix;
}

std::string why_no_strata(const Summary& window, const Summary& reference) {
  if (window.is_blank() || reference.is_blank()) return {};
  return mix_of(window, reference).reason;
}

}  // namespace vigil::monitors
