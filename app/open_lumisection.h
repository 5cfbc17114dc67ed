// A lumisection that still takes batches: events of frames emulated here, and summaries of frames emulated elsewhere,
// which are used whole or not at all. Used by the judge; serial.
// Tests: tests/app/open_lumisection_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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

  // A summary of a partial of which not every frame was placed here yet, and the positions of those that were.
  struct Share {
    std::shared_ptr<const PartialSummary> summary;
    std::vector<std::string> positions;
  };
  // Of each (origin, number): it counts once, from whichever reading of its partial a frame comes.
  using Shares = std::map<std::pair<std::string, std::uint64_t>, Share>;

  // A frame that was placed here. Throws Error where it completes a summary that is none.
  void add(const Item& item);
  // Everything that counts for good: what was emulated here, and the summaries that are complete.
  Summary settled();
  const Shares& shares() const { return shares_; }
  // As shares() held it, after a restart.
  void put_back(Share share);
  // Everything, for good. A partial summary of which not every frame was placed here is made anew of those that were;
  // how many is added to `read_again`.
  Summary take(const ReadAgain& read, std::uint64_t& frames_read_again);

 private:
  const ModelInfo* model_;
  monitors::OpenSummary own_;
  std::optional<Summary> whole_;  // of complete summaries
  Shares shares_;
};

}  // namespace vigil::app
