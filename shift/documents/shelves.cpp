#include "shift/documents/shelves.h"

#include <algorithm>
#include <utility>

#include "shift/documents/json_values.h"

namespace vigil::shift {

Shelves shelves_of(const nlohmann::ordered_json& alarms) {
  std::vector<std::string> nodes;
  const nlohmann::ordered_json shelves = value_at(alarms, "shelves");
  if (shelves.is_array()) {
    for (const auto& shelf : shelves) nodes.push_back(text_at(shelf, "node"));
  }
  return Shelves(std::move(nodes));
}

bool Shelves::hold(const std::string& model, const std::string& stream, const std::string& monitor) const {
  const std::string leaf = model + "/" + stream + (monitor.empty() ? "" : "/" + monitor);
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const std::string& node) {
    return leaf.starts_with(node) && (leaf.size() == node.size() || leaf[node.size()] == '/');
  });
}

AlarmNumbers alarm_numbers(const nlohmann::ordered_json& alarms) {
  AlarmNumbers out;
  const nlohmann::ordered_json leaves = value_at(alarms, "alarms");
  if (!leaves.is_array()) return out;
  for (const auto& leaf : leaves) {
    if (text_at(leaf, "latched") == "ok") continue;
    if (!value_at(leaf, "shelved_until").is_null()) {
      ++out.shelved;
    } else if (leaf.value("acknowledged", false)) {
      ++out.acknowledged;
    } else {
      ++out.raised;
    }
  }
  return out;
}

}  // namespace vigil::shift
