#include "ingest/decode_map.h"

#include <cmath>
#include <limits>
#include <string>

#include "ingest/decode.h"
#include "ingest/msgpack_cursor.h"

namespace vigil::ingest {
namespace {

using Kind = MsgpackToken::Kind;

constexpr std::array<std::string_view, kKeys> kNames = {
    "v",     "source",     "seq",     "epoch", "stream", "selection", "run",    "ls",         "orbits", "n_bx",
    "model", "model_hash", "context", "n",     "orbit",  "bx",        "inputs", "hw_outputs", "hw_bits"};

// A str is UTF-8. Overlong forms, surrogates and values above 10FFFF are not.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i <= more) return false;
    const unsigned second = byte(i + 1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f)) {
      return false;
    }
    for (std::size_t k = 1; k <= more; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

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
      return std::isfinite(value);
    default:
      return false;
  }
}

class Walk {
 public:
  Walk(std::string_view body, bool with_context)
      : cursor_(body), end_(body.data() + body.size()), with_context_(with_context) {}

  BatchMap run() {
    map_.structure = walk();
    if (map_.structure == Rejection::none && !cursor_.at_end()) map_.structure = Rejection::trailing_bytes;
    return std::move(map_);
  }

 private:
  Rejection walk() {
    MsgpackToken head;
    if (!cursor_.read(head)) return Rejection::not_msgpack;
    if (head.kind != Kind::map) return Rejection::not_a_map;
    for (std::uint32_t i = 0; i < head.count; ++i) {
      if (!pair()) return Rejection::not_msgpack;
    }
    return Rejection::none;
  }

  // False: the structure is broken, in this and the following.
  bool pair() {
    MsgpackToken name;
    if (!cursor_.read(name) || !cursor_.skip_members(name, 2)) return false;
    const Key key = name.kind == Kind::text ? find(name.bytes) : Key::count_;
    const char* const begin = cursor_.position();
    MsgpackToken value;
    if (!cursor_.read(value)) return false;
    if (key == Key::count_) {
      ++map_.unknown_keys;
      return cursor_.skip_members(value, 2);
    }
    const auto index = static_cast<std::size_t>(key);
    if (map_.seen[index]) {
      map_.wrong[index] = true;
      return cursor_.skip_members(value, 2);
    }
    bool fits = false;
    if (!read_value(key, value, begin, fits)) return false;
    map_.seen[index] = true;  // only now: damaged values are not readable
    map_.wrong[index] = !fits;
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
    return cursor_.skip_members(value, 2);
  }

  bool read_text(const MsgpackToken& value, std::string_view& text) {
    if (value.kind != Kind::text) return false;
    if (value.bytes.size() > kLongestText) {
      map_.has_long_text = true;
      return true;
    }
    if (!is_utf8(value.bytes)) return false;
    text = value.bytes;
    return true;
  }

  bool read_text(const MsgpackToken& value, std::optional<std::string>& text) {
    std::string_view view;
    if (!read_text(value, view)) return false;
    text.emplace(view);
    return true;
  }

  bool read_orbits(const MsgpackToken& value, bool& fits) {
    if (value.kind != Kind::array || value.count != 2) return cursor_.skip_members(value, 2);
    fits = true;
    for (std::uint32_t& orbit : map_.orbits) {
      MsgpackToken member;
      if (!cursor_.read(member)) return false;
      fits = read_natural(member, orbit) && fits;
      if (!cursor_.skip_members(member, 3)) return false;
    }
    return true;
  }

  bool read_context(const MsgpackToken& value, bool& fits) {
    fits = true;
    Context& c = map_.context;
    const auto natural = [](const MsgpackToken& t, std::optional<std::uint64_t>& to) {
      return read_natural(t, to.emplace());
    };
    for (std::uint32_t i = 0; i < value.count; ++i) {
      MsgpackToken name, member;
      if (!cursor_.read(name) || !cursor_.skip_members(name, 3) || !cursor_.read(member)) return false;
      const std::string_view key = name.kind == Kind::text ? name.bytes : std::string_view();
      bool good = true;
      if (key == "fill") {
        good = !c.fill && natural(member, c.fill);
      } else if (key == "menu") {
        good = !c.menu && read_text(member, c.menu);
      } else if (key == "prescale_column") {
        good = !c.prescale_column && read_integer(member, c.prescale_column.emplace());
      } else if (key == "beam_mode") {
        good = !c.beam_mode && read_text(member, c.beam_mode);
      } else if (key == "pileup") {
        good = !c.pileup && read_real(member, c.pileup.emplace());
      } else if (key == "filling_scheme") {
        good = !c.filling_scheme && read_text(member, c.filling_scheme);
      } else if (key == "run_start_ns") {
        good = !c.run_start_ns && natural(member, c.run_start_ns);
      } else {
        ++map_.unknown_keys;
      }
      fits = fits && good;
      if (!cursor_.skip_members(member, 3)) return false;
    }
    return true;
  }

  MsgpackCursor cursor_;
  const char* end_;
  bool with_context_;
  std::size_t next_key_ = 0;
  BatchMap map_;
};

}  // namespace

BatchMap read_batch_map(std::string_view body, bool with_context) { return Walk(body, with_context).run(); }

}  // namespace vigil::ingest
