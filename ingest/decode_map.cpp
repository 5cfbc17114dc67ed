#include "ingest/decode_map.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "core/shown.h"
#include "core/utf8.h"
#include "ingest/decode.h"
#include "ingest/msgpack_cursor.h"
#include "ingest/refusal_text.h"

namespace vigil::ingest {
namespace {

using Kind = MsgpackToken::Kind;

constexpr std::array<std::string_view, kKeys> kNames = {
    "v",     "source",     "seq",     "epoch", "stream", "selection", "run",    "ls",         "orbits", "n_bx",
    "model", "model_hash", "context", "n",     "orbit",  "bx",        "inputs", "hw_outputs", "hw_bits"};

template <class T>
bool read_natural(const MsgpackToken& token, T& value) {
  if (token.kind != Kind::integer || token.natural > std::numeric_limits<T>::max()) return false;
  value = static_cast<T>(token.natural);
  return true;
}

bool read_integer(const MsgpackToken& token, std::int64_t& value) {
  if (token.kind == Kind::negative) {
    value = token.whole;
    return true;
  }
  if (token.kind != Kind::integer || token.natural > std::numeric_limits<std::int64_t>::max()) return false;
  value = static_cast<std::int64_t>(token.natural);
  return true;
}

bool read_real(const MsgpackToken& token, double& value) {
  switch (token.kind) {
    case Kind::integer:
      value = static_cast<double>(token.natural);
      return true;
    case Kind::negative:
      value = static_cast<double>(token.whole);
      return true;
    case Kind::real:
      value = token.number;
      return true;
    default:
      return false;
  }
}

constexpr double kLargestPileup = 1000;

// What may be left out, and hence be nil. Columns may be where there are no events, which decode knows.
constexpr bool may_be_nil(Key key) {
  switch (key) {
    case Key::selection:
    case Key::model_hash:
    case Key::context:
    case Key::orbit:
    case Key::bx:
    case Key::inputs:
    case Key::hw_outputs:
    case Key::hw_bits:
      return true;
    default:
      return false;
  }
}

const char* expected_of(Key key, const MsgpackToken& found) {
  switch (key) {
    case Key::v:
    case Key::seq:
    case Key::epoch:
    case Key::n_bx:
      return "an unsigned integer";
    case Key::run:
    case Key::ls:
    case Key::n:
      return "an unsigned integer of 32 bits";
    case Key::source:
    case Key::stream:
    case Key::selection:
    case Key::model:
    case Key::model_hash:
      return found.kind == Kind::text ? "UTF-8" : "a string";
    case Key::orbits:
      return "an array of two unsigned integers of 32 bits";
    case Key::context:
      return "a map";
    case Key::orbit:
    case Key::bx:
    case Key::inputs:
    case Key::hw_outputs:
    case Key::hw_bits:
      return "a column: a map of t, s and d";
    case Key::count_:
      break;
  }
  return "";
}

class Walk {
 public:
  Walk(std::string_view body, bool with_context)
      : cursor_(body), body_(body), end_(body.data() + body.size()), with_context_(with_context) {}

  BatchMap run() {
    map_.structure = walk();
    if (map_.structure == Rejection::not_msgpack) map_.structure_refusal = broken();
    if (map_.structure == Rejection::none && !cursor_.at_end()) {
      map_.structure = Rejection::trailing_bytes;
      map_.structure_refusal =
          refusal("body", std::to_string(end_ - cursor_.position()) + " bytes after its map", "none");
    }
    return std::move(map_);
  }

 private:
  Rejection walk() {
    MsgpackToken head;
    if (!cursor_.read(head)) return Rejection::not_msgpack;
    if (head.kind != Kind::map) {
      map_.structure_refusal = refusal("body", described(head), "a map");
      return Rejection::not_a_map;
    }
    for (std::uint32_t i = 0; i < head.count; ++i) {
      if (!pair()) return Rejection::not_msgpack;
    }
    return Rejection::none;
  }

