#include "core/digest.h"

// The state of a digest is not to be had otherwise.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

#include "core/error.h"

namespace vigil {
namespace {

std::string hex_of(const unsigned char* bytes, std::size_t n) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void require(bool done, const char* step) {
  if (!done) throw Error("digest", std::string("OpenSSL refused ") + step);
}

}  // namespace

// The older interface of OpenSSL: it alone lets the state out, with which another process goes on.
struct Sha256::State {
  SHA256_CTX context{};
};

Sha256::Sha256() : state_(std::make_unique<State>()) { require(SHA256_Init(&state_->context) == 1, "SHA-256"); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  require(SHA256_Update(&state_->context, bytes.data(), bytes.size()) == 1, "an update");
}

std::string Sha256::hex() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  require(SHA256_Final(digest.data(), &state_->context) == 1, "to finish");
  return hex_of(digest.data(), digest.size());
}

namespace {
constexpr std::string_view kSaved = "sha256:";
// Eight words of state, the length in bits, how much of a block waits, and that.
template <class Context, class Each>
void each_word(Context& c, Each&& each) {
  for (auto& h : c.h) each(h);
  each(c.Nl);
  each(c.Nh);
  each(c.num);
  for (auto& word : c.data) each(word);
}
}  // namespace

std::string Sha256::save() const {
  std::string out(kSaved);
  each_word(state_->context, [&](auto word) {
    const auto value = static_cast<std::uint32_t>(word);
    const std::array<unsigned char, 4> bytes{static_cast<unsigned char>(value >> 24),
                                             static_cast<unsigned char>(value >> 16),
                                             static_cast<unsigned char>(value >> 8), static_cast<unsigned char>(value)};
    out += hex_of(bytes.data(), bytes.size());
  });
  return out;
}

Sha256 Sha256::restored(std::string_view saved) {
  constexpr std::size_t kWords = 8 + 3 + SHA_LBLOCK;
  const auto refuse = [] { throw Error("digest", "a state that is none", "what an earlier vigil saved"); };
  if (!saved.starts_with(kSaved) || saved.size() != kSaved.size() + 8 * kWords) refuse();
  saved.remove_prefix(kSaved.size());
  Sha256 out;
  each_word(out.state_->context, [&](auto& word) {
    std::uint32_t value = 0;
    for (int i = 0; i < 8; ++i) {
      const int digit = digit_of(saved[i]);
      if (digit < 0) refuse();
      value = value << 4 | static_cast<std::uint32_t>(digit);
    }
    saved.remove_prefix(8);
    word = value;
  });
  if (out.state_->context.num >= SHA256_CBLOCK) refuse();
  return out;
}

std::string sha256_of(std::string_view bytes) {
  Sha256 sha256;
  sha256.update(bytes);
  return sha256.hex();
}

std::string uuid5(std::string_view namespace_uuid, std::string_view name) {
  std::string input;
  int high = -1;
  for (const char c : namespace_uuid) {
    if (c == '-') continue;
    const int digit = digit_of(c);
    if (digit < 0) throw Error("uuid5", "namespace '" + std::string(namespace_uuid) + "'", "a UUID");
    if (high < 0) {
      high = digit;
    } else {
      input += static_cast<char>(high * 16 + digit);
      high = -1;
    }
  }
  if (input.size() != 16 || high >= 0)
    throw Error("uuid5", "namespace '" + std::string(namespace_uuid) + "'", "a UUID");
  input += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  require(EVP_Digest(input.data(), input.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1, "SHA-1");
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0f) | 0x50);  // version 5
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3f) | 0x80);  // RFC 4122 variant
  const std::string hex = hex_of(digest.data(), 16);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

}  // namespace vigil
