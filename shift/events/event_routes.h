// The path of the event streams. Used by app/http_service.cpp. Tests: tests/contract/api_events_test.py.
#pragma once

#include <vector>

#include "shift/events/event_hub.h"
#include "shift/server/routes.h"

namespace vigil::shift {

// `hub` outlives the server.
std::vector<Route> event_routes(EventHub& hub);

}  // namespace vigil::shift
