#include "app/counters_service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace vigil::app {

CountersService::CountersService(const HttpSettings& settings, std::function<PipelineSnapshot()> pipeline) {
  if (settings.listen.empty()) return;
  file_ = (std::filesystem::temp_directory_path() / fmt::format("vigil-{}.db", getpid())).string();
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);  // of one that was killed, under a number that came again
  try {
    journal_ = std::make_unique<alerting::Journal>(file_);
    http_ = start_http(settings, nullptr, readiness_, {.journal = file_, .pipeline = std::move(pipeline)});
  } catch (...) {
    remove();
    throw;
  }
}

CountersService::~CountersService() { remove(); }

void CountersService::remove() {
  if (file_.empty()) return;
  http_.reset();
  journal_.reset();
  for (const char* end : {"", "-wal", "-shm"}) {
    std::error_code ignored;
    std::filesystem::remove(file_ + end, ignored);
  }
}

}  // namespace vigil::app
