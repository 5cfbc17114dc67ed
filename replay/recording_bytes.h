// Little-endian fields in byte strings, for the recording format. Used by recording*.cpp only.
// Tests: tests/replay/recording_test.cpp.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace vigil::replay {

static_assert(std::endian::native == std::endian::little, "recordings are little-endian; other hosts must swap here");

template <class T>
void append_le(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

// The caller has checked that offset + sizeof(T) <= bytes.size().
template <class T>
T read_le(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// Takes fields off the front; false (and nothing taken) where too few bytes are left.
class FieldCursor {
 public:
  explicit FieldCursor(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  bool take(T& value) {
    if (bytes_.size() < sizeof(T)) return false;
    value = read_le<T>(bytes_, 0);
    bytes_.remove_prefix(sizeof(T));
    return true;
  }
  bool take(std::string_view& value, std::uint64_t length) {
    if (bytes_.size() < length) return false;
    value = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return true;
  }
  std::size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

}  // namespace vigil::replay
