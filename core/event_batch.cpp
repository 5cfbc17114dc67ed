#include "core/event_batch.h"

namespace vigil {

std::string_view to_string(Rejection cause) {
  switch (cause) {
    case Rejection::none:
      return "none";
    case Rejection::parts:
      return "parts";
    case Rejection::too_large:
      return "too large";
    case Rejection::not_msgpack:
      return "not msgpack";
    case Rejection::trailing_bytes:
      return "trailing bytes";
    case Rejection::not_a_map:
      return "not a map";
    case Rejection::missing_key:
      return "missing key";
    case Rejection::wrong_type:
      return "wrong type";
    case Rejection::version:
      return "version";
    case Rejection::topic:
      return "topic";
    case Rejection::unknown_model:
      return "unknown model";
    case Rejection::lumisection:
      return "lumisection";
    case Rejection::orbits:
      return "orbits";
    case Rejection::bunch_crossing:
      return "bunch crossing";
    case Rejection::column:
      return "column";
    case Rejection::word_range:
      return "word range";
    case Rejection::limits:
      return "limits";
    case Rejection::selection:
      return "selection";
    case Rejection::sources:
      return "sources";
    case Rejection::clock_jump:
      return "clock jump";
    case Rejection::count_:
      break;
  }
  return "unknown";
}

}  // namespace vigil
