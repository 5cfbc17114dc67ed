// A lumisection that still takes batches: events of frames emulated here, and summaries of frames emulated elsewhere,
// which are used whole or not at all. Used by the judge; serial.
// Tests: tests/app/open_lumisection_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/item.h"
#include "core/frame_facts.h"
#include "monitors/open_summary.h"

namespace vigil::app {

// A frame again, emulated: of the position that a partial names. Throws Error where it cannot be had.
using ReadAgain = std::function<std::shared_ptr<Item>(const std::string& position)>;

class OpenLumisection {
 public:
  OpenLumisection(const ModelInfo& model, std::uint32_t pileup_width) : model_(&model), own_(model, pileup_width) {}
  OpenLumisection(const ModelInfo& model, Summary summary) : model_(&model), own_(model, std::move(summary)) {}

  // A frame that was placed here.
  void add(const Item& item);
  // Everything emulated here so far; what partials hold is not in it.
  const Summary& own() { return own_.summary(); }
  // Everything, for good. A partial summary of which not every frame was placed here is made anew of those that were;
  // how many is added to `read_again`.
  Summary take(const ReadAgain& read, std::uint64_t& frames_read_again);

 private:
  struct Share {
    std::shared_ptr<const PartialSummary> summary;
    std::vector<std::string> positions;  // of its frames that were placed here
  };
  const ModelInfo* model_;
  monitors::OpenSummary own_;
  std::map<std::uint64_t, Share> shares_;  // in the order in which they came
  std::map<const PartialSummary*, std::uint64_t> numbers_;
};

}  // namespace vigil::app
