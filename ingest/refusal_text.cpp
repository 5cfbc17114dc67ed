#include "ingest/refusal_text.h"

#include "core/shown.h"

namespace vigil::ingest {

using Kind = MsgpackToken::Kind;

std::string described(const MsgpackToken& token) {
  switch (token.kind) {
    case Kind::nil:
      return "nil";
    case Kind::boolean:
      return "boolean";
    case Kind::integer:
      return std::to_string(token.natural);
    case Kind::negative:
      return std::to_string(token.whole);
    case Kind::real:
      return token.tag == 0xca ? "float32" : "float64";
    case Kind::text:
      return "string " + in_quotes(token.bytes);
    case Kind::binary:
      return "binary of " + std::to_string(token.bytes.size()) + " bytes";
    case Kind::extension: {
      const int type = static_cast<signed char>(token.bytes.data()[-1]);  // stands before the payload
      return type == -1 ? "timestamp extension" : "extension of type " + std::to_string(type);
    }
    case Kind::array:
      return "array of " + std::to_string(token.count);
    case Kind::map:
      return "map of " + std::to_string(token.count);
  }
  return "unknown";
}

std::string in_quotes(std::string_view text) {
  std::string quoted = "'";
  quoted += shown(text);
  return quoted += '\'';
}

std::string refusal(std::string_view key, const std::string& found, const std::string& expected) {
  return std::string(key) + ": " + found + ", expected " + expected;
}

std::string word_refusal(std::string_view key, std::size_t row, std::size_t column, const std::string& name,
                         std::int64_t word, const FixedPoint& type, bool is_code) {
  std::string place = "row " + std::to_string(row) + ", column " + std::to_string(column);
  if (!name.empty()) place += " (" + shown(name) + ")";
  std::string expected =
      is_code ? "an integer code of " + to_string(type)
              : std::to_string(type.lowest()) + ".." + std::to_string(type.highest()) + " (" + to_string(type) + ")";
  return std::string(key) + ", " + refusal(place, std::to_string(word), expected);
}

}  // namespace vigil::ingest
