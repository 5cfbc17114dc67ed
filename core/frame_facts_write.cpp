// The lines of partials as text; core/frame_facts.cpp reads them.
#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "core/frame_facts.h"
#include "core/json_text.h"
#include "core/utf8.h"

namespace vigil {
namespace {

// The text of an object, key after key: a worker writes a line a frame, and the library's values cost more than all
// else that is done with a small one.
class ObjectText {
 public:
  explicit ObjectText(std::string& text) : text_(text) { text_ += '{'; }
  void end() { text_ += '}'; }

  std::string& key(std::string_view name) {
    if (!is_first_) text_ += ',';
    is_first_ = false;
    ((text_ += '"') += name) += "\":";
    return text_;
  }
  // Bytes as they are: topics and names of rejected frames may be no UTF-8.
  void bytes(std::string_view name, const std::string& bytes) { append(key(name), bytes); }
  template <class Integer>
  void number(std::string_view name, Integer value) {
    append_number(key(name), value);
  }
  template <class T>
  void number(std::string_view name, const std::optional<T>& value) {
    if (value) append_number(key(name), *value);
  }
  void bytes(std::string_view name, const std::optional<std::string>& value) {
    if (value) bytes(name, *value);
  }
  void yes(std::string_view name) { key(name) += "true"; }

  template <class Number>
  static void append_number(std::string& text, Number value) {
    std::array<char, 32> digits{};
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  }
  static void append(std::string& text, const std::string& bytes) {
    const bool is_plain =
        std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\'; });
    if (is_plain) {
      ((text += '"') += bytes) += '"';
      return;
    }
    if (is_utf8(bytes)) {
      text += json_text(bytes);
      return;
    }
    static constexpr char kDigits[] = "0123456789abcdef";
    text += "{\"hex\":\"";
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
    text += "\"}";
  }

 private:
  std::string& text_;
  bool is_first_ = true;
};

void append_header(std::string& text, const FrameHeader& h) {
  ObjectText out(text);
  const auto filled = [&](const char* key, const std::string& value) {
    if (!value.empty()) out.bytes(key, value);
  };
  filled("topic", h.topic);
  filled("stream", h.stream);
  filled("model", h.model);
  out.bytes("source", h.source);
  out.number("epoch", h.epoch);
  out.number("seq", h.seq);
  out.number("run", h.run);
  out.number("ls", h.ls);
  out.number("first_orbit", h.first_orbit);
  out.number("last_orbit", h.last_orbit);
  if (h.n > 0) out.number("n", h.n);
  out.end();
}

void append_strand(std::string& text, const StrandMark& mark) {
  ObjectText out(text);
  out.bytes("name", mark.name);
  out.number("session", mark.session);
  if (mark.begins) {
    out.yes("begins");
  } else {
    out.number("n", mark.n);
  }
  out.end();
}

void append_context(std::string& text, const Context& c) {
  ObjectText out(text);
  out.number("fill", c.fill);
  out.number("prescale_column", c.prescale_column);
  out.number("pileup", c.pileup);
  out.number("run_start_ns", c.run_start_ns);
  out.bytes("menu", c.menu);
  out.bytes("beam_mode", c.beam_mode);
  out.bytes("filling_scheme", c.filling_scheme);
  out.bytes("origin", c.origin);
  out.end();
}

bool is_empty(const Context& c) {
  return !c.fill && !c.prescale_column && !c.pileup && !c.run_start_ns && !c.menu && !c.beam_mode &&
         !c.filling_scheme && !c.origin;
}

void append_batch(std::string& text, const EventBatch& b) {
  ObjectText out(text);
  out.bytes("source", b.source);
  out.number("epoch", b.epoch);
  out.number("seq", b.seq);
  out.bytes("stream", b.stream);
  out.bytes("selection", b.selection);
  out.number("run", b.run);
  out.number("ls", b.ls);
  std::string& orbits = out.key("orbits");
  orbits += '[';
  ObjectText::append_number(orbits, b.first_orbit);
  orbits += ',';
  ObjectText::append_number(orbits, b.last_orbit);
  orbits += ']';
  out.number("n_bx", b.n_bx);
  out.bytes("model", b.model);
  out.number("n", b.n);
  out.bytes("model_hash", b.model_hash);
  if (!is_empty(b.context)) append_context(out.key("context"), b.context);
  if (b.unknown_keys > 0) out.number("unknown_keys", b.unknown_keys);
  if (b.ignored_annotations > 0) out.number("ignored_annotations", b.ignored_annotations);
  out.end();
}

}  // namespace

std::string frame_line(const FrameFacts& f) {
  std::string text;
  text.reserve(512);
  ObjectText out(text);
  out.key("type") += "\"frame\"";
  out.bytes("position", f.position);
  if (f.strand) append_strand(out.key("strand"), *f.strand);
  if (!f.dropped_before.empty()) {
    out.key("dropped") += '[';
    for (std::size_t i = 0; i < f.dropped_before.size(); ++i) {
      if (i > 0) text += ',';
      append_header(text, f.dropped_before[i]);
    }
    text += ']';
  }
  if (f.carries_drops_only) {
    out.end();
    return text;
  }
  if (f.rejection != Rejection::none) {
    out.bytes("rejected", std::string(to_string(f.rejection)));
    out.bytes("detail", f.detail);
    append_header(out.key("header"), f.header);
    out.end();
    return text;
  }
  append_batch(out.key("batch"), f.batch);
  if (f.is_foreign) out.yes("foreign");
  if (!f.failure.empty()) out.bytes("failure", f.failure);
  out.number("summary", f.summary);
  out.end();
  return text;
}

std::string summary_line(const PartialSummary& s) {
  std::string text;
  ObjectText out(text);
  out.key("type") += "\"summary\"";
  out.number("number", s.number);
  out.bytes("model", s.model);
  out.bytes("stream", s.stream);
  out.number("run", s.run);
  out.number("ls", s.ls);
  out.number("frames", s.frames);
  return text + ",\"summary\":" + s.text + "}";
}

}  // namespace vigil
