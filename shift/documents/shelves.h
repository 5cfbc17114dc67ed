// What of the alarms' document (/v1/alarms, docs/alarms.md) a status needs: which nodes are shelved now, and how many
// alarms there are. Pure.
// Tests: tests/shift/families_test.cpp, tests/shift/status_document_test.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vigil::shift {

class Shelves {
 public:
  Shelves() = default;
  explicit Shelves(std::vector<std::string> nodes) : nodes_(std::move(nodes)) {}

  // Whether <model>/<stream>/<monitor>, or, without monitor, the stream, is one of the nodes or lies below one.
  bool hold(const std::string& model, const std::string& stream, const std::string& monitor = {}) const;

 private:
  std::vector<std::string> nodes_;
};

// Of the document's `shelves`; none where it has none.
Shelves shelves_of(const nlohmann::ordered_json& alarms);

// Leaves with an alarm, each in the first of shelved, acknowledged, raised that it is.
struct AlarmNumbers {
  std::uint64_t raised = 0, acknowledged = 0, shelved = 0;
};
AlarmNumbers alarm_numbers(const nlohmann::ordered_json& alarms);

}  // namespace vigil::shift
