#include "core/frame_facts.h"

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "core/error.h"
#include "core/lhc.h"

namespace vigil {
namespace {

using nlohmann::json;

constexpr std::string_view kFrame = "{\"type\":\"frame\"", kSummary = "{\"type\":\"summary\"";
constexpr std::size_t kMostDropped = 1u << 16;

// An object that is read key by key; what is left over, missing or of another type is an error.
class Object {
 public:
  Object(const json& value, const std::string& where, std::string name)
      : value_(value), where_(where), name_(std::move(name)) {
    if (!value.is_object()) fail("no object", "an object");
  }

  [[noreturn]] void fail(const std::string& found, const std::string& expected) const {
    throw Error(where_, name_ + ": " + found, expected);
  }
  bool has(const char* key) const { return value_.contains(key); }
  const json& at(const char* key) {
    const auto found = value_.find(key);
    if (found == value_.end()) fail(std::string("no key '") + key + "'", "it");
    ++read_;
    return *found;
  }
  std::string text(const char* key) {
    const json& value = at(key);
    if (value.is_string()) return value.get<std::string>();
    if (value.is_object() && value.size() == 1 && value.contains("hex") && value["hex"].is_string()) {
      return unhexed(key, value["hex"].get<std::string>());
    }
    fail(std::string("key '") + key + "' is no text", "a text, or {\"hex\": digits}");
  }
  template <class Integer>
  Integer number(const char* key) {
    return whole<Integer>(at(key), key);
  }
  template <class Integer>
  Integer whole(const json& value, const char* key) {
    if constexpr (std::is_signed_v<Integer>) {
      const bool fits =
          value.is_number_integer() && !(value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX);
      if (fits) return value.get<Integer>();
    } else if (value.is_number_unsigned() && value.get<std::uint64_t>() <= std::numeric_limits<Integer>::max()) {
      return static_cast<Integer>(value.get<std::uint64_t>());
    }
    fail(std::string("key '") + key + "' is no whole number of its size", "one");
  }
  template <class T, class Read>
  void optional(const char* key, std::optional<T>& into, Read read) {
    if (has(key)) into = read(key);
  }
  // Every key was read.
  void end() const {
    if (read_ != value_.size()) fail(std::to_string(value_.size() - read_) + " unknown keys", "none");
  }

 private:
  std::string unhexed(const char* key, const std::string& hex) const {
    const auto digit = [&](char c) -> unsigned {
      if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
      if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
      fail(std::string("key '") + key + "' has a digit that is none", "hexadecimal digits");
    };
    if (hex.size() % 2 != 0) fail(std::string("key '") + key + "' has half a byte", "hexadecimal digits");
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
    return bytes;
  }

