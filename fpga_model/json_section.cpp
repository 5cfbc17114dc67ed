#include "fpga_model/json_section.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace vigil::fpga_model {
namespace {

using nlohmann::json;

constexpr int kMaxNesting = 64;

bool integer_of(const json& value, std::int64_t& out) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return false;
  out = value.get<std::int64_t>();
  return true;
}

std::string shown(const json& value) {
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

// What is there, without printing a large array.
std::string found(const json& value) {
  return value.is_structured() ? std::string("an ") + value.type_name() : shown(value);
}

std::string range(std::int64_t lowest, std::int64_t highest) {
  return "an integer in " + std::to_string(lowest) + ".." + std::to_string(highest);
}

// What Python writes for a double that is no number, where reading ended at one: "NaN in line 1, column 104".
std::string no_number(std::string_view bytes, const json::exception& error) {
  const auto* parsing = dynamic_cast<const json::parse_error*>(&error);
  if (parsing == nullptr) return {};
  const std::size_t end = std::min(parsing->byte, bytes.size());
  for (const std::string_view word : {"NaN", "-Infinity", "Infinity"}) {
    for (std::size_t at = end < 10 ? 0 : end - 10; at < end; ++at) {
      if (bytes.substr(at, word.size()) != word) continue;
      const std::string_view before = bytes.substr(0, at);
      const std::size_t line = before.rfind('\n');
      return std::string(word) + " in line " + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) +
             ", column " + std::to_string(at + (line == std::string_view::npos ? 1 : -line));
    }
  }
  return {};
}

}  // namespace

std::shared_ptr<const json> parse_json(std::string_view bytes, const std::string& file) {
  std::vector<std::set<std::string>> seen;  // keys of the objects that are open
  const json::parser_callback_t check = [&](int depth, json::parse_event_t event, json& value) {
    switch (event) {
      case json::parse_event_t::object_start:
        seen.emplace_back();
        [[fallthrough]];
      case json::parse_event_t::array_start:
        if (depth >= kMaxNesting) throw Error(file, "nesting deeper than " + std::to_string(kMaxNesting));
        break;
      case json::parse_event_t::object_end:
        seen.pop_back();
        break;
      case json::parse_event_t::key:
        if (!seen.back().insert(value.get<std::string>()).second)
          throw Error(file, "key " + shown(value) + " appears twice in one object");
        break;
      default:
        break;
    }
    return true;
  };
  try {
    return std::make_shared<const json>(json::parse(bytes.begin(), bytes.end(), check));
  } catch (const json::exception& error) {
    if (const std::string word = no_number(bytes, error); !word.empty())
      throw Error(file, "not valid JSON: " + word, "a number");
    std::string what = error.what();
    if (const std::size_t end = what.find("] "); end != std::string::npos)
      what = what.substr(end + 2);  // the library's error number
    if (what.size() > 200) what.resize(200);
    throw Error(file, "not valid JSON: " + what);
  }
}

JsonSection::JsonSection(const json& value, std::string lead, std::string prefix)
    : json_(&value), lead_(std::move(lead)), prefix_(std::move(prefix)) {
  if (value.is_object()) return;
  std::string place = prefix_;
  if (!place.empty()) place.pop_back();
  const std::string where_text = place.empty() ? lead_.substr(0, lead_.size() - 2) : lead_ + "key '" + place + "'";
  throw Error(where_text, found(value), "a JSON object");
}

void JsonSection::fail(const std::string& key, const std::string& what, const std::string& expected) const {
  throw Error(where(key), what, expected);
}

bool JsonSection::has(const std::string& key) const { return json_->contains(key); }

const json& JsonSection::at(const std::string& key) {
  read_.insert(key);
  const auto entry = json_->find(key);
  if (entry == json_->end()) fail(key, "missing");
  return *entry;
}

const json& JsonSection::array(const std::string& key) {
  const json& value = at(key);
  if (!value.is_array()) fail(key, found(value), "a list");
  return value;
}

