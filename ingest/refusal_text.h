// The words in which a rejection names its place: key, what was found, what was expected.
// Used by decode, on rejection only. Nothing of the message but 64 escaped characters gets into a text.
// Tests: tests/ingest/decode_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "core/model.h"
#include "ingest/msgpack_cursor.h"

namespace vigil::ingest {

// "float64", "-1", "string 'abc'", "binary of 12 bytes", "timestamp extension", ...
std::string described(const MsgpackToken& token);

// 'text', escaped and cut.
std::string in_quotes(std::string_view text);

// "key: found, expected expected".
std::string refusal(std::string_view key, const std::string& found, const std::string& expected);

// "row 3, column 2 (pt): 512, expected -512..511 (ap_fixed<10,8>)" of a column's first word outside its type.
std::string word_refusal(std::string_view key, std::size_t row, std::size_t column, const std::string& name,
                         std::int64_t word, const FixedPoint& type, bool is_code);

}  // namespace vigil::ingest
