// A window beside a reference that is divided by pile-up: which strata both hold, and how those of the reference are
// weighted so that its mix is the window's. Used by everything that compares a window with a reference. Pure.
// Tests: tests/monitors/strata_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/summary.h"

namespace vigil::monitors {

inline constexpr std::uint64_t kLeastStratum = 100;  // reference events; with fewer a stratum is missing
inline constexpr double kMostMissing = 0.1;          // part of a window's events that may lie in missing strata

struct Mix {
  struct Part {
    const Stratum* window = nullptr;
    const Stratum* reference = nullptr;
    double share = 1;  // of the window's events that are compared; the reference's events weigh share / their number
  };
  std::vector<Part> parts;    // the window's strata that the reference holds; one of both where not divided
  bool is_weighted = false;   // the reference is divided, and so is the window
  std::uint64_t events = 0;   // of the window, in parts
  std::uint64_t missing = 0;  // of the window, elsewhere
  std::string reason;         // why shapes cannot be compared; empty: they can

  // Events of one sample that would scatter as much as the weighted reference: 1 / sum of share^2 / events.
  double reference_events() const;
};

// Both of one model and not blank; they must outlive the result. Divided by one width, else compared as a whole.
Mix mix_of(const Summary& window, const Summary& reference);

// Why shapes of the window cannot be compared: more than kMostMissing of its events are of other pile-up; empty: they
// can.
std::string why_no_strata(const Summary& window, const Summary& reference);

}  // namespace vigil::monitors
