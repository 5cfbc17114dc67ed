#include "app/logging.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "core/shown.h"

namespace vigil::app {

namespace {

// Whatever a line quotes, it is one line and readable in any terminal.
class ReadableSink : public spdlog::sinks::stderr_color_sink_mt {
 public:
  void log(const spdlog::details::log_msg& message) override {
    const std::string text = escaped({message.payload.data(), message.payload.size()});
    spdlog::details::log_msg readable = message;
    readable.payload = text;
    spdlog::sinks::stderr_color_sink_mt::log(readable);
  }
};

}  // namespace

void log_to_stderr() {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("", std::make_shared<ReadableSink>()));
  spdlog::set_pattern("%H:%M:%S %^%l%$ %v");
  if (const char* level = std::getenv("VIGIL_LOG")) spdlog::set_level(spdlog::level::from_str(level));
}

}  // namespace vigil::app
