#include "shift/report/elog_routes.h"

#include <algorithm>
#include <utility>

#include "core/percent_encoded.h"
#include "core/plain_text.h"
#include "core/shown.h"
#include "shift/documents/selectors.h"
#include "shift/report/elog.h"

namespace vigil::shift {
namespace {

constexpr std::size_t kLinkBytes = 2048;

// Whether the model knows a monitor of this name, or the window judged one.
void require_monitor(alerting::Record& record, const alerting::RecordRow& window, const std::string& monitor) {
  const auto model = record.model(window.model_hash);
  if (model && std::find(model->monitors.begin(), model->monitors.end(), monitor) != model->monitors.end()) return;
  alerting::RecordFilter filter;
  filter.model = window.model;
  filter.stream = window.stream;
  filter.run = window.run;
  filter.monitor = monitor;
  filter.limit = 1;
  const auto rows = record.rows(alerting::RecordTable::verdicts, filter);
  if (rows.empty() || rows.front().monitor != monitor) {
    not_found("monitor: \"" + shown(monitor) + "\", expected a monitor of " + shown(window.model));
  }
}

Answer elog(const Outlook& outlook, const std::string& scheme, const Request& request) {
  const alerting::RecordedStream stream = selected_stream(outlook, request);
  const std::uint32_t run = selected_run(outlook, request, stream);
  const std::string name = selected_window_name(outlook, request, stream);
  std::optional<std::uint32_t> ls;
  if (const auto wanted = whole_of(request, "ls")) ls = static_cast<std::uint32_t>(*wanted);
  const auto window = outlook.record->window(stream.model, stream.stream, name, run, ls);
  if (!window) {
    not_found((ls ? "ls: " + std::to_string(*ls) : "window: \"" + shown(name) + "\"") +
              ", expected a closed window of run " + std::to_string(run));
  }
  const auto monitor = text_parameter(request, "monitor");
  if (monitor) require_monitor(*outlook.record, window->row, *monitor);
  Answer answer;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = elog_of_window(*outlook.record, *window, monitor,
                               permalink(scheme + "://" + plain(request.host, 300), stream.model, stream.stream,
                                         monitor.value_or(""), name, run, window->row.last_ls, kLinkBytes));
  return answer;
}

}  // namespace

std::string permalink(const std::string& origin, const std::string& model, const std::string& stream,
                      const std::string& monitor, const std::string& window, std::uint32_t run, std::uint32_t ls,
                      std::size_t most) {
  std::vector<std::pair<const char*, std::string>> parameters{{"model", model}, {"stream", stream}};
  if (!monitor.empty()) parameters.emplace_back("monitor", monitor);
  if (!monitor.empty()) parameters.emplace_back("window", window);
  parameters.emplace_back("run", std::to_string(run));
  parameters.emplace_back("ls", std::to_string(ls));
  std::string out = origin + (monitor.empty() ? "/model" : "/monitor");
  const char* between = "?";
  for (const auto& [name, value] : parameters) {
    const std::string next = between + std::string(name) + "=" + percent_encoded(value);
    // A view that lacks its model or monitor would be another view.
    if (out.size() + next.size() > most) return origin + "/";
    out += next;
    between = "&";
  }
  return out;
}

std::vector<Route> elog_routes(const Outlook& outlook, const std::string& scheme) {
  Route route;
  route.method = "GET";
  route.pattern = "/v1/elog";
  route.parameters = selector_parameters();
  route.parameters.push_back(any_parameter("monitor", "a monitor"));
  route.handle = [&outlook, scheme](const Request& request) {
    if (outlook.record == nullptr) return problem_answer("busy", "no journal is open here");
    try {
      return elog(outlook, scheme, request);
    } catch (const NoDocument& why) {
      return problem_answer(why.name, why.detail);
    }
  };
  return {std::move(route)};
}

}  // namespace vigil::shift
