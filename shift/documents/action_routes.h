// The paths of actions, alarms, audit and sinks (docs/http.md) over a Desk, and the two that say how vigil is. What a
// body may hold is checked here; what it means, the Desk says.
// Tests: tests/shift/action_routes_test.cpp, tests/contract/http_rules_test.py.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "alerting/desk.h"
#include "shift/server/routes.h"

namespace vigil::shift {

struct ActionRouteSettings {
  alerting::Desk* desk = nullptr;               // null: every path is answered 503 busy, once its request is in order
  std::function<std::int64_t()> now_ms;         // wall clock, since 1970
  std::function<void(const std::string&)> log;  // why the desk could not answer; from several threads
};
std::vector<Route> action_routes(const ActionRouteSettings& settings);

// /healthz and /readyz; `reasons` says why not ready, empty when it is, without waiting; from the server's thread.
std::vector<Route> health_routes(std::function<std::vector<std::string>()> reasons);

}  // namespace vigil::shift
