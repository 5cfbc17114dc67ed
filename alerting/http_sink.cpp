#include "alerting/http_sink.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/secrets.h"
#include "core/shown.h"

namespace vigil::alerting {

HttpPeer::HttpPeer(const SinkSettings& settings)
    : url_(settings.text("url")),
      token_file_(settings.own.contains("token_file") ? settings.text("token_file") : std::string{}),
      ca_file_(settings.text("ca_file")),
      timeout_ms_(settings.number("timeout_ms")) {}

std::string HttpPeer::secret(const std::string& path, bool one_line) {
  secrets_.push_back(read_secret(path, one_line));
  return secrets_.back();
}

void HttpPeer::keep_out_file(const std::string& path) {
  try {
    if (!path.empty()) (void)secret(path);
  } catch (const Error&) {  // told by the exchange that needs it
  }
}

std::vector<std::string> HttpPeer::headers_with_token(std::vector<std::string> headers, bool with_token) {
  if (with_token && !token_file_.empty()) headers.push_back("Authorization: Bearer " + secret(token_file_));
  return headers;
}

std::string HttpPeer::url(const std::string& path) const {
  std::string address = url_;
  while (!path.empty() && address.ends_with('/')) address.pop_back();
  return address + path;
}

HttpAnswer HttpPeer::get(const std::string& path, const std::vector<std::string>& headers, bool with_token) {
  HttpRequest request;
  request.url = url(path);
  request.headers = headers_with_token(headers, with_token);
  request.ca_file = ca_file_;
  request.timeout_ms = timeout_ms_;
  return client_.exchange(request);
}

HttpAnswer HttpPeer::post(const std::string& path, const std::string& content_type, std::string body,
                          const Sink::Begin& begin, std::vector<std::string> headers, bool with_token) {
  HttpRequest request;
  request.method = "POST";
  request.url = url(path);
  request.headers = headers_with_token(std::move(headers), with_token);
  request.headers.push_back("Content-Type: " + content_type);
  request.body = std::move(body);
  request.ca_file = ca_file_;
  request.timeout_ms = timeout_ms_;
  return client_.exchange(request, begin);
}

Sink::Answer HttpPeer::failed_look(const HttpAnswer& answer) const {
  Sink::Answer out = class_of(answer);
  out.delivery = Delivery::retry;
  out.server_error = false;
  out.reason = "look-up: " + out.reason;
  return out;
}

Sink::Answer HttpPeer::delivered(const std::string& run, const std::string& url) const {
  Sink::Answer out;
  out.delivery = Delivery::delivered;
  out.run = clean(run);
  if (url.starts_with("https://") || url.starts_with("http://")) out.url = clean(url);
  return out;
}

Sink::Answer HttpPeer::not_understood(const HttpAnswer& answer) const {
  Sink::Answer out;
  out.delivery = Delivery::maybe_done;
  out.reason = answer.cut ? "an answer of more than 64 KiB" : "not understood: " + answer_reason(answer, secrets_);
  return out;
}

std::string HttpPeer::clean(const std::string& text) const { return shown(without_secrets(text, secrets_), 200); }

std::optional<nlohmann::json> json_of(const HttpAnswer& answer) {
  if (answer.cut) return std::nullopt;
  auto json = nlohmann::json::parse(answer.body, nullptr, false);
  if (!json.is_object() && !json.is_array()) return std::nullopt;
  return json;
}

std::string text_in(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number_integer() ? found->dump() : std::string{};
}

}  // namespace vigil::alerting