JsonSection JsonSection::inner(const json& value, const std::string& key, const std::string& place) const {
  return JsonSection(value, lead_, prefix_ + key + place + ".");
}

std::string JsonSection::text(const std::string& key) {
  const json& value = at(key);
  if (!value.is_string()) fail(key, found(value), "text");
  return value.get<std::string>();
}

std::size_t JsonSection::choice(const std::string& key, const std::vector<std::string>& choices, bool fallback) {
  if (fallback && !has(key)) return 0;
  const std::string value = text(key);
  std::string expected;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == value) return i;
    expected += (i == 0 ? "one of " : ", ") + choices[i];
  }
  fail(key, "'" + value.substr(0, 60) + "'", expected);
}

bool JsonSection::flag(const std::string& key, bool fallback) {
  if (!has(key)) return fallback;
  const json& value = at(key);
  if (!value.is_boolean()) fail(key, found(value), "true or false");
  return value.get<bool>();
}

std::int64_t JsonSection::integer(const std::string& key, std::int64_t lowest, std::int64_t highest) {
  const json& value = at(key);
  std::int64_t out = 0;
  if (!integer_of(value, out) || out < lowest || out > highest) fail(key, found(value), range(lowest, highest));
  return out;
}

std::int64_t JsonSection::integer_or(const std::string& key, std::int64_t fallback, std::int64_t lowest,
                                     std::int64_t highest) {
  return has(key) ? integer(key, lowest, highest) : fallback;
}

std::vector<std::int64_t> JsonSection::integers(const std::string& key) {
  const json& list = array(key);
  if (list.size() > kMaxWords) fail(key, std::to_string(list.size()) + " words", "at most 2^24");
  std::vector<std::int64_t> values(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!integer_of(list[i], values[i]))
      fail(key, "entry " + std::to_string(i) + " is " + found(list[i]), "a 64-bit integer");
  }
  return values;
}

std::vector<std::size_t> JsonSection::sizes(const std::string& key, std::size_t lowest) {
  std::vector<std::size_t> out;
  for (const std::int64_t v : integers(key)) {
    if (v < static_cast<std::int64_t>(lowest) || v > static_cast<std::int64_t>(kMaxWords)) {
      fail(key, std::to_string(v), range(static_cast<std::int64_t>(lowest), static_cast<std::int64_t>(kMaxWords)));
    }
    out.push_back(static_cast<std::size_t>(v));
  }
  return out;
}

std::vector<std::pair<std::size_t, std::size_t>> JsonSection::size_pairs(const std::string& key) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (const json& pair : array(key)) {
    std::int64_t before = 0;
    std::int64_t after = 0;
    const auto most = static_cast<std::int64_t>(kMaxWords);
    if (!pair.is_array() || pair.size() != 2 || !integer_of(pair[0], before) || !integer_of(pair[1], after) ||
        before < 0 || after < 0 || before > most || after > most) {
      fail(key, "entry " + std::to_string(pairs.size()) + " is " + shown(pair),
           "[before, after] with integers in 0..2^24");
    }
    pairs.emplace_back(before, after);
  }
  return pairs;
}

std::vector<std::string> JsonSection::texts(const std::string& key) {
  std::vector<std::string> out;
  for (const json& value : array(key)) {
    if (!value.is_string()) fail(key, "entry " + std::to_string(out.size()) + " is " + found(value), "text");
    out.push_back(value.get<std::string>());
  }
  return out;
}

double JsonSection::real(const std::string& key) {
  const json& value = at(key);
  if (!value.is_number()) fail(key, found(value), "a number");
  return value.get<double>();
}

std::vector<double> JsonSection::reals(const std::string& key) {
  std::vector<double> out;
  for (const json& value : array(key)) {
    if (!value.is_number()) fail(key, "entry " + std::to_string(out.size()) + " is " + found(value), "a number");
    out.push_back(value.get<double>());
  }
  return out;
}

