// News in the order in which it was printed: a lumisection, the windows it closed, the actions they led to. Its tables
// are numbered apart, so what closed with what is read from the lumisections. Used by the event streams. Pure.
// Tests: tests/shift/event_hub_test.cpp.
#pragma once

#include <vector>

#include "shift/events/news.h"

namespace vigil::shift {

struct OrderedRow {
  const char* type;                // lumisection, window, action
  const alerting::RecordRow* row;  // into the news
};

std::vector<OrderedRow> in_order(const News& news);

}  // namespace vigil::shift
