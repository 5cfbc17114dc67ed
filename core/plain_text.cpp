#include "core/plain_text.h"

#include "core/utf8.h"

namespace vigil {

bool is_unprintable(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

std::string plain(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t characters = 0, last_fit = 0;  // bytes of `out` that leave room for an ellipsis
  while (!text.empty()) {
    if (characters == most) return out.substr(0, last_fit) + (most > 0 ? "…" : "");
    const Utf8Character c = first_utf8(text);
    last_fit = out.size();
    out += !c.valid || is_unprintable(c.code) ? "\xef\xbf\xbd" : text.substr(0, c.bytes);
    ++characters;
    text.remove_prefix(c.bytes);
  }
  return out;
}

}  // namespace vigil
