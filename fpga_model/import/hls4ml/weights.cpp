#include "fpga_model/import/hls4ml/weights.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace vigil::fpga_model::hls4ml {
namespace {

void expect_count(std::size_t found, std::size_t count, const std::string& array, const std::string& where) {
  if (found != count)
    throw Error(where, "array '" + array.substr(0, 60) + "' of " + std::to_string(found) + " values",
                std::to_string(count));
}

std::vector<std::int64_t> read_text(std::string_view bytes, const ElementType& type, std::size_t count,
                                    const std::string& path) {
  std::vector<std::int64_t> raw;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t comma = std::min(bytes.find(',', at), bytes.size());
    std::string_view item = bytes.substr(at, comma - at);
    at = comma + 1;
    while (!item.empty() && std::isspace(static_cast<unsigned char>(item.front())) != 0) item.remove_prefix(1);
    while (!item.empty() && std::isspace(static_cast<unsigned char>(item.back())) != 0) item.remove_suffix(1);
    if (item.empty() && at >= bytes.size()) break;  // behind the last comma
    double value = 0;
    const char* begin = item.data() + (item.starts_with("+") ? 1 : 0);
    const auto [end, problem] = std::from_chars(begin, item.data() + item.size(), value);
    if (problem != std::errc{} || end != item.data() + item.size() || !std::isfinite(value)) {
      throw Error(path + ": value " + std::to_string(raw.size() + 1), "'" + std::string(item.substr(0, 40)) + "'",
                  "a number");
    }
    if (raw.size() == count) throw Error(path, "more than " + std::to_string(count) + " values", std::to_string(count));
    raw.push_back(word_of(value, type));
  }
  return raw;
}

// {row, column, weight}
struct Entry {
  std::int64_t row = 0;
  std::int64_t column = 0;
  double weight = 0;
};

std::vector<Entry> read_entries(const Range& list) {
  std::vector<Entry> entries;
  for (const Range& item : split_at_commas(list)) {
    Cursor cursor(item);
    const std::vector<Range> parts = split_at_commas(cursor.balanced("{", "}"));
    if (parts.size() != 3 || !cursor.done())
      throw Error(item.where(), "'" + item.text() + "'", "{row, column, weight}");
    Entry entry;
    for (const auto& [part, number] : {std::pair{parts[0], &entry.row}, std::pair{parts[1], &entry.column}}) {
      const double value = parse_number(part);
      if (!(value >= 0 && value <= static_cast<double>(kMaxWords)) || value != std::trunc(value))
        throw Error(part.where(), "'" + part.text() + "'", "the number of a row or column");
      *number = static_cast<std::int64_t>(value);
    }
    entry.weight = parse_number(parts[2]);
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace

void Weights::add_text(const std::string& array, std::string_view bytes, const std::string& path) {
  texts_[array] = {bytes, path};
}

const Array& Weights::find(const std::string& array, const std::string& where) const {
  const Array* declared = declarations_.array(array);
  if (declared == nullptr)
    throw Error(where, "array '" + array.substr(0, 60) + "' is not declared", "one in weights/ or a header");
  return *declared;
}

bool Weights::is_compressed(const std::string& array) const {
  const Array* declared = declarations_.array(array);
  const Structure* structure = declared == nullptr ? nullptr : declarations_.structure_of(declared->type);
  return structure != nullptr && structure->values.contains("row_index") && structure->values.contains("col_index") &&
         structure->values.contains("weight");
}

WeightArray Weights::read_compressed(const std::string& array, std::size_t rows, std::size_t columns,
                                     const std::string& where) const {
  const Array& declared = find(array, where);
  const Structure& structure = *declarations_.structure_of(declared.type);
  WeightArray weights;
  weights.type = declarations_.type(structure.values.at("weight").type);
  if (rows > kMaxWords / columns) throw Error(where, "more than 2^24 weights", "at most 2^24");
  weights.raw.assign(rows * columns, 0);
  std::vector<Entry> entries;
  if (declared.initialised) {
    entries = read_entries(declared.initial);
  } else {
    const auto text = texts_.find(array);
    if (text == texts_.end())
      throw Error(declared.type.where(), "array '" + array + "' without values", "{...} or a text file in weights/");
    std::size_t budget = std::size_t{1} << 24;
    const SourceFile file = tokenize(text->second.bytes, text->second.path, budget);
    entries = read_entries({&file, file.tokens.data(), file.tokens.data() + file.tokens.size()});
  }
  if (!declared.size.empty()) {
    const std::int64_t size = declarations_.integer(declared.size);
    expect_count(entries.size(), size < 0 ? 0 : static_cast<std::size_t>(size), array, declared.type.where());
  }
  const FixedPoint row_type = declarations_.type(structure.values.at("row_index").type).fixed;
  const FixedPoint column_type = declarations_.type(structure.values.at("col_index").type).fixed;
  for (const Entry& entry : entries) {
    const std::string place = "weight {" + std::to_string(entry.row) + ", " + std::to_string(entry.column) + "}";
    if (entry.row >= static_cast<std::int64_t>(rows) || entry.column >= static_cast<std::int64_t>(columns) ||
        !row_type.holds(entry.row) || !column_type.holds(entry.column))
      throw Error(declared.type.where(), place + " of array '" + array.substr(0, 60) + "'",
                  "rows below " + std::to_string(rows) + " and columns below " + std::to_string(columns));
    std::int64_t& word =
        weights.raw[static_cast<std::size_t>(entry.row) * columns + static_cast<std::size_t>(entry.column)];
    const std::int64_t weight = word_of(entry.weight, weights.type);
    if (word != 0 && weight != 0)  // zeros fill the list up to a multiple of the reuse factor
      throw Error(declared.type.where(), place + " of array '" + array.substr(0, 60) + "' twice", "once");
    if (weight != 0) word = weight;
  }
  return weights;
}

WeightArray Weights::read(const std::string& array, std::size_t count, const std::string& where) const {
  const Array* declared = &find(array, where);
  WeightArray weights;
  weights.type = declarations_.type(declared->type);
  if (count > kMaxWords) throw Error(where, std::to_string(count) + " weights", "at most 2^24");
  if (!declared->size.empty()) {
    const std::int64_t size = declarations_.integer(declared->size);
    expect_count(size < 0 ? 0 : static_cast<std::size_t>(size), count, array, where);
  }
  if (declared->initialised) {
    const std::vector<Range> values = split_at_commas(declared->initial);
    const std::string place = declared->type.where();
    // Fewer than declared: C++ fills with zeros. hls4ml never writes that.
    expect_count(values.size(), count, array, place);
    weights.raw.reserve(count);
    for (const Range& value : values) weights.raw.push_back(word_of(parse_number(value), weights.type));
    return weights;
  }
  const auto text = texts_.find(array);
  if (text == texts_.end())
    throw Error(declared->type.where(), "array '" + array + "' without values", "{...} or a text file in weights/");
  weights.raw = read_text(text->second.bytes, weights.type, count, text->second.path);
  expect_count(weights.raw.size(), count, array, text->second.path);
  return weights;
}

std::int64_t word_of(double value, const ElementType& type) {
  return cast_real(type.integer ? std::trunc(value) : value, type.fixed);
}

nlohmann::ordered_json constant(const FixedPoint& type, const Shape& shape, const std::vector<std::int64_t>& raw) {
  return {{"type", vigil::to_string(type)}, {"shape", shape}, {"raw", raw}};
}

}  // namespace vigil::fpga_model::hls4ml
