#include "core/utc_time.h"

#include <gtest/gtest.h>

namespace vigil {
namespace {

TEST(UtcTime, WrittenAndReadBack) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(1'700'000'000'123'456'789), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(rfc3339(1'700'000'000'123'456'789, 6), "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(rfc3339(951'782'400'000'000'000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(parse_rfc3339("2023-11-14T22:13:20.123456789Z"), 1'700'000'000'123'456'789);
  EXPECT_EQ(parse_rfc3339("2000-02-29T00:00:00Z"), 951'782'400'000'000'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.0000000009Z"), 0);
  for (std::int64_t ns = 0; ns < INT64_MAX / 2; ns += INT64_MAX / 1001) {
    EXPECT_EQ(parse_rfc3339(rfc3339(ns, 6)), ns / 1000 * 1000);
  }
}

TEST(UtcTime, AnythingElseIsNoTime) {
  for (const char* text :
       {"", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14T22:13:20+00:00", "2023-11-14 22:13:20Z",
        "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-11-14T24:00:00Z", "2023-11-14T22:60:20Z",
        "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20Zx", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z",
        "-023-11-14T22:13:20Z", "2023-11-14T22:13:20z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace vigil
