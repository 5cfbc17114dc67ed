#include "shift/server/rate_limiter.h"

#include <gmock/gmock.h>

namespace vigil::shift {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiter, LetsABurstOfTwiceTheRatePassThenTheRate) {
  RateLimiter limiter(10);
  const RateLimiter::Clock::time_point start{};
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(limiter.refuse("a", start)) << i;
  EXPECT_EQ(limiter.refuse("a", start), 1u);
  EXPECT_FALSE(limiter.refuse("b", start));  // another address
  int passed = 0;
  for (int ms = 1; ms <= 1000; ++ms) passed += !limiter.refuse("a", start + 1ms * ms);
  EXPECT_NEAR(passed, 10, 1);
  EXPECT_FALSE(limiter.refuse("a", start + 1h));
  int burst = 1;
  while (!limiter.refuse("a", start + 1h)) ++burst;
  EXPECT_EQ(burst, 20);  // an hour of silence is worth no more
}

TEST(RateLimiter, AClockThatStandsOrGoesBackGivesNothing) {
  RateLimiter limiter(1);
  const RateLimiter::Clock::time_point start{10s};
  EXPECT_FALSE(limiter.refuse("a", start));
  EXPECT_FALSE(limiter.refuse("a", start));
  EXPECT_TRUE(limiter.refuse("a", start - 5s));
}

TEST(RateLimiter, ForgetsWhoAskedLongAgo) {
  RateLimiter limiter(100);
  const RateLimiter::Clock::time_point start{};
  for (int i = 0; i < 100000; ++i) EXPECT_FALSE(limiter.refuse(std::to_string(i), start + 1ms * i));
  EXPECT_LE(limiter.addresses(), 2048u);
}

}  // namespace
}  // namespace vigil::shift
