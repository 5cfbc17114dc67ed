#include "shift/server/address.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace vigil::shift {
namespace {

TEST(Address, IsReadAndWritten) {
  EXPECT_EQ(parse_address("x", "127.0.0.1:8080").text(), "127.0.0.1:8080");
  EXPECT_TRUE(parse_address("x", "127.9.9.9:0").is_loopback);
  EXPECT_EQ(parse_address("x", "[::1]:1").text(), "[::1]:1");
  EXPECT_TRUE(parse_address("x", "[::1]:1").is_loopback);
  EXPECT_TRUE(parse_address("x", "localhost:1").is_loopback);
  EXPECT_FALSE(parse_address("x", "0.0.0.0:65535").is_loopback);
  EXPECT_FALSE(parse_address("x", "[::]:1").is_loopback);
  EXPECT_TRUE(parse_address("x", "[::ffff:127.0.0.1]:1").is_loopback);
  for (const char* bad : {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:65536", "127.0.0.1:1x",
                          "::1:1", "[::1]", "[::1]1", "[::1", "[localhost]:1", "http://127.0.0.1:1", "127.0.0.1:1/"}) {
    EXPECT_THROW((void)parse_address("x", bad), Error) << bad;
  }
}

TEST(Host, MeansThisServerOrAnother) {
  const std::vector<std::string> names{"Monitor.example"};
  for (const char* own : {"10.0.0.1", "10.0.0.1:80", "10.0.0.1:", "monitor.EXAMPLE", "monitor.example:1"}) {
    EXPECT_TRUE(is_own_host(own, "10.0.0.1", false, names)) << own;
  }
  for (const char* other :
       {"", "localhost", "127.0.0.1", "10.0.0.2", "10.0.0.1:65536", "10.0.0.1:x", "10.0.0.1.evil", "[10.0.0.1]",
        "monitor.example.evil", "x@monitor.example", "monitor.example/", "[monitor.example]"}) {
    EXPECT_FALSE(is_own_host(other, "10.0.0.1", false, names)) << other;
  }
  EXPECT_TRUE(is_own_host("LocalHost:9", "127.0.0.1", true, {}));
  EXPECT_TRUE(is_own_host("[::1]:9", "::1", true, {}));
  EXPECT_TRUE(is_own_host("[0:0:0:0:0:0:0:1]", "::1", true, {}));
  EXPECT_FALSE(is_own_host("::1", "::1", true, {}));
}

}  // namespace
}  // namespace vigil::shift