  // Where the bytes end early, or promise more than there is, or are none of msgpack's.
  std::string broken() const {
    std::string found =
        "broken at byte " + std::to_string(cursor_.position() - body_.data()) + " of " + std::to_string(body_.size());
    if (!name_.empty()) found += ", in or behind " + in_quotes(name_);
    return refusal("body", found, "one whole msgpack map");
  }

  // The place is the key read last, and of its members `member`.
  std::string place(std::string_view member = {}) const {
    return member.empty() ? shown(name_) : shown(name_) + "." + std::string(member);
  }
  void refuse(const MsgpackToken& found, const char* expected, std::string_view member = {}) {
    if (map_.wrong_refusal.empty()) map_.wrong_refusal = refusal(place(member), described(found), expected);
  }
  void refuse_second(std::string_view member = {}) {
    if (map_.wrong_refusal.empty()) map_.wrong_refusal = refusal(place(member), "there twice", "once");
  }

  bool skip(const MsgpackToken& head, int level) {
    if (!head.is_container()) return true;
    const bool sound = cursor_.skip_members(head, level);
    if (cursor_.take_too_deep() && map_.limit_refusal.empty()) {
      map_.limit_refusal =
          refusal(place(), "nested deeper", std::to_string(kDeepestLevel) + " levels at most, the batch map included");
    }
    return sound;
  }

  // False: the structure is broken, in this and the following.
  bool pair() {
    MsgpackToken name;
    if (!cursor_.read(name)) return false;
    name_ = name.kind == Kind::text ? name.bytes : "a key that is no string";
    if (!skip(name, 2)) return false;
    const Key key = name.kind == Kind::text ? find(name.bytes) : Key::count_;
    const char* const begin = cursor_.position();
    MsgpackToken value;
    if (!cursor_.read(value)) return false;
    if (key == Key::count_) {
      ++map_.unknown_keys;
      if (name.kind != Kind::text) {
        ++map_.odd_keys;
      } else if (map_.unknown_key.empty()) {
        map_.unknown_key = name.bytes;
      }
      return skip(value, 2);
    }
    const auto index = static_cast<std::size_t>(key);
    if (map_.seen[index] || map_.nil[index]) {
      map_.wrong[index] = true;
      refuse_second();
      return skip(value, 2);
    }
    if (value.kind == Kind::nil && may_be_nil(key)) {
      map_.nil[index] = true;
      return true;
    }
    bool fits = false;
    if (!read_value(key, value, begin, fits)) return false;
    map_.seen[index] = true;  // only now: damaged values are not readable
    map_.wrong[index] = !fits;
    if (!fits) refuse(value, expected_of(key, value));
    return true;
  }

  Key find(std::string_view name) {
    for (std::size_t tried = 0; tried < kKeys; ++tried) {
      const std::size_t index = next_key_;
      next_key_ = next_key_ + 1 == kKeys ? 0 : next_key_ + 1;
      if (kNames[index] == name) return static_cast<Key>(index);
    }
    return Key::count_;
  }

  bool read_value(Key key, const MsgpackToken& value, const char* begin, bool& fits) {
    switch (key) {
      case Key::v:
        fits = read_natural(value, map_.v);
        break;
      case Key::source:
        fits = read_text(value, map_.source);
        break;
      case Key::seq:
        fits = read_natural(value, map_.seq);
        break;
      case Key::epoch:
        fits = read_natural(value, map_.epoch);
        break;
      case Key::stream:
        fits = read_text(value, map_.stream);
        break;
      case Key::selection:
        fits = read_text(value, map_.selection);
        break;
      case Key::run:
        fits = read_natural(value, map_.run);
        break;
      case Key::ls:
        fits = read_natural(value, map_.ls);
        break;
      case Key::orbits:
        return read_orbits(value, fits);
      case Key::n_bx:
        fits = read_natural(value, map_.n_bx);
        break;
      case Key::model:
        fits = read_text(value, map_.model);
        break;
      case Key::model_hash:
        fits = read_text(value, map_.model_hash);
        break;
      case Key::context:
        if (with_context_ && value.kind == Kind::map) return read_context(value, fits);
        fits = value.kind == Kind::map;
        break;
      case Key::n:
        fits = read_natural(value, map_.n);
        break;
      case Key::orbit:
      case Key::bx:
      case Key::inputs:
      case Key::hw_outputs:
      case Key::hw_bits:
        fits = value.kind == Kind::map;
        map_.columns[static_cast<std::size_t>(key)] = {begin, static_cast<std::size_t>(end_ - begin)};
        break;
      case Key::count_:
        break;
    }
    return skip(value, 2);
  }

