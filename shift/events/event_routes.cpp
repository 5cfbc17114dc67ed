#include "shift/events/event_routes.h"

#include <algorithm>

#include "shift/documents/selectors.h"

namespace vigil::shift {

std::vector<Route> event_routes(EventHub& hub) {
  std::vector<std::string> types = kEventTypes;
  types.push_back("reset");
  Route events{.method = "GET",
               .pattern = "/v1/events",
               .caching = Caching::never,
               .parameters = {list_parameter("types", types)},
               .is_stream = true,
               .handle = [&hub](const Request& request) {
                 std::set<std::string> wanted;
                 if (const auto at = request.parameters.find("types"); at != request.parameters.end()) {
                   const auto names = split_list(at->second);
                   wanted.insert(names.begin(), names.end());
                 }
                 Answer answer;
                 answer.content_type = "text/event-stream";
                 answer.stream = [&hub, wanted, last = request.last_event_id](std::shared_ptr<EventStream> stream) {
                   hub.add(std::move(stream), wanted, last);
                 };
                 return answer;
               }};
  std::vector<Route> out;
  out.push_back(std::move(events));
  return out;
}

}  // namespace vigil::shift
