// The HTTP server of a running monitor: settings to server, routes to desk. Used by the session. The destructor ends
// it. Tests: tests/contract/http_*_test.py.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/http_settings.h"
#include "shift/documents/outlook.h"

namespace vigil::app {

// Why the monitor is not ready, in words for /readyz. Thread-safe.
class Readiness {
 public:
  void add(const std::string& reason);
  std::vector<std::string> reasons() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> reasons_;
};

class HttpService {
 public:
  virtual ~HttpService() = default;
  virtual std::string url() const = 0;  // http://127.0.0.1:43121
};

// What the program is and does, for the documents.
struct HttpProgram {
  shift::Mode mode = shift::Mode::live;
  std::string journal;  // file that is read on a connection of its own; empty: documents are answered 503 busy
  std::vector<std::string> windows = {};            // names as configured
  std::function<bool()> has_ended = {};             // nothing will be added any more; empty: never
  std::function<PipelineSnapshot()> pipeline = {};  // empty: as the journal's live table says
  std::vector<std::string> sinks = {};              // names as configured, for the metrics
};

// Null where the settings name no address. Says `listening on URL` on standard error, whatever the level of the log.
// `desk` may be null: its paths are answered 503 busy. It and `readiness` outlive the service. Throws Error.
std::unique_ptr<HttpService> start_http(const HttpSettings& settings, alerting::Desk* desk, const Readiness& readiness,
                                        HttpProgram program);

}  // namespace vigil::app
