#include "ingest/decode_columns.h"

#include <utility>
#include <vector>

#include "ingest/msgpack_cursor.h"
#include "ingest/refusal_text.h"

namespace vigil::ingest {
namespace {

using Kind = MsgpackToken::Kind;

// numpy's type string of a little-endian integer: <i2, |u1, ... 0: anything else.
int word_bytes_of(std::string_view type, bool is_signed) {
  if (type.size() != 3 || type[1] != (is_signed ? 'i' : 'u')) return 0;
  if (type[2] == '1') return type[0] == '<' || type[0] == '|' ? 1 : 0;  // one byte has no order
  if (type[0] != '<') return 0;
  return type[2] == '2' ? 2 : type[2] == '4' ? 4 : type[2] == '8' ? 8 : 0;
}

// "<i1, <i2 or <i4": what a rule allows.
std::string types_of(const ColumnRule& rule) {
  std::vector<std::string> types;
  for (const int size : {1, 2, 4, 8}) {
    if ((rule.word_bytes & static_cast<unsigned>(size)) != 0) {
      types.push_back(std::string(rule.is_signed ? "<i" : "<u") + std::to_string(size));
    }
  }
  std::string text = types.front();
  for (std::size_t i = 1; i < types.size(); ++i) text += (i + 1 == types.size() ? " or " : ", ") + types[i];
  return text;
}

struct ColumnMap {
  std::string_view type, data;
  std::uint64_t shape[2] = {0, 1};
  bool has_type = false, has_shape = false, has_data = false, has_order = false;
  bool by_columns = false;
};

// Reads the map of one column; what is wrong with it becomes a text.
class ColumnReader {
 public:
  ColumnReader(std::string_view name, std::string_view bytes, std::size_t dimensions, std::string& detail)
      : name_(name), cursor_(bytes), dimensions_(dimensions), detail_(detail) {}

  // False: a key that is unknown, absent or there twice, or a value of another type.
  bool read(ColumnMap& map) {
    MsgpackToken head;
    if (!cursor_.read(head) || head.kind != Kind::map) return refuse("no map", "a map of t, s and d");
    for (std::uint32_t i = 0; i < head.count; ++i) {
      MsgpackToken key, value;
      if (!cursor_.read(key) || key.kind != Kind::text) return refuse("key " + described(key), "t, s, d or o");
      if (!cursor_.read(value)) return refuse("broken", "a map of t, s and d");
      if (!read_pair(key.bytes, value, map)) return false;
    }
    if (!map.has_type) return refuse("t is missing", "t, s and d");
    if (!map.has_shape) return refuse("s is missing", "t, s and d");
    if (!map.has_data) return refuse("d is missing", "t, s and d");
    return true;
  }

 private:
  bool read_pair(std::string_view key, const MsgpackToken& value, ColumnMap& map) {
    if (key == "t") {
      if (std::exchange(map.has_type, true)) return refuse("t is there twice", "once");
      if (value.kind != Kind::text) return refuse("t is " + described(value), "a string");
      map.type = value.bytes;
    } else if (key == "s") {
      if (std::exchange(map.has_shape, true)) return refuse("s is there twice", "once");
      return read_shape(value, map);
    } else if (key == "d") {
      if (std::exchange(map.has_data, true)) return refuse("d is there twice", "once");
      if (value.kind != Kind::binary) {
        const std::string found =
            value.kind == Kind::text ? "string of " + std::to_string(value.bytes.size()) + " bytes" : described(value);
        return refuse("d is " + found, "binary (msgpack bin)");
      }
      map.data = value.bytes;
    } else if (key == "o") {
      if (std::exchange(map.has_order, true)) return refuse("o is there twice", "once");
      if (value.kind != Kind::nil && (value.kind != Kind::text || (value.bytes != "C" && value.bytes != "F"))) {
        return refuse("o is " + described(value), "'C' or 'F'");
      }
      map.by_columns = value.kind == Kind::text && value.bytes == "F";
    } else {
      return refuse("unknown key " + in_quotes(key), "t, s, d or o");
    }
    return true;
  }

  bool read_shape(const MsgpackToken& value, ColumnMap& map) {
    const char* const expected =
        dimensions_ == 1 ? "an array of the number of events" : "an array of the numbers of events and of columns";
    if (value.kind != Kind::array || value.count != dimensions_) return refuse("s is " + described(value), expected);
    for (std::size_t d = 0; d < dimensions_; ++d) {
      MsgpackToken size;
      if (!cursor_.read(size) || size.kind != Kind::integer) return refuse("s holds " + described(size), expected);
      map.shape[d] = size.natural;
    }
    return true;
  }

  bool refuse(const std::string& found, const std::string& expected) {
    detail_ = refusal(name_, found, expected);
    return false;
  }

  std::string_view name_;
  MsgpackCursor cursor_;
  std::size_t dimensions_;
  std::string& detail_;
};

}  // namespace

Rejection read_column(std::string_view name, std::string_view bytes, const ColumnRule& rule, std::uint32_t n,
                      std::optional<std::size_t> known_columns, Column& out, std::string& detail) {
  const auto refuse = [&](const std::string& found, const std::string& expected, Rejection cause = Rejection::column) {
    detail = refusal(name, found, expected);
    return cause;
  };
  ColumnMap map;
  if (!ColumnReader(name, bytes, rule.is_table ? 2 : 1, detail).read(map)) return Rejection::column;
  const int word_bytes = word_bytes_of(map.type, rule.is_signed);
  if (word_bytes == 0 || (rule.word_bytes & static_cast<unsigned>(word_bytes)) == 0) {
    return refuse(in_quotes(map.type), types_of(rule));
  }
  const auto [rows, columns] = map.shape;
  if (columns > rule.most_columns) {
    return refuse(std::to_string(columns) + " columns", std::to_string(rule.most_columns) + " at most",
                  Rejection::limits);
  }
  const auto shape = [&](std::uint64_t r, const std::string& c) {
    return "shape [" + std::to_string(r) + (rule.is_table ? "," + c : "") + "]";
  };
  const auto expected_shape = [&] { return shape(n, known_columns ? std::to_string(*known_columns) : "columns"); };
  if (rows != n) return refuse(shape(rows, std::to_string(columns)), expected_shape());
  // n is at most 2^32 and a word 8 bytes: the product fits 128 bits.
  const auto words = static_cast<unsigned __int128>(rows) * columns;
  if (words * static_cast<unsigned>(word_bytes) != map.data.size()) {
    const auto right_bytes = words * static_cast<unsigned>(word_bytes);
    const std::string right =
        right_bytes >> 64 != 0 ? "more than a message holds" : std::to_string(static_cast<std::uint64_t>(right_bytes));
    return refuse(
        "d of " + std::to_string(map.data.size()) + " bytes",
        right + " for " + shape(rows, std::to_string(columns)) + " of " + std::to_string(word_bytes) + "-byte words");
  }
  if (known_columns && columns != *known_columns) {
    return refuse(shape(rows, std::to_string(columns)), expected_shape());
  }
  out = {map.data.data(), word_bytes, rule.is_signed, static_cast<std::size_t>(rows), static_cast<std::size_t>(columns),
         map.by_columns};
  return Rejection::none;
}

}  // namespace vigil::ingest
