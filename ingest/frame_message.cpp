#include "ingest/frame_message.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/json_text.h"
#include "core/shown.h"
#include "core/utf8.h"
#include "ingest/decode.h"
#include "ingest/partial_message.h"
#include "ingest/strand_places.h"

namespace vigil::ingest {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostPartsSaid = 1u << 16;
constexpr std::uint64_t kMostPartsMade = 16;  // that are made, as a subscriber does
constexpr std::size_t kLongestHeader = std::size_t{64} << 10;

// Plain digits; nullopt: anything else, or too large.
std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

// Bytes as they are, as in the lines of partials.
nlohmann::ordered_json text_json(const std::string& bytes) {
  if (is_utf8(bytes)) return bytes;
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return {{"hex", hex}};
}

std::optional<std::string> text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (!found->is_object() || !found->contains("hex") || !found->at("hex").is_string()) return {};
  const std::string hex = found->at("hex").get<std::string>();
  std::string bytes;
  if (hex.size() % 2 != 0) return {};
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    if (error != std::errc() || end != hex.data() + i + 2) return {};
    bytes += static_cast<char>(value);
  }
  return bytes;
}

template <class T>
std::optional<T> number_in(const json& value) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<T>::max()) return {};
  return static_cast<T>(value.get<std::uint64_t>());
}

template <class T>
void read_number(const json& object, const char* key, std::optional<T>& into) {
  const auto found = object.find(key);
  if (found != object.end()) into = number_in<T>(*found);
}

// The mark of a bridge. nullopt without problem: there is none.
std::optional<StrandMark> mark_of(const kafka::Message& message, std::string& problem) {
  const std::string* const name = header(message, "vigil-strand");
  const std::string* const n = header(message, "vigil-n");
  const std::string* const begin = header(message, "vigil-begin");
  if (name == nullptr) {
    if (n != nullptr || begin != nullptr) problem = "vigil-n or vigil-begin without vigil-strand";
    return {};
  }
  const auto refuse = [&](const char* key, const std::string* value, const char* expected) {
    problem =
        std::string(key) + (value == nullptr ? " is missing" : " '" + shown(*value) + "'") + ", expected " + expected;
    return std::nullopt;
  };
  if (!is_strand_name(*name)) return refuse("vigil-strand", name, "1 to 64 of A-Z a-z 0-9 _ . -");
  StrandMark mark{*name};
  const std::string* const session = header(message, "vigil-session");
  const auto session_number = session == nullptr ? std::nullopt : number_of(*session);
  if (!session_number || *session_number == 0) return refuse("vigil-session", session, "a number above 0");
  mark.session = *session_number;
  if (begin != nullptr) {
    if (*begin != "1") return refuse("vigil-begin", begin, "1");
    mark.begins = true;
    return mark;
  }
  const auto number = n == nullptr ? std::nullopt : number_of(*n);
  // Behind the last number there is none.
  if (!number || *number == std::numeric_limits<std::uint64_t>::max()) return refuse("vigil-n", n, "a number");
  mark.n = *number;
  return mark;
}

void put_mark(kafka::Headers& headers, const StrandMark& mark) {
  headers.emplace_back("vigil-strand", mark.name);
  headers.emplace_back("vigil-session", std::to_string(mark.session));
  if (!mark.begins) headers.emplace_back("vigil-n", std::to_string(mark.n));
}

}  // namespace

std::string lost_header_text(const FrameHeader& h) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  if (h.source) out["source"] = text_json(*h.source);
  if (h.epoch) out["epoch"] = *h.epoch;
  if (h.seq) out["seq"] = *h.seq;
  if (h.run) out["run"] = *h.run;
  if (h.ls) out["ls"] = *h.ls;
  if (h.first_orbit && h.last_orbit) out["orbits"] = {*h.first_orbit, *h.last_orbit};
  // What its topic says already stays out.
  if (!(h.stream.empty() && h.model.empty()) && h.topic != h.stream + "/" + h.model) {
    out["stream"] = text_json(h.stream);
    out["model"] = text_json(h.model);
  }
  return json_text(out);
}

