#include "alerting/rendering.h"

#include <nlohmann/json.hpp>

#include "core/digest.h"
#include "core/json_text.h"

namespace vigil::alerting {

std::string canonical(const nlohmann::json& json) { return json_text(json); }

std::string canonical(const std::vector<RenderedRequest>& requests) {
  nlohmann::json all = nlohmann::json::array();
  for (const RenderedRequest& r : requests) {
    all.push_back(
        {{"sink", r.sink}, {"method", r.method}, {"url", r.url}, {"content_type", r.content_type}, {"body", r.body}});
  }
  return canonical(all);
}

}  // namespace vigil::alerting
