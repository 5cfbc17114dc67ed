#include "core/percent_encoded.h"

#include <gtest/gtest.h>

namespace vigil {
namespace {

TEST(PercentEncoded, LeavesWhatNeedsNoEscape) {
  EXPECT_EQ(percent_encoded("l1t/a b~%\xc3\xa9"), "l1t%2Fa%20b~%25%C3%A9");
  EXPECT_EQ(percent_encoded("/tmp/a b.db", "/"), "/tmp/a%20b.db");
  EXPECT_EQ(percent_encoded(std::string_view("\0?", 2)), "%00%3F");
}

}  // namespace
}  // namespace vigil
