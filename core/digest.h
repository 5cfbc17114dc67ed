// SHA-256 and UUIDv5, the two digests identities are made of (OpenSSL). Thread-safe: one object a thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace vigil {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  std::string hex();  // 64 lower-case digits; ends the computation
  // As far as it is, for another process to go on. restored() throws Error on text save() did not make.
  std::string save() const;
  static Sha256 restored(std::string_view saved);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_of(std::string_view bytes);  // 64 lower-case digits

// The URL namespace of RFC 4122, appendix C: that of every id vigil makes.
inline constexpr std::string_view kUrlNamespace = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";

// UUIDv5 (RFC 4122, SHA-1) of `name` in `namespace_uuid`, both as text; lower case with dashes.
std::string uuid5(std::string_view namespace_uuid, std::string_view name);

}  // namespace vigil