std::vector<std::vector<double>> JsonSection::real_lists(const std::string& key) {
  std::vector<std::vector<double>> out;
  for (const json& list : array(key)) {
    if (!list.is_array()) fail(key, "entry " + std::to_string(out.size()) + " is " + found(list), "a list of numbers");
    std::vector<double>& row = out.emplace_back();
    for (const json& value : list) {
      if (!value.is_number())
        fail(key, "entry " + std::to_string(out.size() - 1) + " holds " + found(value), "numbers");
      row.push_back(value.get<double>());
    }
  }
  return out;
}

Shape JsonSection::shape(const std::string& key) {
  const Shape shape = sizes(key, 1);
  if (shape.empty() || shape.size() > 8) fail(key, std::to_string(shape.size()) + " dimensions", "1 to 8");
  std::size_t n = 1;
  for (const std::size_t d : shape) {
    if (n > kMaxWords / d) fail(key, "shape " + to_string(shape), "at most 2^24 words");
    n *= d;
  }
  return shape;
}

FixedPoint JsonSection::type_or_sign_magnitude(const std::string& key) {
  const std::string value = text(key);
  return parse_fixed_point(value, where(key));
}

FixedPoint JsonSection::type(const std::string& key) {
  const FixedPoint type = type_or_sign_magnitude(key);
  if (type.overflow == Overflow::wrap_sm)
    fail(key, to_string(type), "AP_WRAP_SM only for network inputs and the output of a cast");
  return type;
}

Constant JsonSection::constant(const std::string& key) { return object(key).as_constant(); }

Constant JsonSection::as_constant() {
  const std::string place = lead_ + "key '" + prefix_.substr(0, prefix_.size() - 1) + "'";
  Constant c;
  c.type = type("type");
  c.raw = integers("raw");
  if (c.raw.empty()) throw Error(place, "no words", "at least one");
  c.shape = has("shape") ? shape("shape") : Shape{c.raw.size()};
  if (element_count(c.shape) != c.raw.size()) {
    throw Error(place, std::to_string(c.raw.size()) + " words",
                std::to_string(element_count(c.shape)) + " for shape " + to_string(c.shape));
  }
  for (std::size_t i = 0; i < c.raw.size(); ++i) {
    if (!c.type.holds(c.raw[i]))
      throw Error(place, "word " + std::to_string(i) + " is " + std::to_string(c.raw[i]),
                  "one of " + to_string(c.type));
  }
  finish();
  return c;
}

JsonSection JsonSection::with_lead(std::string lead) const {
  JsonSection other = *this;
  other.lead_ = std::move(lead);
  other.prefix_.clear();
  return other;
}

JsonSection JsonSection::object(const std::string& key) { return inner(at(key), key, ""); }

std::vector<JsonSection> JsonSection::objects(const std::string& key) {
  std::vector<JsonSection> out;
  for (const json& value : array(key)) out.push_back(inner(value, key, "[" + std::to_string(out.size()) + "]"));
  return out;
}

std::vector<std::vector<JsonSection>> JsonSection::object_lists(const std::string& key) {
  std::vector<std::vector<JsonSection>> out;
  for (const json& list : array(key)) {
    const std::string place = "[" + std::to_string(out.size()) + "]";
    if (!list.is_array()) fail(key, "entry " + std::to_string(out.size()) + " is " + found(list), "a list of objects");
    std::vector<JsonSection>& row = out.emplace_back();
    for (const json& value : list) row.push_back(inner(value, key, place + "[" + std::to_string(row.size()) + "]"));
  }
  return out;
}

std::vector<std::string> JsonSection::keys() const {
  std::vector<std::string> out;
  for (const auto& [key, value] : json_->items()) out.push_back(key);
  return out;
}

void JsonSection::finish() const {
  for (const auto& [key, value] : json_->items()) {
    if (!read_.contains(key)) fail(key.substr(0, 60), "unknown key");
  }
}

}  // namespace vigil::fpga_model
