#include "shift/server/gzip.h"

#include <gmock/gmock.h>
#include <zlib.h>

namespace vigil::shift {
namespace {

std::string plain(const std::string& packed, std::size_t size) {
  std::string out(size + 1, '\0');
  z_stream z{};
  EXPECT_EQ(inflateInit2(&z, 15 + 16), Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  inflateEnd(&z);
  return out;
}

TEST(Gzip, IsReadBack) {
  std::string noise;
  std::uint32_t x = 1;
  for (int i = 0; i < 100000; ++i) noise += static_cast<char>((x = x * 1664525u + 1013904223u) >> 24);
  for (const std::string& body : {std::string(), std::string("{}"), std::string(1000000, 'a'), noise}) {
    EXPECT_EQ(plain(gzip(body), body.size()), body);
    EXPECT_EQ(gunzip(gzip(body)), body);
  }
  EXPECT_LT(gzip(std::string(1000000, 'a')).size(), 2000u);
}

TEST(Gzip, WhatIsNotWholeIsRefused) {
  const std::string packed = gzip(std::string(1000, 'a'));
  EXPECT_THROW(gunzip(packed.substr(0, packed.size() - 9)), std::runtime_error);
  EXPECT_THROW(gunzip("plain text"), std::runtime_error);
  EXPECT_THROW(gunzip(""), std::runtime_error);
}

}  // namespace
}  // namespace vigil::shift
