#include "shift/server/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace vigil::shift {

double RateLimiter::filled(const Bucket& bucket, Clock::time_point now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.at).count();
  return std::min(2 * per_second_, bucket.tokens + std::max(0.0, seconds) * per_second_);
}

std::optional<std::uint32_t> RateLimiter::refuse(const std::string& address, Clock::time_point now) {
  if (buckets_.size() >= look_at_) {
    std::erase_if(buckets_, [&](const auto& entry) { return filled(entry.second, now) >= 2 * per_second_; });
    look_at_ = std::max<std::size_t>(1024, 2 * buckets_.size());
  }
  Bucket& bucket = buckets_.try_emplace(address, Bucket{2 * per_second_, now}).first->second;
  bucket.tokens = filled(bucket, now);
  bucket.at = now;
  if (bucket.tokens < 1) return std::max(1u, static_cast<std::uint32_t>(std::ceil((1 - bucket.tokens) / per_second_)));
  bucket.tokens -= 1;
  return {};
}

}  // namespace vigil::shift
