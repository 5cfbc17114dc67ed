// What the sinks that speak HTTP share: address, token, time-out, one exchange at a time that is classed as
// docs/sinks.md says. Used by their *_sink.cpp only. One thread but for abandon() and render().
// Tests: tests/alerting/pipeline_sinks_test.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "alerting/answers.h"
#include "alerting/http_client.h"
#include "alerting/sinks.h"

namespace vigil::alerting {

// A member of each of them.
class HttpPeer {
 public:
  explicit HttpPeer(const SinkSettings& settings);

  // What a request to `path`, which begins with a slash, goes to; of none the url as it is configured.
  std::string url(const std::string& path = {}) const;
  void abandon() { client_.abandon(); }

  // A new attempt: forgets the secrets of the one before.
  void begin_attempt() { secrets_.clear(); }
  // Reads a secret's file and keeps it out of all texts from now on. Throws Error.
  std::string secret(const std::string& path, bool one_line = true);
  // The same for a secret that this exchange does not need, and its server may know all the same. One that cannot be
  // read, or no path, is nothing.
  void keep_out_file(const std::string& path);

  // With the bearer token, where there is a token_file and `with_token`. Throws Error for a secret that cannot be read.
  HttpAnswer get(const std::string& path, const std::vector<std::string>& headers = {}, bool with_token = true);
  HttpAnswer post(const std::string& path, const std::string& content_type, std::string body, const Sink::Begin& begin,
                  std::vector<std::string> headers = {}, bool with_token = true);

  // Of an answer that is not what its sink takes as delivered.
  Sink::Answer class_of(const HttpAnswer& answer) const { return alerting::class_of(answer, secrets_); }
  // The same where nothing of the action left: a look that failed is tried again, whatever the answer was.
  Sink::Answer failed_look(const HttpAnswer& answer) const;
  Sink::Answer delivered(const std::string& run = {}, const std::string& url = {}) const;
  // A success whose body says too little or is too long.
  Sink::Answer not_understood(const HttpAnswer& answer) const;
  std::string clean(const std::string& text) const;  // of strangers: no secret, one line, at most 200 characters

 private:
  std::vector<std::string> headers_with_token(std::vector<std::string> headers, bool with_token);

  std::string url_, token_file_, ca_file_;
  std::int64_t timeout_ms_;
  HttpClient client_;
  std::vector<std::string> secrets_;
};

// The body as a JSON object or array; nullopt: neither, or cut.
std::optional<nlohmann::json> json_of(const HttpAnswer& answer);
// The text of a member, a number in decimal; empty: neither.
std::string text_in(const nlohmann::json& object, const char* key);

}  // namespace vigil::alerting
