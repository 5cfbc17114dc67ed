#include "core/action.h"

#include "core/digest.h"

namespace vigil {
std::string_view to_string(ActionKind kind) {
  switch (kind) {
    case ActionKind::retrain:
      return "retrain";
    case ActionKind::threshold_adjust:
      return "threshold-adjust";
    case ActionKind::revalidate:
      return "revalidate";
    case ActionKind::notify:
      return "notify";
    case ActionKind::collect_data:
      return "collect-data";
    case ActionKind::rollback:
      return "rollback";
  }
  return "notify";
}

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::mismatch:
      return "mismatch";
    case Cause::input:
      return "input";
    case Cause::rate:
      return "rate";
    case Cause::conditions:
      return "conditions";
    case Cause::configuration:
      return "configuration";
    case Cause::data:
      return "data";
    case Cause::person:
      return "person";
  }
  return "conditions";
}

std::optional<ActionKind> action_kind(std::string_view text) {
  for (std::size_t k = 0; k < kActionKinds; ++k) {
    if (to_string(static_cast<ActionKind>(k)) == text) return static_cast<ActionKind>(k);
  }
  return std::nullopt;
}

std::string action_id(const std::string& model_hash, const std::string& stream, ActionKind kind, Cause cause,
                      const std::string& subject, std::uint32_t run, std::uint32_t ls) {
  std::string name = "vigil:action:1:" + model_hash + ":" + stream + ":";
  name.append(to_string(kind)).append(":").append(to_string(cause)).append(":").append(subject);
  name.append(":").append(std::to_string(run)).append(":").append(std::to_string(ls));
  return uuid5(kUrlNamespace, name);
}

}  // namespace vigil
