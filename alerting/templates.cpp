#include "alerting/templates.h"

#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace vigil::alerting {
namespace {

using Value = std::string (*)(const ActionText&);
constexpr std::array<std::pair<std::string_view, Value>, 14> kNames = {{
    {"id", [](const ActionText& a) { return a.id; }},
    {"kind", [](const ActionText& a) { return a.kind; }},
    {"model", [](const ActionText& a) { return a.model; }},
    {"model_hash", [](const ActionText& a) { return a.model_hash; }},
    {"stream", [](const ActionText& a) { return a.stream; }},
    {"cause", [](const ActionText& a) { return a.cause; }},
    {"subject", [](const ActionText& a) { return a.subject; }},
    {"run", [](const ActionText& a) { return std::to_string(a.run); }},
    {"first_ls", [](const ActionText& a) { return std::to_string(a.first_ls); }},
    {"last_ls", [](const ActionText& a) { return std::to_string(a.last_ls); }},
    {"reason", [](const ActionText& a) { return a.reason; }},
    {"event", [](const ActionText& a) { return a.event; }},
    {"dataset", [](const ActionText& a) { return a.dataset; }},
    {"dataset_sha256", [](const ActionText& a) { return a.dataset_sha256; }},
}};

Value value_of(std::string_view name) {
  for (const auto& [known, value] : kNames) {
    if (known == name) return value;
  }
  return nullptr;
}

// Calls `on_text` and `on_name` in the order of `text`; false: a name without its end.
bool walk(std::string_view text, const std::function<void(std::string_view)>& on_text,
          const std::function<void(std::string_view)>& on_name) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t dollar = text.find('$', at);
    on_text(text.substr(at, dollar - at));
    if (dollar == std::string_view::npos) return true;
    const std::string_view rest = text.substr(dollar + 1);
    if (rest.starts_with('{')) {
      const std::size_t end = rest.find('}');
      if (end == std::string_view::npos) return false;
      on_name(rest.substr(1, end - 1));
      at = dollar + 2 + end;
    } else {
      on_text("$");
      at = dollar + (rest.starts_with('$') ? 2 : 1);
    }
  }
  return true;
}

}  // namespace

ActionText::ActionText(const OutgoingAction& action) {
  const auto line = nlohmann::json::parse(action.line);
  const auto text = [&](const char* key) { return line.value(key, std::string{}); };
  id = action.id;
  kind = text("kind");
  model = text("model");
  model_hash = text("model_hash");
  stream = text("stream");
  cause = text("cause");
  subject = text("subject");
  reason = text("reason");
  run = line.value("run", std::uint64_t{0});
  first_ls = line.value("first_ls", std::uint64_t{0});
  last_ls = line.value("last_ls", std::uint64_t{0});
  if (const auto proposal = line.find("proposal"); proposal != line.end() && proposal->is_object()) {
    to = proposal->value("to", std::string{});
    const auto monitors = proposal->find("monitors");
    if (monitors != proposal->end() && monitors->is_array() && !monitors->empty() && monitors->front().is_string()) {
      first_monitor = monitors->front().get<std::string>();
    }
  }
  event = action.cloudevent;
  dataset = action.dataset;
  dataset_sha256 = action.dataset_sha256;
}

std::string template_problem(const std::string& text) {
  std::string unknown;
  const bool whole = walk(
      text, [](std::string_view) {},
      [&](std::string_view name) {
        if (value_of(name) == nullptr && unknown.empty()) unknown = "unknown ${" + std::string(name) + "}";
      });
  return whole ? unknown : "a ${ without its }";
}

std::string filled(const std::string& text, const ActionText& action) {
  std::string all;
  walk(
      text, [&](std::string_view part) { all += part; },
      [&](std::string_view name) {
        if (const Value value = value_of(name)) all += value(action);
      });
  return all;
}

}  // namespace vigil::alerting
