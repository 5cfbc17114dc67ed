#include "core/fixed_point.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace vigil {
namespace {

FixedPoint type_of(const std::string& text) { return parse_fixed_point(text, "test"); }

TEST(ParseFixedPoint, ReadsEveryPart) {
  const FixedPoint plain = type_of("ap_fixed<18,13>");
  EXPECT_EQ(plain, (FixedPoint{18, 13, true}));
  EXPECT_EQ(plain.fraction(), 5);
  EXPECT_EQ(plain.lowest(), -131072);
  EXPECT_EQ(plain.highest(), 131071);
  const FixedPoint full = type_of(" ap_ufixed < 8 , -3, AP_RND_CONV ,AP_WRAP, 2 > ");
  EXPECT_EQ(full, (FixedPoint{8, -3, false, Quantization::rnd_conv, Overflow::wrap, 2}));
  EXPECT_EQ(type_of("ap_fixed<8,4,AP_TRN,AP_WRAP,AP_SAT_SYM>").saturation_bits, 2);
  EXPECT_EQ(type_of("ap_fixed<64,64>").lowest(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(type_of("ap_fixed<64,64>").highest(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(type_of("ap_ufixed<63,63>").highest(), std::numeric_limits<std::int64_t>::max());
}

TEST(ParseFixedPoint, TextRoundTrips) {
  for (const char* text : {"ap_fixed<16,6>", "ap_ufixed<1,1>", "ap_fixed<8,-3,AP_RND>",
                           "ap_fixed<8,3,AP_TRN,AP_SAT_SYM>", "ap_fixed<8,3,AP_RND_MIN_INF,AP_WRAP_SM,3>"}) {
    EXPECT_EQ(to_string(type_of(text)), text);
  }
  EXPECT_EQ(to_string(type_of("ap_fixed<8,3,AP_TRN,AP_WRAP,0>")), "ap_fixed<8,3>");
}

TEST(ParseFixedPoint, RefusesEverythingElse) {
  for (const char* text : {"",
                           "ap_fixed",
                           "ap_fixed<>",
                           "ap_fixed<8>",
                           "ap_fixed<8,3",
                           "ap_fixed<8,3>x",
                           "fixed<8,3>",
                           "ap_fixed<0,0>",
                           "ap_fixed<65,3>",
                           "ap_ufixed<64,3>",
                           "ap_fixed<8,129>",
                           "ap_fixed<8,-129>",
                           "ap_fixed<8,3.0>",
                           "ap_fixed<8,>",
                           "ap_fixed<8,3,RND>",
                           "ap_fixed<8,3,AP_RND,SAT>",
                           "ap_fixed<8,3,AP_RND,AP_SAT,9>",
                           "ap_fixed<8,3,AP_RND,AP_SAT,-1>",
                           "ap_fixed<8,3,AP_TRN,AP_SAT,1,2>",
                           "ap_ufixed<8,3,AP_TRN,AP_WRAP_SM>",
                           "ap_fixed<99999999999,3>",
                           "ap_int<8>",
                           "ap_fixed<8,3,,>"}) {
    EXPECT_THROW(type_of(text), Error) << text;
  }
  try {
    parse_fixed_point("ap_fixed<70,3>", "network.json: layer 'a', key 'accum'");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "network.json: layer 'a', key 'accum': type 'ap_fixed<70,3>', expected W an integer in 1..64");
  }
}

TEST(Cast, ShiftsOfAnySize) {
  const FixedPoint wrap = type_of("ap_fixed<8,8>");
  const FixedPoint sat = type_of("ap_fixed<8,8,AP_RND,AP_SAT>");
  for (const int left : {7, 8, 62, 63, 64, 100, 127, 128, 129, 300}) {
    EXPECT_EQ(cast(Wide{2}, -left, 64, wrap), 0) << left;
    EXPECT_EQ(cast(Wide{2}, -left, 64, sat), 127) << left;
    EXPECT_EQ(cast(Wide{-2}, -left, 64, sat), -128) << left;
    EXPECT_EQ(cast(Wide{0}, -left, 64, sat), 0) << left;
  }
  for (const int right : {70, 126, 127, 128, 129, 300}) {
    EXPECT_EQ(cast(Wide{-3}, right, 64, wrap), -1) << right;
    EXPECT_EQ(cast(Wide{3}, right, 64, wrap), 0) << right;
    EXPECT_EQ(cast(Wide{-3}, right, 64, sat), 0) << right;
  }
  const Wide lowest = static_cast<Wide>(static_cast<unsigned __int128>(1) << 127);
  EXPECT_EQ(cast(lowest, 128, 128, type_of("ap_fixed<8,8,AP_RND>")), 0);           // exactly minus one half, up
  EXPECT_EQ(cast(lowest, 128, 128, type_of("ap_fixed<8,8,AP_RND_MIN_INF>")), -1);  // down
  EXPECT_EQ(cast(lowest, 128, 128, type_of("ap_fixed<8,8,AP_RND_CONV>")), 0);      // to even
  EXPECT_EQ(cast(lowest, 127, 128, wrap), -1);
}

TEST(Cast, OneSignedBitKeepsItsSign) {
  const FixedPoint bit = type_of("ap_fixed<1,1,AP_TRN,AP_SAT_SYM>");
  EXPECT_EQ(cast(Wide{-5}, 0, 8, bit), -1);
  EXPECT_EQ(cast(Wide{5}, 0, 8, bit), 0);
  EXPECT_EQ(cast(Wide{-8}, 0, 4, type_of("ap_fixed<4,4,AP_TRN,AP_SAT_SYM>")), -7);
}

TEST(CastReal, InfinitiesAndRefusals) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(cast_real(inf, type_of("ap_fixed<8,4,AP_TRN,AP_SAT>")), 127);
  EXPECT_EQ(cast_real(-inf, type_of("ap_fixed<8,4,AP_TRN,AP_SAT>")), -128);
  EXPECT_EQ(cast_real(-inf, type_of("ap_fixed<8,4,AP_TRN,AP_SAT_SYM>")), -127);
  EXPECT_EQ(cast_real(-inf, type_of("ap_ufixed<8,4,AP_TRN,AP_SAT_SYM>")), 0);
  EXPECT_EQ(cast_real(inf, type_of("ap_fixed<8,4,AP_TRN,AP_SAT_ZERO>")), 0);
  EXPECT_EQ(cast_real(inf, type_of("ap_fixed<8,4>")), 0);
  EXPECT_THROW(cast_real(std::nan(""), type_of("ap_fixed<8,4>")), Error);
  EXPECT_THROW(cast_real(1.0, type_of("ap_fixed<8,4,AP_TRN,AP_WRAP_SM>")), Error);
  EXPECT_EQ(cast_real(std::numeric_limits<double>::denorm_min(), type_of("ap_fixed<8,4,AP_RND_INF>")), 0);
  EXPECT_EQ(cast_real(-std::numeric_limits<double>::denorm_min(), type_of("ap_fixed<8,4>")), -1);
  EXPECT_EQ(cast_real(std::numeric_limits<double>::max(), type_of("ap_fixed<8,4,AP_RND,AP_SAT>")), 127);
  EXPECT_EQ(cast_real(1.5, type_of("ap_fixed<8,4>")), 24);
}

// ---- the recorded tables -------------------------------------------------------------------------------------------

class Recorded : public testing::Test {
 protected:
  const std::filesystem::path folder_ = std::filesystem::path(VIGIL_SHARED) / "data" / "ap_fixed";
  void SetUp() override {
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "needs ../shared";
  }
  nlohmann::json json(const char* name) const { return nlohmann::json::parse(std::ifstream(folder_ / name)); }
  std::vector<std::int64_t> words(const char* name) const {  // numpy format 1, '<i8', one dimension
    std::ifstream file(folder_ / name, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const std::size_t start =
        10u + static_cast<unsigned char>(bytes.at(8)) + 256u * static_cast<unsigned char>(bytes.at(9));
    EXPECT_NE(bytes.find("'<i8'"), std::string::npos);
    std::vector<std::int64_t> values((bytes.size() - start) / 8);
    std::memcpy(values.data(), bytes.data() + start, values.size() * 8);
    return values;
  }
};

FixedPoint plain(const nlohmann::json& args, std::size_t first) {
  return {args.at(first), args.at(first + 1), args.at(first + 2).get<int>() != 0};
}

FixedPoint with_modes(FixedPoint type, const std::string& q, const std::string& o, int n) {
  // Through the parser, so that the recorded tables test the text form too.
  return type_of((type.is_signed ? "ap_fixed<" : "ap_ufixed<") + std::to_string(type.width) + "," +
                 std::to_string(type.integer) + ",AP_" + q + ",AP_" + o + "," + std::to_string(n) + ">");
}

TEST_F(Recorded, Conversions) {
  const std::vector<std::int64_t> source = words("cast_source.npy");
  const std::vector<std::int64_t> expected = words("cast_expected.npy");
  std::size_t checked = 0;
  for (const auto& row : json("cast_types.json")) {
    const FixedPoint from{row["src_w"], row["src_i"], row["src_signed"].get<int>() != 0};
    const FixedPoint to =
        with_modes({row["dst_w"], row["dst_i"], row["dst_signed"].get<int>() != 0}, row["q"], row["o"], row["n"]);
    const std::size_t offset = row["offset"];
    for (std::size_t k = offset; k < offset + row["count"].get<std::size_t>(); ++k, ++checked) {
      ASSERT_EQ(cast(source[k], from, to), expected[k])
          << to_string(from) << " " << source[k] << " -> " << to_string(to);
    }
  }
  EXPECT_EQ(checked, source.size());
  EXPECT_GE(checked, 63733u);
}

// Exact binary operation: raw result at the returned fraction. Division truncates toward zero at its own fraction.
std::pair<Wide, int> exact(char op, std::int64_t a, const FixedPoint& ta, std::int64_t b, const FixedPoint& tb) {
  const int fa = ta.fraction();
  const int fb = tb.fraction();
  const int f = std::max(fa, fb);
  const auto shifted = [](Wide v, int by) { return v * (Wide{1} << by); };
  switch (op) {
    case '+':
      return {shifted(a, f - fa) + shifted(b, f - fb), f};
    case '-':
      return {shifted(a, f - fa) - shifted(b, f - fb), f};
    case '*':
      return {Wide{a} * b, fa + fb};
    default:
      return {shifted(a, std::max(fb, 0)) / b, fa + std::max(-fb, 0)};
  }
}

TEST_F(Recorded, Arithmetic) {
  const std::vector<std::int64_t> a = words("arith_a.npy");
  const std::vector<std::int64_t> b = words("arith_b.npy");
  const std::vector<std::int64_t> expected = words("arith_expected.npy");
  std::size_t checked = 0;
  for (const auto& row : json("arith_ops.json")) {
    const std::string op = row["op"];
    const auto& args = row["args"];
    const std::size_t offset = row["offset"];
    for (std::size_t k = offset; k < offset + row["count"].get<std::size_t>(); ++k, ++checked) {
      std::int64_t found = 0;
      if (op == "bin") {
        const FixedPoint result = plain(row["result"], 0);
        const auto [raw, f] = exact(args[0].get<std::string>()[0], a[k], plain(args, 1), b[k], plain(args, 4));
        found = cast(raw, f, 127, {64, 64 - result.fraction(), true});
      } else if (op == "asg") {
        const FixedPoint ta = plain(args, 1);
        const auto [raw, f] = exact(args[0].get<std::string>()[0], a[k], ta, b[k], plain(args, 4));
        found = cast(raw, f, 127, with_modes(ta, args[7], args[8], 0));
      } else if (op == "shr") {
        const FixedPoint t = plain(args, 0);
        found = cast(Wide{b[k] >= 0 ? a[k] >> b[k] : a[k] * (std::int64_t{1} << -b[k])}, t.fraction(), t.width, t);
      } else if (op == "neg") {
        const FixedPoint t = plain(args, 0);
        found = cast(-Wide{a[k]}, t.fraction(), t.width + 1, {t.width + 1, t.integer + 1, true});
      } else if (op == "int") {
        const FixedPoint t = plain(args, 0);
        found = cast(Wide{a[k]}, t.fraction(), t.width, type_of("ap_fixed<32,32,AP_TRN_ZERO>"));
      } else if (op == "lut") {
        const FixedPoint t = plain(args, 0);
        const std::int64_t q = a[k] * args[3].get<std::int64_t>() / args[4].get<std::int64_t>();
        found = cast(Wide{q}, t.fraction(), 64, type_of("ap_fixed<32,32,AP_TRN_ZERO>"));
      } else if (op == "cmp") {
        const FixedPoint ta = plain(args, 0);
        const FixedPoint tb = plain(args, 3);
        const auto difference = exact('-', a[k], ta, b[k], tb).first;
        found = (difference < 0) | (difference <= 0) << 1 | (difference > 0) << 2 | (difference >= 0) << 3 |
                (difference == 0) << 4 | (difference != 0) << 5;
      } else if (op == "dbl") {
        found = cast_real(std::bit_cast<double>(a[k]), with_modes(plain(args, 0), args[3], args[4], args[5]));
      } else {
        FAIL() << "unknown operation " << op;
      }
      ASSERT_EQ(found, expected[k]) << row << " a=" << a[k] << " b=" << b[k];
    }
  }
  EXPECT_EQ(checked, a.size());
}

}  // namespace
}  // namespace vigil
