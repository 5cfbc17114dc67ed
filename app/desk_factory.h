// Makes what answers about actions and alarms for a running monitor. Used by the session.
// Tests: tests/contract/http_rules_test.py.
#pragma once

#include <memory>

#include "alerting/desk.h"
#include "alerting/dispatcher.h"
#include "alerting/journal.h"
#include "app/configuration.h"
#include "app/model_set.h"

namespace vigil::app {

// What is given outlives it. `dispatcher`: null where nothing is sent.
std::unique_ptr<alerting::Desk> open_desk(alerting::Journal& journal, const Configuration& configuration,
                                          const ModelSet& models, alerting::Dispatcher* dispatcher);

}  // namespace vigil::app
