#include "ingest/relabel.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "ingest/msgpack_cursor.h"

namespace vigil::ingest {
namespace {

using Kind = MsgpackToken::Kind;

// A value of the batch map: its bytes in the body.
struct Place {
  std::size_t at = 0, size = 0;
  std::uint64_t value = 0;
};

// Where `run` and `epoch` stand; nullopt where one of them is no unsigned integer, or the body no map.
std::optional<std::array<Place, 2>> places_of(std::string_view body) {
  MsgpackCursor cursor(body);
  MsgpackToken head, name, value;
  if (!cursor.read(head) || head.kind != Kind::map) return std::nullopt;
  std::array<Place, 2> places;
  for (std::uint32_t i = 0; i < head.count; ++i) {
    if (!cursor.read(name) || !cursor.skip_members(name, 2)) return std::nullopt;
    const char* const begin = cursor.position();
    if (!cursor.read(value)) return std::nullopt;
    const bool is_run = name.kind == Kind::text && name.bytes == "run";
    if (is_run || (name.kind == Kind::text && name.bytes == "epoch")) {
      Place& place = places[is_run ? 0 : 1];
      if (value.kind != Kind::integer || place.size > 0) return std::nullopt;
      place = {static_cast<std::size_t>(begin - body.data()), static_cast<std::size_t>(cursor.position() - begin),
               value.natural};
    }
    if (!cursor.skip_members(value, 2)) return std::nullopt;
  }
  if (places[0].size == 0 || places[1].size == 0) return std::nullopt;
  return places;
}

std::string packed(std::uint64_t value) {
  std::string bytes(1, '\xcf');  // uint 64
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

}  // namespace

void RelabelledTurns::Spread::see(std::uint64_t value) {
  least = std::min(least, value);
  most = std::max(most, value);
}

std::optional<std::uint64_t> RelabelledTurns::Spread::moved(std::uint64_t value, std::uint64_t turn,
                                                            std::uint64_t largest) const {
  const auto sum = static_cast<unsigned __int128>(most - least + 1) * turn + value;
  if (sum > largest) return std::nullopt;
  return static_cast<std::uint64_t>(sum);
}

void RelabelledTurns::see(const FrameHeader& header) {
  if (header.run) run_.see(*header.run);
  if (header.epoch) epoch_.see(*header.epoch);
}

bool RelabelledTurns::relabel(std::vector<std::string>& parts, std::uint64_t turn) const {
  if (turn == 0 || parts.size() != 2) return true;
  std::string& body = parts[1];
  const auto places = places_of(body);
  if (!places) return true;
  const auto run = run_.moved((*places)[0].value, turn, std::numeric_limits<std::uint32_t>::max());
  const auto epoch = epoch_.moved((*places)[1].value, turn, std::numeric_limits<std::uint64_t>::max());
  if (!run || !epoch) return false;
  std::array<std::pair<Place, std::uint64_t>, 2> changes = {std::pair{(*places)[0], *run},
                                                            std::pair{(*places)[1], *epoch}};
  // The one behind first: places before it stay where they are.
  if (changes[0].first.at < changes[1].first.at) std::swap(changes[0], changes[1]);
  for (const auto& [place, value] : changes) body.replace(place.at, place.size, packed(value));
  return true;
}

}  // namespace vigil::ingest
