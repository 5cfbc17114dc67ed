// What the server's documents are made from (shift/documents/outlook.h), filled from the rooms that compute it. Used by
// http_service.cpp and the commands that make documents without a server.
// Tests: tests/contract/api_documents_test.py.
#pragma once

#include <string>
#include <vector>

#include "app/configuration.h"
#include "monitors/rate_curve.h"
#include "shift/documents/outlook.h"

namespace vigil::app {

// All but the record, the desk and what the program says of itself: version, a boot id of its own, clocks, rates and
// intervals.
shift::Outlook make_outlook(shift::Mode mode);

// The names of the windows, in their order.
std::vector<std::string> window_names(const Configuration& configuration);
// Those of the configuration that a journal holds (its `meta`); empty where none can be read.
std::vector<std::string> window_names(const std::map<std::string, std::string>& meta);

// A curve as a document and a drawing have it: at most 512 points, `also` and the nearest threshold among them.
shift::RateCurve in_points(const monitors::RateCurve& curve, std::uint64_t crossings, std::optional<double> target_hz,
                           std::vector<std::int64_t> also);
// The same of a seed's word in a window. Throws Error for a window without crossings.
shift::RateCurve rate_curve(const Summary& window, const ModelInfo& model, std::size_t seed,
                            std::optional<double> target_hz);

}  // namespace vigil::app
