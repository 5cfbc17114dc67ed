#include "monitors/input_changes.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace vigil::monitors {
namespace {

constexpr double kTurn = 6.283185307179586;
constexpr int kMostBits = 8;

// jet[0].pt: object jet[0], column pt. An input without a point is no object's.
std::string_view object_of(std::string_view name) {
  const std::size_t point = name.rfind('.');
  return point == std::string_view::npos ? name : name.substr(0, point);
}
std::string_view column_of(std::string_view name) {
  const std::size_t point = name.rfind('.');
  return point == std::string_view::npos ? name : name.substr(point + 1);
}
bool is_of_object(std::string_view name) { return name.find('.') != std::string_view::npos; }

// Codes of a full turn, as in docs/scenarios.md.
std::int64_t turn_codes(const InputColumn& input, bool& has_scale) {
  has_scale = input.lsb && input.unit == "rad" && *input.lsb > 1e-6;
  if (has_scale) return static_cast<std::int64_t>(kTurn / *input.lsb + 0.5);
  return input.name.starts_with("muon") ? 576 : 144;
}

Wide floor_to(Wide word, Wide step) {
  const Wide rest = word % step;
  return word - (rest < 0 ? rest + step : rest);
}

// Into [first, first + size).
Wide around(Wide word, Wide first, Wide size) { return word - floor_to(word - first, size); }

}  // namespace

const std::vector<WordChange>& word_changes() {
  static const std::vector<WordChange> changes = [] {
    using Kind = WordChange::Kind;
    std::vector<WordChange> made{{Kind::zero, 0}};
    for (int bits = 1; bits <= kMostBits; ++bits) made.push_back({Kind::low_bits_zero, bits});
    for (const Kind kind : {Kind::plus, Kind::minus, Kind::largest, Kind::smallest}) made.push_back({kind, 0});
    return made;
  }();
  return changes;
}

std::string to_string(const WordChange& change) {
  switch (change.kind) {
    case WordChange::Kind::zero:
      return "zero";
    case WordChange::Kind::low_bits_zero:
      return "low " + std::to_string(change.bits) + " bits zero";
    case WordChange::Kind::plus:
      return "plus 1";
    case WordChange::Kind::minus:
      return "minus 1";
    case WordChange::Kind::largest:
      return "largest";
    case WordChange::Kind::smallest:
      return "smallest";
  }
  return "?";
}

std::vector<ChangedInputs> changed_inputs(const ModelInfo& model) {
  std::vector<ChangedInputs> made, groups;
  for (std::size_t c = 0; c < model.inputs.size(); ++c) {
    const std::string& name = model.inputs[c].name;
    made.push_back({name, {c}});
    if (!is_of_object(name)) continue;
    const std::string group = "*." + std::string(column_of(name));
    auto found = std::find_if(groups.begin(), groups.end(), [&](const ChangedInputs& g) { return g.name == group; });
    if (found == groups.end()) found = groups.insert(found, {group, {}});
    found->columns.push_back(c);
  }
  std::erase_if(groups, [](const ChangedInputs& g) { return g.columns.size() < 2; });
  made.insert(made.end(), groups.begin(), groups.end());
  return made;
}

InputChanges::InputChanges(const ModelInfo& model, const std::vector<KeptEvent>& events) : events_(events) {
  std::map<std::string_view, std::size_t> objects;
  std::map<std::string_view, std::uint64_t> bits;  // of all words of a column name
  for (std::size_t c = 0; c < model.inputs.size(); ++c) {
    const InputColumn& input = model.inputs[c];
    for (const KeptEvent& e : events) bits[column_of(input.name)] |= static_cast<std::uint64_t>(e.inputs[c]);
    Column column;
    column.lowest = input.type.lowest();
    column.highest = input.type.highest();
    column.object = objects.try_emplace(object_of(input.name), objects.size()).first->second;
    column.of_object = is_of_object(input.name);
    if (column_of(input.name) == "phi") {
      column.circle = turn_codes(input, column.has_scale);
      for (int f = 0; f < input.type.fraction() && column.circle <= column.highest; ++f) column.circle *= 2;
    }
    columns_.push_back(column);
  }
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const std::uint64_t all = bits[column_of(model.inputs[c].name)];
    if (all != 0) columns_[c].unit = static_cast<Wide>(all & (~all + 1));
  }
  present_.assign(events.size(), std::vector<bool>(objects.size()));
  for (std::size_t e = 0; e < events.size(); ++e) {
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (events[e].inputs[c] != 0 || !columns_[c].of_object) present_[e][columns_[c].object] = true;
    }
  }
}

bool InputChanges::is_absent(std::size_t event, std::size_t column) const {
  return !present_[event][columns_[column].object];
}

std::int64_t InputChanges::changed(const Column& column, std::int64_t word, const WordChange& change,
                                   Reading reading) const {
  const bool first = reading == Reading::ends;
  Wide moved = word;
  switch (change.kind) {
    case WordChange::Kind::zero:
      moved = 0;
      break;
    case WordChange::Kind::low_bits_zero:
      moved = floor_to(word, column.unit << change.bits);
      break;
    case WordChange::Kind::plus:
      moved += column.unit;
      break;
    case WordChange::Kind::minus:
      moved -= column.unit;
      break;
    case WordChange::Kind::largest:
      moved = first ? column.highest : floor_to(column.highest, column.unit);
      break;
    case WordChange::Kind::smallest:
      moved = first ? column.lowest : -floor_to(-column.lowest, column.unit);
      break;
  }
  const bool is_step = change.kind == WordChange::Kind::plus || change.kind == WordChange::Kind::minus;
  if (is_step && column.circle > 0) {
    const Wide types = column.highest - column.lowest + 1;
    if (reading == Reading::circle_from_0) moved = around(moved, 0, column.circle);
    if (reading == Reading::circle_about_0) moved = around(moved, -(column.circle / 2), column.circle);
    if (reading == Reading::circle_of_type && !column.has_scale) moved = around(moved, column.lowest, types);
  }
  return static_cast<std::int64_t>(std::clamp(moved, column.lowest, column.highest));
}

std::vector<std::vector<std::int64_t>> InputChanges::after(std::size_t event, const ChangedInputs& inputs,
                                                           const WordChange& change) const {
  const std::vector<std::int64_t>& words = events_[event].inputs;
  std::vector<std::vector<std::int64_t>> found;
  for (const Reading reading :
       {Reading::ends, Reading::circle_from_0, Reading::circle_about_0, Reading::circle_of_type}) {
    std::vector<std::int64_t> made = words;
    for (const std::size_t c : inputs.columns) {
      if (!is_absent(event, c)) made[c] = changed(columns_[c], words[c], change, reading);
    }
    if (made != words && std::find(found.begin(), found.end(), made) == found.end()) found.push_back(std::move(made));
  }
  return found;
}

}  // namespace vigil::monitors