  bool read_text(const MsgpackToken& value, std::string_view& text, std::string_view member = {}) {
    if (value.kind != Kind::text) return false;
    if (value.bytes.size() > kLongestText) {
      if (map_.limit_refusal.empty()) {
        map_.limit_refusal = refusal(place(member), "string of " + std::to_string(value.bytes.size()) + " bytes",
                                     std::to_string(kLongestText) + " at most");
      }
      return true;
    }
    if (!is_utf8(value.bytes)) return false;
    text = value.bytes;
    return true;
  }

  bool read_orbits(const MsgpackToken& value, bool& fits) {
    if (value.kind != Kind::array || value.count != 2) return skip(value, 2);
    fits = true;
    for (std::uint32_t& orbit : map_.orbits) {
      MsgpackToken member;
      if (!cursor_.read(member)) return false;
      if (!read_natural(member, orbit)) {
        fits = false;
        refuse(member, "an unsigned integer of 32 bits");
      }
      if (!skip(member, 3)) return false;
    }
    return true;
  }

  bool read_context(const MsgpackToken& value, bool& fits) {
    fits = true;
    std::array<bool, kMembers.size()> seen{};
    for (std::uint32_t i = 0; i < value.count; ++i) {
      MsgpackToken name, member;
      if (!cursor_.read(name) || !skip(name, 3) || !cursor_.read(member)) return false;
      const auto known =
          name.kind == Kind::text ? std::find(kMembers.begin(), kMembers.end(), name.bytes) : kMembers.end();
      if (known == kMembers.end()) {
        ++map_.unknown_keys;
      } else if (std::exchange(seen[static_cast<std::size_t>(known - kMembers.begin())], true)) {
        fits = false;
        refuse_second(*known);
      } else if (member.kind != Kind::nil && !read_member(*known, member)) {
        fits = false;
      }
      if (!skip(member, 3)) return false;
    }
    return true;
  }

  bool read_member(std::string_view name, const MsgpackToken& value) {
    Context& c = map_.context;
    if (name == "fill" || name == "run_start_ns") {
      std::uint64_t number = 0;
      if (!read_natural(value, number)) return refuse(value, "an unsigned integer", name), false;
      (name == "fill" ? c.fill : c.run_start_ns) = number;
    } else if (name == "prescale_column") {
      std::int64_t number = 0;
      if (!read_integer(value, number)) return refuse(value, "an integer of 64 bits", name), false;
      c.prescale_column = number;
    } else if (name == "pileup") {
      double number = 0;
      if (!read_real(value, number)) return refuse(value, "a number", name), false;
      if (number >= 0 && number <= kLargestPileup) {
        c.pileup = number;
      } else {  // NaN too: an annotation never decides over the data
        ++map_.ignored_annotations;
      }
    } else {
      std::string_view text;
      if (!read_text(value, text, name)) return refuse(value, expected_of(Key::source, value), name), false;
      (name == "menu"        ? c.menu
       : name == "beam_mode" ? c.beam_mode
       : name == "origin"    ? c.origin
                             : c.filling_scheme)
          .emplace(text);
    }
    return true;
  }

  static constexpr std::array<std::string_view, 8> kMembers = {
      "fill", "menu", "prescale_column", "beam_mode", "pileup", "filling_scheme", "run_start_ns", "origin"};

  MsgpackCursor cursor_;
  std::string_view body_;
  const char* end_;
  bool with_context_;
  std::string_view name_;  // of the pair that is being read
  std::size_t next_key_ = 0;
  BatchMap map_;
};

}  // namespace

std::string_view name_of(Key key) { return kNames[static_cast<std::size_t>(key)]; }

BatchMap read_batch_map(std::string_view body, bool with_context) { return Walk(body, with_context).run(); }

}  // namespace vigil::ingest
