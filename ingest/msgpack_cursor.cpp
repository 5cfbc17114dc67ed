#include "ingest/msgpack_cursor.h"

#include <bit>
#include <concepts>
#include <cstring>
#include <type_traits>

namespace vigil::ingest {

using Kind = MsgpackToken::Kind;

// Big-endian, as msgpack writes numbers.
template <class T>
bool MsgpackCursor::take(T& value) {
  if (left() < sizeof(T)) return false;
  std::make_unsigned_t<T> bits = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bits = static_cast<std::make_unsigned_t<T>>((std::uint64_t{bits} << 8) | static_cast<unsigned char>(at_[i]));
  }
  value = static_cast<T>(bits);
  at_ += sizeof(T);
  return true;
}

template <class T>
bool MsgpackCursor::natural(MsgpackToken& token) {
  T value;
  if (!take(value)) return false;
  token.kind = Kind::integer;
  token.natural = value;
  return true;
}

template <class T>
bool MsgpackCursor::whole(MsgpackToken& token) {
  T value;
  if (!take(value)) return false;
  token.kind = value < 0 ? Kind::negative : Kind::integer;
  token.whole = value;
  token.natural = static_cast<std::uint64_t>(token.whole);
  return true;
}

template <class T>
bool MsgpackCursor::real(MsgpackToken& token) {
  std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t> bits;
  if (!take(bits)) return false;
  token.kind = Kind::real;
  token.number = static_cast<double>(std::bit_cast<T>(bits));
  return true;
}

template <class T>
bool MsgpackCursor::block(Kind kind, MsgpackToken& token) {
  T size;
  if (!take(size)) return false;
  return bytes(kind, std::uint64_t{size} + (kind == Kind::extension ? 1 : 0), token);
}

template <class T>
bool MsgpackCursor::container(Kind kind, MsgpackToken& token) {
  T count;
  return take(count) && head(kind, count, token);
}

bool MsgpackCursor::bytes(Kind kind, std::uint64_t size, MsgpackToken& token) {
  if (left() < size) return false;
  token.kind = kind;
  token.bytes = {at_, static_cast<std::size_t>(size)};
  at_ += size;
  if (kind == Kind::extension) token.bytes.remove_prefix(1);  // its type
  return true;
}

bool MsgpackCursor::head(Kind kind, std::uint64_t count, MsgpackToken& token) {
  // A member has at least one byte.
  if (left() < count * (kind == Kind::map ? 2 : 1)) return false;
  token.kind = kind;
  token.count = static_cast<std::uint32_t>(count);
  return true;
}

bool MsgpackCursor::read(MsgpackToken& token) {
  std::uint8_t tag;
  if (!take(tag)) return false;
  token.tag = tag;
  if (tag <= 0x7f) {
    token.kind = Kind::integer;
    token.natural = tag;
    return true;
  }
  if (tag <= 0x8f) return head(Kind::map, tag & 0x0fu, token);
  if (tag <= 0x9f) return head(Kind::array, tag & 0x0fu, token);
  if (tag <= 0xbf) return bytes(Kind::text, tag & 0x1fu, token);
  if (tag >= 0xe0) {
    token.kind = Kind::negative;
    token.whole = static_cast<std::int8_t>(tag);
    return true;
  }
  switch (tag) {
    case 0xc0:
      token.kind = Kind::nil;
      return true;
    case 0xc2:
    case 0xc3:
      token.kind = Kind::boolean;
      return true;
    case 0xc4:
      return block<std::uint8_t>(Kind::binary, token);
    case 0xc5:
      return block<std::uint16_t>(Kind::binary, token);
    case 0xc6:
      return block<std::uint32_t>(Kind::binary, token);
    case 0xc7:
      return block<std::uint8_t>(Kind::extension, token);
    case 0xc8:
      return block<std::uint16_t>(Kind::extension, token);
    case 0xc9:
      return block<std::uint32_t>(Kind::extension, token);
    case 0xca:
      return real<float>(token);
    case 0xcb:
      return real<double>(token);
    case 0xcc:
      return natural<std::uint8_t>(token);
    case 0xcd:
      return natural<std::uint16_t>(token);
    case 0xce:
      return natural<std::uint32_t>(token);
    case 0xcf:
      return natural<std::uint64_t>(token);
    case 0xd0:
      return whole<std::int8_t>(token);
    case 0xd1:
      return whole<std::int16_t>(token);
    case 0xd2:
      return whole<std::int32_t>(token);
    case 0xd3:
      return whole<std::int64_t>(token);
    case 0xd4:
      return bytes(Kind::extension, 1 + 1, token);
    case 0xd5:
      return bytes(Kind::extension, 1 + 2, token);
    case 0xd6:
      return bytes(Kind::extension, 1 + 4, token);
    case 0xd7:
      return bytes(Kind::extension, 1 + 8, token);
    case 0xd8:
      return bytes(Kind::extension, 1 + 16, token);
    case 0xd9:
      return block<std::uint8_t>(Kind::text, token);
    case 0xda:
      return block<std::uint16_t>(Kind::text, token);
    case 0xdb:
      return block<std::uint32_t>(Kind::text, token);
    case 0xdc:
      return container<std::uint16_t>(Kind::array, token);
    case 0xdd:
      return container<std::uint32_t>(Kind::array, token);
    case 0xde:
      return container<std::uint16_t>(Kind::map, token);
    case 0xdf:
      return container<std::uint32_t>(Kind::map, token);
    default:
      return false;  // 0xc1 is never used
  }
}

bool MsgpackCursor::skip_members(const MsgpackToken& head, int level) {
  if (!head.is_container()) return true;
  const auto members_of = [](const MsgpackToken& t) {
    return t.is_container() ? std::uint64_t{t.count} * (t.kind == Kind::map ? 2 : 1) : 0;
  };
  MsgpackToken member;
  if (level <= kDeepestLevel) {
    for (std::uint64_t left = members_of(head); left > 0; --left) {
      if (!read(member) || !skip_members(member, level + 1)) return false;
    }
    return true;
  }
  // Whatever lies below is one run of values: no head promises more members than there are bytes, so the sum is
  // bounded.
  is_too_deep_ = true;
  for (std::uint64_t left = members_of(head); left > 0; --left) {
    if (!read(member)) return false;
    left += members_of(member);
  }
  return true;
}

}  // namespace vigil::ingest
