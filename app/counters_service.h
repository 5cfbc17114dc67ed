// The HTTP server of a program that judges nothing, a bridge or a worker: /metrics of what it has done, /healthz.
// Listens where the configuration says, else nowhere. Tests: tests/contract/kafka_mergers_test.py.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "alerting/journal.h"
#include "app/http_service.h"

namespace vigil::app {

class CountersService {
 public:
  // `pipeline` is asked from the server's threads until the destructor ends. Throws Error as start_http does.
  CountersService(const HttpSettings& settings, std::function<PipelineSnapshot()> pipeline);
  ~CountersService();
  CountersService(const CountersService&) = delete;
  CountersService& operator=(const CountersService&) = delete;

 private:
  void remove();

  std::string file_;  // of an empty journal, which the documents want; goes with us
  std::unique_ptr<alerting::Journal> journal_;
  Readiness readiness_;
  std::unique_ptr<HttpService> http_;
};

}  // namespace vigil::app
