#include "alerting/answers.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "core/secrets.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

constexpr std::size_t kReasonCharacters = 200;
constexpr std::int64_t kLongestMs = std::int64_t{30} * 24 * 3600 * 1000;

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Delivery delivery_of_status(int status) {
  switch (status) {
    case 401:
    case 408:
    case 425:
    case 429:
    case 503:
      return Delivery::retry;
    case 501:
      return Delivery::refused;
    default:
      break;
  }
  if (status >= 300 && status < 500) return Delivery::refused;
  return Delivery::maybe_done;  // 5xx, and a success that the sink does not know
}

}  // namespace

std::optional<std::int64_t> retry_after_ms(const std::string& text, std::int64_t now) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return std::nullopt;
  const std::string value = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  if (value.find_first_not_of("0123456789") == std::string::npos) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc{}) return kLongestMs;
    return std::min(seconds, kLongestMs / 1000) * 1000;
  }
  if (value.front() == '-' || value.find(':') == std::string::npos) return std::nullopt;
  const std::time_t date = curl_getdate(value.c_str(), nullptr);
  if (date == -1) return std::nullopt;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(date) - now, 0, kLongestMs / 1000) * 1000;
}

std::string answer_reason(const HttpAnswer& answer, const std::vector<std::string>& secrets) {
  const std::string status = "HTTP " + std::to_string(answer.status);
  const std::string text = shown(without_secrets(answer.body, secrets), kReasonCharacters);
  return text.empty() ? status : status + ": " + text;
}

Sink::Answer class_of(const HttpAnswer& answer, const std::vector<std::string>& secrets) {
  Sink::Answer out;
  switch (answer.end) {
    case HttpAnswer::End::withdrawn:
      return out;
    case HttpAnswer::End::not_sent:
      out.delivery = Delivery::retry;
      out.reason = shown(without_secrets(answer.error, secrets), kReasonCharacters);
      return out;
    case HttpAnswer::End::unknown:
      out.delivery = Delivery::maybe_done;
      out.reason = "no whole answer: " + shown(without_secrets(answer.error, secrets), kReasonCharacters);
      return out;
    case HttpAnswer::End::answered:
      break;
  }
  out.delivery = delivery_of_status(answer.status);
  out.reason = answer_reason(answer, secrets);
  out.server_error = out.delivery == Delivery::maybe_done && answer.status >= 500;
  if (out.delivery != Delivery::refused) out.not_before_ms = retry_after_ms(answer.retry_after, now_s()).value_or(0);
  return out;
}

}  // namespace vigil::alerting
