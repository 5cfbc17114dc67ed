#include "core/utc_time.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace vigil {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kLastSecond = INT64_MAX / kSecond - 1;

// Exactly `count` decimal digits at the front of `text`, taken off it.
std::optional<int> digits_of(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string rfc3339(std::int64_t ns, int digits) {
  const std::int64_t whole = ns / kSecond - (ns % kSecond < 0 ? 1 : 0);
  return rfc3339_of(whole, ns - whole * kSecond, digits);
}

std::string rfc3339_of(std::int64_t seconds, std::int64_t below, int digits) {
  const std::chrono::sys_seconds at{std::chrono::seconds{seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{at - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%0*dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), digits,
                static_cast<int>(digits == 6 ? below / 1000 : below / 1'000'000));
  return text.data();
}

std::optional<UtcTime> read_rfc3339(std::string_view text) {
  const auto year = digits_of(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = digits_of(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = digits_of(text, 2);
  if (!day || !take(text, 'T')) return std::nullopt;
  const auto hour = digits_of(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = digits_of(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = digits_of(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::int64_t below = 0;
  std::size_t digits = 0;
  if (take(text, '.')) {
    std::int64_t unit = kSecond;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
      unit /= 10;
      below += unit * (text.front() - '0');
      ++digits;
    }
    if (digits == 0) return std::nullopt;
  }
  if (text != "Z") return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *year < 1970) return std::nullopt;
  const std::int64_t seconds =
      std::chrono::sys_days{date}.time_since_epoch() / std::chrono::days{1} * std::int64_t{86400} + *hour * 3600 +
      *minute * 60 + *second;
  return UtcTime{seconds, below, *second, digits};
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  const auto time = read_rfc3339(text);
  if (!time || time->second > 59 || time->seconds > kLastSecond) return std::nullopt;
  return time->seconds * kSecond + time->below_ns;
}

}  // namespace vigil
