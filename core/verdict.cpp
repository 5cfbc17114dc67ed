#include "core/verdict.h"

namespace vigil {

std::string_view to_string(Quality quality) {
  switch (quality) {
    case Quality::unknown:
      return "unknown";
    case Quality::good:
      return "good";
    case Quality::medium:
      return "medium";
    case Quality::bad:
      return "bad";
  }
  return "unknown";
}

std::optional<Quality> quality_of(std::string_view text) {
  for (const Quality quality : {Quality::unknown, Quality::good, Quality::medium, Quality::bad}) {
    if (to_string(quality) == text) return quality;
  }
  return {};
}

std::string_view to_string(ClosedBy cause) {
  switch (cause) {
    case ClosedBy::full:
      return "full";
    case ClosedBy::context:
      return "context";
    case ClosedBy::run:
      return "run";
    case ClosedBy::end:
      return "end";
  }
  return "end";
}

std::string_view to_string(InputChange::Kind kind) {
  switch (kind) {
    case InputChange::Kind::dead:
      return "dead";
    case InputChange::Kind::hot:
      return "hot";
    case InputChange::Kind::rescaled:
      return "rescaled";
    case InputChange::Kind::shifted:
      return "shifted";
  }
  return "shifted";
}

}  // namespace vigil
