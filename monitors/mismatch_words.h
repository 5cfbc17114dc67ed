// Mismatches in words, and the kept events of one output or seed. Used by the rules of mismatches. Pure.
// Tests: tests/monitors/sequential_mismatch_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "core/summary.h"
#include "monitors/subject.h"

namespace vigil::monitors {

// "mismatch/score: hardware and emulator differ in 24 of 1200 events (13 above, 11 below)"
std::string mismatch_in_words(const std::string& monitor, const Subject& subject, const MismatchCounts& counts);
// "run 1 LS 5 orbit 1100000 BX 99"
std::string place_in_words(const KeptEvent& event);
// Those in which the subject disagrees, in their order.
std::vector<KeptEvent> events_of(const Summary& summary, const Subject& subject);

}  // namespace vigil::monitors
