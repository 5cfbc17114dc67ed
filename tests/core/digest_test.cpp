#include "core/digest.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace vigil {
namespace {

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

TEST(Sha256, KnownAnswers) {  // FIPS 180-4 examples
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PartsEqualTheWhole) {
  Sha256 digest;
  for (int i = 0; i < 1000; ++i) digest.update(std::string(1000, 'a'));
  EXPECT_EQ(digest.hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Uuid5, KnownAnswers) {  // Python's uuid.uuid5(NAMESPACE_DNS, ...)
  const std::string dns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
  EXPECT_EQ(uuid5(dns, "vigil"), "0678c417-a62e-582e-b0ff-fccffb8a17c2");
  EXPECT_EQ(uuid5(dns, ""), "4ebd0208-8328-5d69-8c44-ec50939c0967");
  EXPECT_EQ(uuid5("6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "vigil"), uuid5(dns, "vigil"));
}

TEST(Uuid5, RefusesAMalformedNamespace) {
  for (const char* text :
       {"", "6ba7b810", "6ba7b810-9dad-11d1-80b4-00c04fd430c", "6ba7b810-9dad-11d1-80b4-00c04fd430cg"}) {
    EXPECT_THROW(uuid5(text, "x"), Error) << text;
  }
}

}  // namespace
}  // namespace vigil
