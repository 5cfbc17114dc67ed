#include "shift/server/instant.h"

#include "core/utc_time.h"

namespace vigil::shift {

std::optional<std::int64_t> parse_instant_ms(const std::string& text) {
  constexpr std::size_t kLongest = 64;
  const auto time = text.size() <= kLongest ? read_rfc3339(text) : std::nullopt;
  if (!time) return {};
  return time->seconds * 1000 + time->below_ns / 1'000'000;
}

}  // namespace vigil::shift
