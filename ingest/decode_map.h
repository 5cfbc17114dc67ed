// One pass over the batch map: the structure of the whole body is checked, header keys are read, columns are located.
// Used by decode and peek_header; judges types, not values.
// Tests: tests/ingest/decode_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/event_batch.h"

namespace vigil::ingest {

// In the order publishers write them, which makes looking one up a single comparison.
enum class Key : std::uint8_t {
  v,
  source,
  seq,
  epoch,
  stream,
  selection,
  run,
  ls,
  orbits,
  n_bx,
  model,
  model_hash,
  context,
  n,
  orbit,
  bx,
  inputs,
  hw_outputs,
  hw_bits,
  count_
};
inline constexpr std::size_t kKeys = static_cast<std::size_t>(Key::count_);

std::string_view name_of(Key key);

// Texts of refusals are empty where nothing is refused.
struct BatchMap {
  Rejection structure =
      Rejection::none;  // not_msgpack, not_a_map or trailing_bytes: what follows is what came before it
  std::string structure_refusal;
  std::array<bool, kKeys> seen{};
  std::array<bool, kKeys> nil{};    // there, as nil: as if it were absent where it may be
  std::array<bool, kKeys> wrong{};  // of another type, or there twice
  std::string wrong_refusal;        // of the first that is wrong
  std::string limit_refusal;        // of the first text that is too long, or container that is nested too deep
  std::uint64_t v = 0;
  std::uint64_t seq = 0;
  std::uint64_t epoch = 0;
  std::uint64_t n_bx = 0;
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
  std::uint32_t n = 0;
  std::array<std::uint32_t, 2> orbits{};
  std::string_view source, stream, selection, model, model_hash;
  Context context;
  std::array<std::string_view, kKeys> columns;  // the bytes from each column's map on
  std::uint32_t unknown_keys = 0;               // of the batch map and of its context
  std::uint32_t odd_keys = 0;                   // those of them, in the batch map, that are no text
  std::uint32_t ignored_annotations = 0;        // of the context
  std::string_view unknown_key;                 // the first of the batch map that is a text

  bool has(Key key) const { return seen[static_cast<std::size_t>(key)]; }
  bool readable(Key key) const { return has(key) && !wrong[static_cast<std::size_t>(key)]; }
  bool is_nil(Key key) const { return nil[static_cast<std::size_t>(key)]; }
  std::string_view column(Key key) const { return columns[static_cast<std::size_t>(key)]; }
};

// Points into `body`. With `with_context` false the context is checked for structure only (and read as present).
BatchMap read_batch_map(std::string_view body, bool with_context);

}  // namespace vigil::ingest
