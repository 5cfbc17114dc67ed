#include "fpga_model/package/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"

namespace vigil::fpga_model {
namespace {

using testing::HasSubstr;

std::string npy(const std::string& header, const std::string& data, char major = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += major;
  bytes += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) bytes += static_cast<char>(header.size() >> (8 * i));
  return bytes + header + data;
}

std::string dictionary(const std::string& element, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + element + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape +
         ", }\n";
}

std::string refusal(const std::string& bytes) {
  try {
    parse_npy(bytes, "x.npy");
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

using Words = std::vector<std::int64_t>;

TEST(Npy, ReadsEveryIntegerTypeAndByteOrder) {
  const std::string ff01("\xff\x01", 2);
  EXPECT_EQ(parse_npy(npy(dictionary("|i1", "(2,)"), ff01), "x").integers, (Words{-1, 1}));
  EXPECT_EQ(parse_npy(npy(dictionary("|u1", "(2,)"), ff01), "x").integers, (Words{255, 1}));
  EXPECT_EQ(parse_npy(npy(dictionary("<i2", "(1,)"), ff01), "x").integers, (Words{0x01ff}));
  EXPECT_EQ(parse_npy(npy(dictionary(">i2", "(1,)"), ff01), "x").integers, (Words{-255}));
  EXPECT_EQ(parse_npy(npy(dictionary(">u2", "(1,)"), ff01), "x").integers, (Words{0xff01}));
  const std::string four("\xfe\xff\xff\xff", 4);
  EXPECT_EQ(parse_npy(npy(dictionary("<i4", "(1,)"), four), "x").integers, (Words{-2}));
  EXPECT_EQ(parse_npy(npy(dictionary("<u4", "(1,)"), four), "x").integers, (Words{4294967294}));
  EXPECT_EQ(parse_npy(npy(dictionary(">u4", "(1,)"), four), "x").integers, (Words{4278190079}));
  const std::string eight("\x01\0\0\0\0\0\0\x80", 8);
  EXPECT_EQ(parse_npy(npy(dictionary("<i8", "(1,)"), eight), "x").integers,
            (Words{std::numeric_limits<std::int64_t>::min() + 1}));
  EXPECT_EQ(parse_npy(npy(dictionary(">u8", "(1,)"), eight), "x").integers, (Words{0x0100000000000080}));
}

TEST(Npy, ReadsRealsOrdersAndVersions) {
  const NpyArray doubles = parse_npy(npy(dictionary(">f8", "(1, 1)"), std::string("\x3f\xf8\0\0\0\0\0\0", 8)), "x");
  EXPECT_FALSE(doubles.is_integer);
  EXPECT_EQ(doubles.reals, std::vector<double>{1.5});
  EXPECT_EQ(parse_npy(npy(dictionary("<f4", "(1,)"), std::string("\0\0\xc0\x3f", 4)), "x").reals,
            std::vector<double>{1.5});
  const std::string six = "\1\2\3\4\5\6";
  const NpyArray fortran = parse_npy(npy(dictionary("|u1", "(2, 3)", true), six), "x");
  EXPECT_EQ(fortran.integers, (Words{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(fortran.rows(), 2u);
  EXPECT_EQ(fortran.columns(), 3u);
  const std::string twelve("\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b", 12);  // a[i,j,k] at i + 2j + 4k for shape (2,2,3)
  EXPECT_EQ(parse_npy(npy(dictionary("|u1", "(2, 2, 3)", true), twelve), "x").integers,
            (Words{0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11}));
  for (const char major : {'\1', '\2', '\3'})
    EXPECT_EQ(parse_npy(npy(dictionary("|u1", "(6,)"), six, major), "x").integers.size(), 6u);
  EXPECT_EQ(parse_npy(npy(dictionary("<i4", "(0, 57)"), ""), "x").columns(), 57u);
  EXPECT_EQ(parse_npy(npy("{\"shape\":(6,),\"fortran_order\":False,\"descr\":\"|u1\"}", six), "x").integers.size(), 6u);
}

TEST(Npy, WordsAboveASignedWordNameTheirRow) {
  EXPECT_THAT(refusal(npy(dictionary("<u8", "(2, 1)"), std::string(15, '\0') + '\x80')),
              HasSubstr("x.npy: row 1: word 9223372036854775808"));
}

TEST(Npy, RefusesHostileFiles) {
  const std::string good = dictionary("<i4", "(1,)");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "not a numpy file"},
      {"\x93NUMPY", "not a numpy file"},
      {npy(good, "1234", 4), "numpy format 4"},
      {npy(good, "1234").substr(0, 40), "ends inside the numpy header"},
      {std::string("\x93NUMPY\x02\0\xff\xff\xff\xff", 12), "ends inside the numpy header"},
      {npy(good, "123"), "3 bytes of data, expected 4"},
      {npy(good, "12345"), "5 bytes of data, expected 4"},
      {npy(dictionary("<i4", "(99999999999,)"), "1234"), "expected 399999999996"},
      {npy(dictionary("<i4", "(4294967296, 4294967296)"), "1234"), "shape beyond any file"},
      {npy(dictionary("<i4", "(0, 4294967296, 4294967296, 4294967296)"), ""), "shape beyond any file"},
      {npy(dictionary("<i4", "(18446744073709551616,)"), "1234"), "malformed shape"},
      {npy(dictionary("<i4", "(-1,)"), "1234"), "malformed shape"},
      {npy(dictionary("<i4", "(1,"), "1234"), "numpy header"},
      {npy(dictionary("<i4", "(1 1)"), "1234"), "numpy header"},
      {npy(dictionary("<c8", "(1,)"), "12345678"), "elements of type '<c8'"},
      {npy(dictionary("|O", "(1,)"), "1234"), "elements of type '|O'"},
      {npy(dictionary("<f2", "(1,)"), "12"), "elements of type '<f2'"},
      {npy("{'descr': '<i4', 'fortran_order': False}", ""), "malformed dictionary"},
      {npy("{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, 'shape': (1,)}", "1234"), "key 'descr'"},
      {npy("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,)}", "1234"), "no quoted text"},
      {npy("{'descr': '<i4', 'fortran_order': 0, 'shape': (1,)}", "1234"), "fortran_order"},
      {npy("{'descr': '<i4', 'fortran_order': False, 'shape': (1,)} import os", "1234"), "malformed dictionary"},
      {npy("{'descr", ""), "open quote"},
      {npy("", ""), "numpy header"},
  };
  for (const auto& [bytes, expected] : cases)
    EXPECT_THAT(refusal(bytes), testing::AllOf(HasSubstr("x.npy"), HasSubstr(expected)));
}

TEST(Npy, EveryTruncationAndBitFlipIsReadOrRefused) {
  const std::string bytes = npy(dictionary("<i2", "(2, 3)", true), "abcdefghijkl");
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_NE(refusal(bytes.substr(0, n)), "") << n;
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    refusal(flipped);  // must not crash, nor throw anything but Error
  }
}

TEST(Npy, WritesWhatItReads) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "vigil_npy_test.npy";
  const Words small = {0, 1, 127, 5, 6, 7};
  for (const NpyType type :
       {NpyType::i1, NpyType::i2, NpyType::i4, NpyType::i8, NpyType::u1, NpyType::u2, NpyType::u4}) {
    write_npy(file, small, {2, 3}, type);
    const NpyArray array = read_npy(file);
    EXPECT_EQ(array.integers, small);
    EXPECT_EQ(array.shape, (std::vector<std::size_t>{2, 3}));
    EXPECT_EQ((std::filesystem::file_size(file) - small.size() * static_cast<std::size_t>(array.element[2] - '0')) % 64,
              0u);
  }
  const Words wide = {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  write_npy(file, wide, {2}, NpyType::i8);
  EXPECT_EQ(read_npy(file).integers, wide);
  write_npy(file, {}, {0, 4}, NpyType::i4);
  EXPECT_EQ(read_npy(file).shape, (std::vector<std::size_t>{0, 4}));
  const std::vector<double> reals = {-0.0, 1e-310, 1.0 / 3, std::numeric_limits<double>::infinity()};
  write_npy(file, reals, {4});
  EXPECT_EQ(read_npy(file).reals, reals);
  EXPECT_TRUE(std::signbit(read_npy(file).reals[0]));
  EXPECT_EQ(read_npy(file).element, "<f8");
  EXPECT_THROW(NpyWriter(file, NpyType::f8, {6}).append(small), Error);
  EXPECT_THROW(NpyWriter(file, NpyType::i8, {4}).append(reals), Error);
  for (const auto& [type, word] : std::vector<std::pair<NpyType, std::int64_t>>{{NpyType::i1, 128},
                                                                                {NpyType::i1, -129},
                                                                                {NpyType::u1, -1},
                                                                                {NpyType::u2, 65536},
                                                                                {NpyType::i4, 1ll << 31},
                                                                                {NpyType::u4, 1ll << 32}}) {
    EXPECT_THROW(write_npy(file, Words{word}, {1}, type), Error) << word;
  }
  EXPECT_THROW(write_npy(file, small, {7}, NpyType::i4), Error);
  std::filesystem::remove(file);
  EXPECT_THROW(read_npy(file), Error);
  EXPECT_THROW(write_npy("/nonexistent/x.npy", small, {6}, NpyType::i4), Error);
}

TEST(Npy, SmallestTypeHoldsEveryWord) {
  EXPECT_EQ(smallest_npy_type({8, 8, true}), NpyType::i1);
  EXPECT_EQ(smallest_npy_type({8, 8, false}), NpyType::i2);
  EXPECT_EQ(smallest_npy_type({16, 8, true}), NpyType::i2);
  EXPECT_EQ(smallest_npy_type({31, 8, false}), NpyType::i4);
  EXPECT_EQ(smallest_npy_type({33, 8, true}), NpyType::i8);
}

}  // namespace
}  // namespace vigil::fpga_model
