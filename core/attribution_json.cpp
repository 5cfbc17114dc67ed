#include "core/attribution_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_text.h"

namespace vigil {

nlohmann::ordered_json attribution_json(const std::vector<MovedInput>& moved, std::size_t most) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < std::min(most, moved.size()); ++i) {
    nlohmann::ordered_json item = {{"monitor", moved[i].monitor}, {"effect", json_number(moved[i].effect)}};
    if (moved[i].p_value) put(item, "p_value", json_number(*moved[i].p_value));
    if (moved[i].e_value) put(item, "e_value", json_number(*moved[i].e_value));
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace vigil
