// How many requests an address may make: a bucket of tokens each, full at twice the rate. Forgets addresses whose
// bucket is full again, so that it holds only who asked of late. Used by the server's front; one thread.
// Tests: tests/shift/rate_limiter_test.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace vigil::shift {

class RateLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  // `per_second` at least 1; the burst is twice that.
  explicit RateLimiter(std::uint32_t per_second) : per_second_(per_second) {}

  // nullopt: the request may pass. Else whole seconds, at least 1, until one may.
  std::optional<std::uint32_t> refuse(const std::string& address, Clock::time_point now);
  std::size_t addresses() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens = 0;
    Clock::time_point at;
  };
  double filled(const Bucket& bucket, Clock::time_point now) const;

  double per_second_;
  std::map<std::string, Bucket> buckets_;
  std::size_t look_at_ = 1024;  // addresses at which full buckets are forgotten
};

}  // namespace vigil::shift
