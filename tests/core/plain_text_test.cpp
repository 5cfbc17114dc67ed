#include "core/plain_text.h"

#include <gtest/gtest.h>

namespace vigil {
namespace {

TEST(PlainText, PutsOneReplacementForWhatNoReaderShouldGet) {
  EXPECT_EQ(plain("Zürich 東京 µ <b>&"), "Zürich 東京 µ <b>&");
  EXPECT_EQ(plain(std::string_view("a\n\x1b[31m\0\x7f", 9)), "a\ufffd\ufffd[31m\ufffd\ufffd");
  EXPECT_EQ(plain("\xff\xc2\x9b|\u202e|\xe6\x9d"), "\ufffd\ufffd|\ufffd|\ufffd\ufffd");
}

TEST(PlainText, NeverHasMoreCharactersThanAsked) {
  EXPECT_EQ(plain("üüüü", 4), "üüüü");
  EXPECT_EQ(plain("üüüüü", 4), "üüü…");
  EXPECT_EQ(plain("ab", 1), "…");
  EXPECT_EQ(plain("ab", 0), "");
  EXPECT_EQ(plain("", 0), "");
}

}  // namespace
}  // namespace vigil
