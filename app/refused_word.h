// Names the input word for which a model refuses a batch whose words all fit their types: an index beyond a table.
// Used on rejection only, by the pipeline and decode.
#pragma once

#include <string>

#include "core/event_batch.h"
#include "core/model.h"

namespace vigil::app {

// "inputs, row 3, column 2 (pt): 512, expected ..." of the first row `model` refuses; `batch` is one that decode
// accepted, of this model. Computes up to that row again. Thread-safe.
std::string refused_word(const Model& model, const EventBatch& batch);

}  // namespace vigil::app
