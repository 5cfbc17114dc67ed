#include "app/desk_factory.h"

#include <map>

#include "alerting/desk_actions.h"
#include "app/alarm_desk.h"
#include "app/configuration_sinks.h"

namespace vigil::app {

std::unique_ptr<alerting::Desk> open_desk(alerting::Journal& journal, const Configuration& configuration,
                                          const ModelSet& models, alerting::Dispatcher* dispatcher) {
  alerting::DeskSettings settings;
  for (const auto& model : models.all()) settings.models[model->info().name] = model->info().hash;
  settings.alarms = alarm_desk(journal);
  if (dispatcher == nullptr) return alerting::make_desk(journal, std::move(settings));
  settings.changed = [dispatcher] { dispatcher->wake(); };
  std::map<std::string, std::string> types;
  for (const alerting::SinkSettings& sink : configured_sinks(configuration)) types[sink.name] = sink.type;
  settings.sinks = [dispatcher, types = std::move(types)] {
    std::vector<alerting::SinkReport> reports;
    for (const alerting::SinkHealth& h : dispatcher->health()) {
      const auto type = types.find(h.name);
      reports.push_back({h.name, type == types.end() ? std::string() : type->second,
                         std::string(alerting::to_string(h.state)), h.reason});
    }
    return reports;
  };
  return alerting::make_desk(journal, std::move(settings));
}

}  // namespace vigil::app
