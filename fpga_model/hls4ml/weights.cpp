#include "fpga_model/hls4ml/weights.h"

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

}  // namespace

void Weights::add_text(const std::string& array, std::string_view bytes, const std::string& path) {
  texts_[array] = {bytes, path};
}

WeightArray Weights::read(const std::string& array, std::size_t count, const std::string& where) const {
  const Array* declared = declarations_.array(array);
  if (declared == nullptr)
    throw Error(where, "array '" + array.substr(0, 60) + "' is not declared", "one in weights/ or a header");
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
