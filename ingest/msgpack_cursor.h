// Reads msgpack one token at a time from bytes that nobody has vouched for; every length is checked before it is used.
// Used by decode and peek_header. Allocates nothing, never throws, and keeps no tree: text and binary point into the
// bytes.
// Tests: tests/ingest/decode_test.cpp.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace vigil::ingest {

// Source: the msgpack specification (github.com/msgpack/msgpack/blob/master/spec.md).
struct MsgpackToken {
  // `integer` is one of 0 and above in `natural`; `negative` is one below 0 in `whole`.
  enum class Kind : std::uint8_t { nil, boolean, integer, negative, real, text, binary, extension, array, map };
  Kind kind = Kind::nil;
  std::uint8_t tag = 0;       // its first byte
  std::uint32_t count = 0;    // array: values, map: pairs
  std::uint64_t natural = 0;  // integer
  std::int64_t whole = 0;     // negative
  double number = 0;          // real
  std::string_view bytes;     // text, binary, extension (payload)

  bool is_container() const { return kind == Kind::array || kind == Kind::map; }
};

inline constexpr int kDeepestLevel = 4;  // the outermost container is level 1

class MsgpackCursor {
 public:
  explicit MsgpackCursor(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // The next token; of a container only its head, whose members follow. False: the bytes end early, or are no msgpack.
  // An array or map that promises more members than there are bytes left is refused at its head.
  [[nodiscard]] bool read(MsgpackToken& token);
  // Passes over the members of `head`, a container at `level` (a token that is no container: nothing to do).
  // False: as read(). A container below kDeepestLevel is passed over too, without going deeper, and remembered.
  [[nodiscard]] bool skip_members(const MsgpackToken& head, int level);
  // Since the start, or since it was last taken.
  bool take_too_deep() { return std::exchange(is_too_deep_, false); }

  bool at_end() const { return at_ == end_; }
  const char* position() const { return at_; }

 private:
  std::uint64_t left() const { return static_cast<std::uint64_t>(end_ - at_); }
  template <class T>
  bool take(T& value);
  template <class T>
  bool natural(MsgpackToken& token);
  template <class T>
  bool whole(MsgpackToken& token);
  template <class T>
  bool real(MsgpackToken& token);
  template <class T>
  bool block(MsgpackToken::Kind kind, MsgpackToken& token);
  template <class T>
  bool container(MsgpackToken::Kind kind, MsgpackToken& token);
  bool bytes(MsgpackToken::Kind kind, std::uint64_t size, MsgpackToken& token);
  bool head(MsgpackToken::Kind kind, std::uint64_t count, MsgpackToken& token);

  const char* at_;
  const char* end_;
  bool is_too_deep_ = false;
};

}  // namespace vigil::ingest
