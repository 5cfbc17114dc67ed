// One HTTP exchange at a time, for the sinks that speak HTTP (libcurl). TLS is always verified; no redirect is
// followed, no proxy of the environment used, no connection kept: libcurl sends a request again by itself only on a
// kept one. Tests: tests/alerting/http_client_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vigil::alerting {

inline constexpr const char* kJson = "application/json";

inline constexpr std::size_t kAnswerBytes = 64 * 1024;  // read of an answer

struct HttpRequest {
  std::string method = "GET";
  std::string url;                   // http or https
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  std::string ca_file;  // the only authorities trusted; empty: the system's
  std::int64_t timeout_ms = 10000;
  std::size_t most_bytes = kAnswerBytes;  // read of the answer
};

struct HttpAnswer {
  enum class End : std::uint8_t {
    answered,   // a whole answer, or its first most_bytes
    not_sent,   // name resolution, connection or TLS failed: no byte of the request left
    unknown,    // the request left, and no whole answer came
    withdrawn,  // the caller said so before the first byte
  };
  End end = End::not_sent;
  int status = 0;
  std::string body;  // at most most_bytes
  bool cut = false;  // there was more
  std::string retry_after;
  std::string error;  // of not_sent and unknown
};

class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Blocks up to the request's time-out. `begin` (may be empty) is called once, with the connection made and the peer
  // verified, right before the first byte; false ends the exchange as withdrawn. What it throws passes through.
  HttpAnswer exchange(const HttpRequest& request, const std::function<bool()>& begin = {});
  // The exchange in progress and all later ones end at once. Thread-safe, idempotent.
  void abandon();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What is wrong with `url` as the address of a sink, empty: nothing. Expected: an absolute http or https URL without
// user, password and fragment.
std::string url_problem(const std::string& url);
// Of a valid URL: http, to another machine than this one.
bool is_plain_beyond_loopback(const std::string& url);

}  // namespace vigil::alerting
