// What would explain the hardware's words: the events of a mismatch are emulated again with one change of what the
// model is given, and a change is named where the emulator then says what the hardware said. Used where a revalidate
// action opens, which is the one place that may run the model outside the pipeline. Pure but for the model; bounded.
// Tests: tests/monitors/mismatch_attribution_test.cpp.
#pragma once

#include <cstddef>
#include <vector>

#include "core/action.h"
#include "core/model.h"
#include "core/summary.h"

namespace vigil::monitors {

inline constexpr std::size_t kMostExplanations = 16;
inline constexpr std::size_t kMostTriedRows = 32768;  // emulated at most: columns of all objects first, then inputs

// Changes of input_changes.h after which, in half of the events or more, all outputs of the hardware agree (where it
// sent decisions alone: all decisions that were compared). An event whose outputs agree as it is cannot be explained,
// and counts in `of`. Ordered by events explained; of equal ones a single input comes before a column of all objects,
// then what moves the words least, then the order of changes and inputs. At most kMostExplanations. Empty: none, no
// events, events that are not the model's, or an emulator that failed.
std::vector<InputExplanation> explain_mismatch(const Model& model, const std::vector<KeptEvent>& events);

}  // namespace vigil::monitors
