// One frame on its way through the pipeline, with what each stage adds to it.
// Tests: tests/app/pipeline_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/event_batch.h"
#include "core/frame.h"
#include "core/model.h"
#include "monitors/batch_summary.h"

namespace vigil::app {

struct Item {
  Frame frame;
  std::int64_t arrived_ns = 0;  // wall clock, when it was read; for lag and status, never for results
  // Set by the emulate stage.
  Rejection rejection = Rejection::none;
  std::string detail;            // of a rejection: its place, what was found, what was expected
  EventBatch batch;              // points into frame; on rejection as far as it was readable
  const Model* model = nullptr;  // null where the batch names none that is loaded
  std::string failure;           // of an emulator that could not compute; empty otherwise
  bool carries_drops_only = false;
  bool is_foreign = false;  // of another model_hash than the loaded model's
  monitors::BatchSummary summary;
};

// Items that are handed out again: a batch's summary keeps its buffers from one frame to the next. Thread-safe; items
// may outlive the pool's owner.
class ItemPool {
 public:
  std::shared_ptr<Item> take() {
    std::unique_ptr<Item> item;
    {
      std::lock_guard lock(shelf_->mutex);
      if (!shelf_->items.empty()) {
        item = std::move(shelf_->items.back());
        shelf_->items.pop_back();
      }
    }
    if (!item) item = std::make_unique<Item>();
    return {item.release(), [shelf = shelf_](Item* used) {
              std::unique_ptr<Item> back(used);
              back->frame = {};
              back->arrived_ns = 0;
              back->batch = {};
              back->rejection = Rejection::none;
              back->detail.clear();
              back->model = nullptr;
              back->failure.clear();
              back->is_foreign = false;
              back->carries_drops_only = false;
              std::lock_guard lock(shelf->mutex);
              if (shelf->items.size() < kMost) shelf->items.push_back(std::move(back));
            }};
  }

 private:
  static constexpr std::size_t kMost = 64;
  struct Shelf {
    std::mutex mutex;
    std::vector<std::unique_ptr<Item>> items;
  };
  std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
};

}  // namespace vigil::app
