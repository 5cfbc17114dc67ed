#include "core/shown.h"

#include <cstdint>
#include <cstdio>

#include "core/plain_text.h"
#include "core/utf8.h"

namespace vigil {
namespace {

std::string escape(const Utf8Character& c, std::string_view text) {
  if (c.valid && c.code == '\n') return "\\n";
  if (c.valid && c.code == '\t') return "\\t";
  if (c.valid && c.code == '\r') return "\\r";
  char out[16];
  if (c.valid && c.code >= 0x80) {
    std::snprintf(out, sizeof out, "\\u%04x", static_cast<unsigned>(c.code));
  } else {
    std::snprintf(out, sizeof out, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(text[0])));
  }
  return out;
}

}  // namespace

std::string escaped(std::string_view text) { return shown(text, std::string_view::npos); }

std::string shown(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t characters = 0;
  while (!text.empty()) {
    const Utf8Character c = first_utf8(text);
    const bool escape_it = !c.valid || is_unprintable(c.code);
    const std::string piece = escape_it ? escape(c, text) : std::string(text.substr(0, c.bytes));
    const std::size_t width = escape_it ? piece.size() : 1;
    if (most != std::string_view::npos && characters + width > most) return out + "…";
    out += piece;
    characters += width;
    text.remove_prefix(c.bytes);
  }
  return out;
}

}  // namespace vigil
