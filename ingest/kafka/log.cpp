#include "ingest/kafka/log.h"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace vigil::ingest::kafka {

Log sparing(Log log) {
  struct Said {
    std::mutex mutex;
    std::map<std::string, std::chrono::steady_clock::time_point> when;
  };
  if (!log) return log;
  return [log = std::move(log), said = std::make_shared<Said>()](const std::string& line) {
    {
      const std::lock_guard lock(said->mutex);
      const auto now = std::chrono::steady_clock::now(), before = now - std::chrono::minutes(1);
      std::erase_if(said->when, [&](const auto& entry) { return entry.second < before; });
      if (!said->when.emplace(line, now).second) return;
    }
    log(line);
  };
}

}  // namespace vigil::ingest::kafka