  const json& value_;
  const std::string& where_;
  std::string name_;
  std::size_t read_ = 0;
};

StrandMark strand_from(const json& value, const std::string& where) {
  Object o(value, where, "strand");
  StrandMark mark;
  mark.name = o.text("name");
  mark.session = o.number<std::uint64_t>("session");
  if (o.has("begins")) {
    if (o.at("begins") != true) o.fail("key 'begins'", "true, or no such key");
    mark.begins = true;
  } else {
    mark.n = o.number<std::uint64_t>("n");
  }
  o.end();
  return mark;
}

FrameHeader header_from(const json& value, const std::string& where) {
  Object o(value, where, "header");
  FrameHeader h;
  const auto text = [&](const char* key) { return o.text(key); };
  if (o.has("topic")) h.topic = text("topic");
  if (o.has("stream")) h.stream = text("stream");
  if (o.has("model")) h.model = text("model");
  o.optional("source", h.source, text);
  const auto wide = [&](const char* key) { return o.number<std::uint64_t>(key); };
  const auto narrow = [&](const char* key) { return o.number<std::uint32_t>(key); };
  o.optional("epoch", h.epoch, wide);
  o.optional("seq", h.seq, wide);
  o.optional("run", h.run, narrow);
  o.optional("ls", h.ls, narrow);
  o.optional("first_orbit", h.first_orbit, narrow);
  o.optional("last_orbit", h.last_orbit, narrow);
  if (o.has("n")) h.n = narrow("n");
  o.end();
  return h;
}

Context context_from(const json& value, const std::string& where) {
  Object o(value, where, "context");
  Context c;
  const auto text = [&](const char* key) { return o.text(key); };
  o.optional("fill", c.fill, [&](const char* key) { return o.number<std::uint64_t>(key); });
  o.optional("prescale_column", c.prescale_column, [&](const char* key) { return o.number<std::int64_t>(key); });
  o.optional("pileup", c.pileup, [&](const char* key) {
    const json& number = o.at(key);
    if (!number.is_number() || !(number.get<double>() >= 0 && number.get<double>() <= 1000)) {
      o.fail("pileup is out of range", "a number in 0..1000");
    }
    return number.get<double>();
  });
  o.optional("run_start_ns", c.run_start_ns, [&](const char* key) { return o.number<std::uint64_t>(key); });
  o.optional("menu", c.menu, text);
  o.optional("beam_mode", c.beam_mode, text);
  o.optional("filling_scheme", c.filling_scheme, text);
  o.optional("origin", c.origin, text);
  o.end();
  return c;
}

EventBatch batch_from(const json& value, const std::string& where) {
  Object o(value, where, "batch");
  EventBatch b;
  b.source = o.text("source");
  b.epoch = o.number<std::uint64_t>("epoch");
  b.seq = o.number<std::uint64_t>("seq");
  b.stream = o.text("stream");
  b.selection = o.text("selection");
  b.run = o.number<std::uint32_t>("run");
  b.ls = o.number<std::uint32_t>("ls");
  const json& orbits = o.at("orbits");
  if (!orbits.is_array() || orbits.size() != 2) o.fail("orbits", "[first, last]");
  b.first_orbit = o.whole<std::uint32_t>(orbits[0], "orbits");
  b.last_orbit = o.whole<std::uint32_t>(orbits[1], "orbits");
  if (b.first_orbit > b.last_orbit || lhc::lumisection_of(b.first_orbit) != b.ls ||
      lhc::lumisection_of(b.last_orbit) != b.ls) {
    o.fail("orbits " + std::to_string(b.first_orbit) + " to " + std::to_string(b.last_orbit),
           "those of lumisection " + std::to_string(b.ls));
  }
  b.n_bx = o.number<std::uint64_t>("n_bx");
  b.model = o.text("model");
  b.n = o.number<std::uint32_t>("n");
  o.optional("model_hash", b.model_hash, [&](const char* key) { return o.text(key); });
  if (o.has("context")) b.context = context_from(o.at("context"), where);
  if (o.has("unknown_keys")) b.unknown_keys = o.number<std::uint32_t>("unknown_keys");
  if (o.has("ignored_annotations")) b.ignored_annotations = o.number<std::uint32_t>("ignored_annotations");
  o.end();
  return b;
}

Rejection rejection_of(const std::string& name) {
  for (int i = 1; i < static_cast<int>(Rejection::count_); ++i) {
    if (to_string(static_cast<Rejection>(i)) == name) return static_cast<Rejection>(i);
  }
  return Rejection::none;
}

json parsed(std::string_view line, const std::string& where) {
  json value = json::parse(line, nullptr, false);
  if (!value.is_object()) throw Error(where, "a line that is no JSON object", "a line of a partial");
  return value;
}

}  // namespace

FrameFacts frame_from_line(std::string_view line, const std::string& where) {
  const json value = parsed(line, where);
  Object o(value, where, "frame");
  if (o.at("type") != "frame") o.fail("type", "frame");
  FrameFacts f;
  f.position = o.text("position");
  if (o.has("strand")) f.strand = strand_from(o.at("strand"), where);
  if (o.has("dropped")) {
    const json& list = o.at("dropped");
    if (!list.is_array() || list.size() > kMostDropped) o.fail("key 'dropped'", "a list of headers");
    for (const json& h : list) f.dropped_before.push_back(header_from(h, where));
  }
  if (o.has("rejected")) {
    f.rejection = rejection_of(o.text("rejected"));
    if (f.rejection == Rejection::none) o.fail("key 'rejected'", "a cause of rejection");
    f.detail = o.text("detail");
    f.header = header_from(o.at("header"), where);
  } else if (o.has("batch")) {
    f.batch = batch_from(o.at("batch"), where);
    if (o.has("foreign")) {
      if (o.at("foreign") != true) o.fail("key 'foreign'", "true, or no such key");
      f.is_foreign = true;
    }
    if (o.has("failure")) f.failure = o.text("failure");
    f.summary = o.number<std::uint64_t>("summary");
  } else {
    f.carries_drops_only = true;
  }
  if (f.strand && f.strand->begins && (!f.carries_drops_only || !f.dropped_before.empty())) {
    o.fail("a mark with a frame", "a mark alone");
  }
  o.end();
  return f;
}

// The summary stands last, as it was written: it is taken out without being parsed.
constexpr std::string_view kText = ",\"summary\":";

PartialSummary summary_from_line(std::string_view line, const std::string& where) {
  const std::size_t at = line.find(std::string(kText) + "{");
  if (at == std::string_view::npos || !line.ends_with("}}")) {
    throw Error(where, "a line without a summary", "a summary line of a partial");
  }
  const json value = parsed(std::string(line.substr(0, at)) + "}", where);
  Object o(value, where, "summary");
  if (o.at("type") != "summary") o.fail("type", "summary");
  PartialSummary s;
  s.number = o.number<std::uint64_t>("number");
  s.model = o.text("model");
  s.stream = o.text("stream");
  s.run = o.number<std::uint32_t>("run");
  s.ls = o.number<std::uint32_t>("ls");
  s.frames = o.number<std::uint64_t>("frames");
  o.end();
  if (s.frames == 0) o.fail("no frames", "at least one");
  s.text = line.substr(at + kText.size());
  s.text.pop_back();
  return s;
}

std::optional<std::uint64_t> summary_of(std::string_view line) {
  const std::size_t at = line.rfind(kText);
  if (at == std::string_view::npos || !line.ends_with('}')) return {};
  const char* const first = line.data() + at + kText.size();
  const char* const last = line.data() + line.size() - 1;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(first, last, number);
  return error == std::errc() && end == last ? std::optional(number) : std::nullopt;
}

std::string_view line_type(std::string_view line) {
  return line.starts_with(kFrame) ? "frame" : line.starts_with(kSummary) ? "summary" : "";
}

}  // namespace vigil
