// What one or more commits added to the journal: found by the follower, taken by the event streams and the metrics.
// Each row is in exactly one News, in order of its table.
#pragma once

#include <vector>

#include "alerting/record.h"

namespace vigil::shift {

struct News {
  std::vector<alerting::RecordRow> lumisections, windows, verdicts, actions;
  std::vector<alerting::RecordedChange> changes;  // of actions and alarms
  bool is_empty() const {
    return lumisections.empty() && windows.empty() && verdicts.empty() && actions.empty() && changes.empty();
  }
};

}  // namespace vigil::shift
