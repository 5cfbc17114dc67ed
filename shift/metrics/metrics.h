// /metrics: counts of what this process committed, the state of every stream, the pipeline, sinks, the server, the
// process (docs/metrics.md). Fed by the follower of the journal, asked by the server. A scrape reads snapshots and the
// journal's record; it waits for nothing of the pipeline.
// Tests: tests/shift/metrics_test.cpp, tests/contract/metrics_test.py.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shift/documents/outlook.h"
#include "shift/events/news.h"
#include "shift/metrics/metric_counts.h"
#include "shift/server/routes.h"
#include "shift/server/server.h"

namespace vigil::shift {

struct MetricsSources {
  std::function<nlohmann::ordered_json()> status = {};  // the document of /v1/status; empty: no states
  std::function<ServerCounts()> server = {};            // empty: none is counted
  std::vector<std::string> windows = {};                // names as configured, `sequential` not among them
  std::vector<std::string> sinks = {};                  // likewise
};

using StreamName = std::pair<std::string, std::string>;  // model, stream

class MetricsBoard {
 public:
  // What `outlook` points to outlives the board. Counts from here on.
  MetricsBoard(Outlook outlook, MetricsSources sources);

  // Thread-safe, each.
  void take(const News& news);
  // Makes the status anew where somebody scrapes and it is older than a second: it may wait for the journal, which a
  // scrape must not. From the follower, every turn.
  void refresh();
  std::string text();

 private:
  std::shared_ptr<const nlohmann::ordered_json> make_status();
  std::shared_ptr<const nlohmann::ordered_json> status();
  void tell_status(MetricFamilies& out, const nlohmann::ordered_json& status,
                   const std::set<StreamName>& told_closes) const;
  // Returns the streams whose newest close it told.
  std::set<StreamName> tell_live(MetricFamilies& out) const;
  void tell_pipeline(MetricFamilies& out, const PipelineSnapshot& pipeline) const;
  void tell_recorded(MetricFamilies& out, const PipelineSnapshot& pipeline) const;
  void tell_server(MetricFamilies& out) const;

  const Outlook outlook_;
  const MetricsSources sources_;
  mutable std::mutex mutex_;  // of counts_
  MetricCounts counts_;
  using Clock = std::chrono::steady_clock;
  std::mutex status_mutex_;  // of what is below
  std::shared_ptr<const nlohmann::ordered_json> status_;
  std::optional<Clock::time_point> made_, asked_;
  bool is_refreshing_ = false;
};

std::vector<Route> metrics_routes(std::shared_ptr<MetricsBoard> board);

}  // namespace vigil::shift
