// One frame on its way through the pipeline, with what each stage adds to it.
#pragma once

#include <memory>

#include "core/event_batch.h"
#include "core/frame.h"
#include "core/model.h"
#include "monitors/batch_summary.h"

namespace vigil::app {

struct Item {
  Frame frame;
  // Set by the emulate stage.
  Rejection rejection = Rejection::none;
  EventBatch batch;              // points into frame; on rejection as far as it was readable
  const Model* model = nullptr;  // null where the batch names none that is loaded
  bool is_foreign = false;       // of another model_hash than the loaded model's
  monitors::BatchSummary summary;
};

}  // namespace vigil::app