FrameHeader lost_header(const std::string& text) {
  FrameHeader h;
  if (text.size() > kLongestHeader) return h;
  const json in = json::parse(text, nullptr, false);
  if (!in.is_object()) return h;
  h.source = text_of(in, "source");
  read_number(in, "epoch", h.epoch);
  read_number(in, "seq", h.seq);
  read_number(in, "run", h.run);
  read_number(in, "ls", h.ls);
  if (const auto orbits = in.find("orbits"); orbits != in.end() && orbits->is_array() && orbits->size() == 2) {
    h.first_orbit = number_in<std::uint32_t>(orbits->at(0));
    h.last_orbit = number_in<std::uint32_t>(orbits->at(1));
    if (!h.first_orbit || !h.last_orbit) h.first_orbit = h.last_orbit = std::nullopt;
  }
  h.stream = text_of(in, "stream").value_or("");
  h.model = text_of(in, "model").value_or("");
  return h;
}

std::optional<Frame> frame_of(kafka::Message&& message, std::string& problem) {
  problem.clear();
  Frame frame;
  frame.strand = mark_of(message, problem);
  if (!problem.empty()) return {};
  frame.position = frame_position(message.partition, message.offset);
  if (frame.strand && frame.strand->begins) return frame;
  const std::string* const topic = header(message, "vigil-topic");
  const std::string* const parts = header(message, "vigil-parts");
  const std::string* const lost = header(message, "vigil-lost");
  std::uint64_t count = 2;
  if (parts != nullptr) {
    const auto said = number_of(*parts);
    count = !said || *said == 0 || *said > kMostPartsSaid ? 1 : std::min(*said, kMostPartsMade);
  }
  if (lost != nullptr) {
    const std::string* const text = header(message, "vigil-header");
    FrameHeader was = text == nullptr ? FrameHeader{} : lost_header(*text);
    if (topic != nullptr) was.topic = topic->substr(0, 2 * kLongestText + 1);
    if (*lost == "dropped") {
      frame.dropped_before.push_back(std::move(was));
    } else if (*lost == "rejected") {
      frame.lost = count == 2 ? Rejection::too_large : Rejection::parts;
      frame.header = std::move(was);
    } else {
      problem = "vigil-lost '" + shown(*lost) + "', expected dropped or rejected";
      return {};
    }
    return frame;
  }
  frame.parts.resize(count);
  if (topic != nullptr) frame.parts[0] = *topic;
  if (count > 1 && message.value) frame.parts[1] = std::move(*message.value);
  frame.header = peek_header(frame.parts);
  if (topic == nullptr) {
    frame.parts[0] = frame.header.stream + "/" + frame.header.model;
    frame.header.topic = frame.parts[0];
  }
  const std::string* const odd = header(message, "vigil-odd");
  frame.is_odd = odd != nullptr && *odd == "1";
  return frame;
}

FrameMessage frame_message(Frame&& frame, const StrandMark& mark) {
  FrameMessage message;
  message.key = frame.header.source.value_or("");
  message.headers.emplace_back("vigil-topic", frame.parts.empty() ? std::string() : std::move(frame.parts[0]));
  if (frame.parts.size() != 2) message.headers.emplace_back("vigil-parts", std::to_string(frame.parts.size()));
  put_mark(message.headers, mark);
  if (frame.is_odd) message.headers.emplace_back("vigil-odd", "1");
  message.value = frame.parts.size() > 1 ? std::move(frame.parts[1]) : std::string();
  return message;
}

FrameMessage lost_message(const FrameHeader& h, const StrandMark& mark, LostFrame why, std::size_t parts) {
  FrameMessage message;
  message.key = h.source.value_or("");
  message.headers.emplace_back("vigil-topic", h.topic);
  if (parts != 2) message.headers.emplace_back("vigil-parts", std::to_string(parts));
  put_mark(message.headers, mark);
  message.headers.emplace_back("vigil-lost", why == LostFrame::dropped ? "dropped" : "rejected");
  message.headers.emplace_back("vigil-header", lost_header_text(h));
  return message;
}

FrameMessage begin_message(const std::string& name, std::uint64_t session) {
  FrameMessage message;
  put_mark(message.headers, {name, session, 0, true});
  message.headers.emplace_back("vigil-begin", "1");
  return message;
}

std::size_t bytes_of(const FrameMessage& message) {
  std::size_t bytes = 512 + message.key.size() + (message.value ? message.value->size() : 0);
  for (const auto& [name, value] : message.headers) bytes += name.size() + value.size() + 32;
  return bytes;
}

}  // namespace vigil::ingest
