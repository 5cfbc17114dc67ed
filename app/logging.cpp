#include "app/logging.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

namespace vigil::app {

void log_to_stderr() {
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_color_sink_mt>()));
  spdlog::set_pattern("%H:%M:%S %^%l%$ %v");
  if (const char* level = std::getenv("VIGIL_LOG")) spdlog::set_level(spdlog::level::from_str(level));
}

}  // namespace vigil::app
