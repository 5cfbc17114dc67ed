// vigil serve: a journal, finished or being written, for people to look at. Nothing is written.
#include <memory>

#include "alerting/desk_actions.h"
#include "alerting/record.h"
#include "app/alarm_desk.h"
#include "app/command.h"
#include "app/http_outlook.h"
#include "app/http_service.h"
#include "app/logging.h"
#include "app/session.h"
#include "app/shared_options.h"
#include "app/stop_on_signal.h"

namespace vigil::app {
namespace {

constexpr const char* kDefaultAddress = "127.0.0.1:8080";

int run_serve(const std::string& journal, const MonitorOptions& options) {
  log_to_stderr();
  StopOnSignal signals;
  Configuration configuration = effective_configuration(options);
  if (configuration.http.listen.empty()) configuration.http.set_listen(kDefaultAddress);
  check_http(configuration.http);
  HttpProgram program{.mode = shift::Mode::journal, .journal = journal};
  {
    const auto record = alerting::open_record(journal);  // refused before anything listens
    program.windows = window_names(record->meta());
  }
  alerting::DeskSettings settings;
  settings.alarms = alarm_desk(journal);
  const auto desk = alerting::make_desk(journal, std::move(settings));
  const Readiness readiness;
  HttpSettings http = configuration.http;
  http.is_read_only = true;
  const auto service = start_http(http, desk.get(), readiness, std::move(program));
  signals.wait();
  return 0;
}

}  // namespace

Command serve_command() {
  const auto journal = std::make_shared<std::string>();
  const auto o = std::make_shared<MonitorOptions>();
  Option http = http_option(*o);
  http.about = std::string("HOST:PORT to answer at, port 0: a free one (default: ") + kDefaultAddress + ")";
  return {"serve",
          "a journal over HTTP, read only",
          "vigil serve vigil.db --http 127.0.0.1:8080",
          {{"JOURNAL", journal.get(), "journal file", Presence::required}, http, settings_option(*o)},
          [journal, o] { return run_serve(*journal, *o); }};
}

}  // namespace vigil::app
