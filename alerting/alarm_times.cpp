#include "alerting/alarm_times.h"

#include <algorithm>

#include "core/utc_time.h"

namespace vigil::alerting {

std::string rfc3339(std::int64_t ns) {
  constexpr std::string_view kNoMilliseconds = ".000Z";
  std::string text = vigil::rfc3339(ns);
  if (text.ends_with(kNoMilliseconds)) text.replace(text.size() - kNoMilliseconds.size(), kNoMilliseconds.size(), "Z");
  return text;
}

std::optional<std::int64_t> from_rfc3339(std::string_view text) {
  constexpr std::size_t kDigits = 9;
  constexpr std::int64_t kSecond = 1'000'000'000, k2262 = 9'214'646'400;
  std::string upper(text);  // T and Z may be small
  std::replace(upper.begin(), upper.end(), 't', 'T');
  std::replace(upper.begin(), upper.end(), 'z', 'Z');
  const auto time = read_rfc3339(upper);
  if (!time || time->second > 59 || time->digits > kDigits || time->seconds >= k2262) return std::nullopt;
  return time->seconds * kSecond + time->below_ns;
}

}  // namespace vigil::alerting
