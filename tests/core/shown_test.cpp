#include "core/shown.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace vigil {
namespace {

TEST(Shown, PlainTextStays) {
  EXPECT_EQ(shown("link0 Zürich 東京 µ"), "link0 Zürich 東京 µ");
  EXPECT_EQ(shown(""), "");
}

TEST(Shown, ControlsBecomeEscapes) {
  EXPECT_EQ(shown("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(shown(std::string_view("\0\x1b[31m\x7f", 7)), "\\x00\\x1b[31m\\x7f");
  EXPECT_EQ(shown("\xc2\x85"), "\\u0085");  // C1
}

TEST(Shown, BytesThatAreNoUtf8BecomeEscapes) {
  EXPECT_EQ(shown("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(shown("\xc0\x80"), "\\xc0\\x80");           // overlong
  EXPECT_EQ(shown("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(shown("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(shown("a\xe6\x9d"), "a\\xe6\\x9d");  // cut off
}

TEST(Shown, DirectionMarksAndLineSeparatorsBecomeEscapes) {
  EXPECT_EQ(shown("a\u202e"
                  "b\u2028c\u200f"),
            "a\\u202eb\\u2028c\\u200f");
}

TEST(Shown, CutsAtCharactersNotBytesAndNeverInsideAnEscape) {
  EXPECT_EQ(shown(std::string(64, 'x')), std::string(64, 'x'));
  EXPECT_EQ(shown(std::string(65, 'x')), std::string(64, 'x') + "…");
  EXPECT_EQ(shown("üüü", 2), "üü…");
  EXPECT_EQ(shown("ab\x01", 4), "ab…");
}

TEST(Shown, EscapedStaysAsItIs) {
  const std::string once = escaped("a\n\xff\u202e");
  EXPECT_EQ(escaped(once), once);
  EXPECT_EQ(escaped(std::string(1000, 'x')).size(), 1000u);
}

TEST(Shown, ErrorsStayOnOneLine) { EXPECT_STREQ(Error("a\nb", "\x1b", "c").what(), "a\\nb: \\x1b, expected c"); }

}  // namespace
}  // namespace vigil
