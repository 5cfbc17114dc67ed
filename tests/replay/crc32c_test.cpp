#include "replay/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace vigil::replay {
namespace {

TEST(Crc32c, known_vectors) {
  // RFC 3720, appendix B.4.
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  for (const auto crc : {crc32c, crc32c_by_table}) {
    EXPECT_EQ(crc("123456789", 0), 0xE3069283u);
    EXPECT_EQ(crc("", 0), 0u);
    EXPECT_EQ(crc(std::string(32, '\0'), 0), 0x8A9136AAu);
    EXPECT_EQ(crc(std::string(32, '\xff'), 0), 0x62A8AB43u);
    EXPECT_EQ(crc(ascending, 0), 0x46DD794Eu);
  }
}

TEST(Crc32c, both_ways_agree_on_random_bytes_at_every_alignment) {
  if (!has_crc32c_instruction()) GTEST_SKIP() << "needs SSE4.2";
  std::mt19937_64 random(1);
  std::string bytes(5000, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  for (int i = 0; i < 2000; ++i) {
    const std::size_t begin = random() % 64;
    const std::string_view piece = std::string_view(bytes).substr(begin, random() % (bytes.size() - begin));
    const auto before = static_cast<std::uint32_t>(random());
    ASSERT_EQ(crc32c_by_table(piece, before), crc32c_by_instruction(piece, before)) << piece.size();
  }
}

TEST(Crc32c, goes_on_from_what_came_before) {
  const std::string text = "a recording is read as it was written";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), crc32c(text));
  }
}

}  // namespace
}  // namespace vigil::replay
