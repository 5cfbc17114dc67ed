// One decoded batch of events, as docs/wire_format.md defines it: a header and columns of words that point into the
// frame's bytes. Made by ingest, consumed by the pipeline. Holds no events of its own: the frame must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model.h"

namespace vigil {

// A column [rows, columns] of little-endian integers, row after row or one column after the other. Unsigned words of
// 8 bytes keep their bit pattern.
struct Column {
  const void* data = nullptr;  // null: the column is absent
  int word_bytes = 0;
  bool is_signed = true;
  std::size_t rows = 0;
  std::size_t columns = 0;
  bool by_columns = false;  // Fortran order

  bool present() const { return data != nullptr; }
  WordsView view() const {
    const auto size = static_cast<std::size_t>(word_bytes);
    if (by_columns) return {data, word_bytes, word_bytes, static_cast<std::ptrdiff_t>(size * rows)};
    return {data, word_bytes, static_cast<std::ptrdiff_t>(size * columns), word_bytes};
  }
  // Value with the column's own signedness (a u8 word above 2^63 wraps).
  std::int64_t at(std::size_t row, std::size_t column = 0) const {
    const std::int64_t v = view().at(row, column);
    return is_signed || word_bytes == 8 ? v : v & ((std::int64_t{1} << (8 * word_bytes)) - 1);
  }
};

// Words of one tensor of one stage of a chain of models. Today's batches have the stage "" with "inputs", "hw_outputs",
// "hw_bits".
struct WordBlock {
  std::string_view stage;
  std::string_view tensor;
  Column words;
};

// Conditions carried with a batch; an absent key is unchanged.
struct Context {
  std::optional<std::uint64_t> fill;
  std::optional<std::string> menu;
  std::optional<std::int64_t> prescale_column;
  std::optional<std::string> beam_mode;
  std::optional<double> pileup;
  std::optional<std::string> filling_scheme;
  std::optional<std::uint64_t> run_start_ns;  // UTC of orbit 0 of the run
  std::optional<std::string> origin;          // "simulation" where a generator made the data; cuts nothing
  bool operator==(const Context&) const = default;
};

struct EventBatch {
  std::string source;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::string stream;
  std::string selection = "zero_bias";
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
  std::uint32_t first_orbit = 0;
  std::uint32_t last_orbit = 0;
  std::uint64_t n_bx = 0;
  std::string model;
  std::optional<std::string> model_hash;
  Context context;
  std::uint32_t n = 0;
  std::uint32_t unknown_keys = 0;         // keys that were ignored
  std::uint32_t ignored_annotations = 0;  // annotations of the context without a usable value
  Column orbit;                           // u4 [n]
  Column bx;                              // u2 [n]
  std::vector<WordBlock> blocks;

  Column block(std::string_view tensor, std::string_view stage = {}) const {
    for (const WordBlock& b : blocks) {
      if (b.tensor == tensor && b.stage == stage) return b.words;
    }
    return {};
  }
  Column inputs() const { return block("inputs"); }
  Column hw_outputs() const { return block("hw_outputs"); }
  Column hw_bits() const { return block("hw_bits"); }
};

// Why a batch was rejected. One line a value in to_string; counted by value and source.
enum class Rejection : std::uint8_t {
  none,
  parts,           // not exactly two parts
  too_large,       // message above 64 MiB
  not_msgpack,     // the body is not one msgpack value, or ends early
  trailing_bytes,  // bytes after the map
  not_a_map,       // the body is not a map
  missing_key,     // a mandatory key is absent
  wrong_type,      // a known key of another type
  version,         // v other than 1
  topic,           // topic is not <stream>/<model> of its body
  unknown_model,   // no loaded model of that name
  lumisection,     // ls does not match both orbits
  orbits,          // orbits reversed, or an event outside them
  bunch_crossing,  // bx outside 1..3564
  column,          // a column's type string, shape, length or key is wrong
  word_range,      // a word outside its type
  limits,          // more than 2^22 events, 4096 input columns or 4 levels; more crossings than the orbits have
  selection,       // a second selection in one run
  sources,         // more than 4096 sources
  clock_jump,      // a jump of run, epoch, lumisection or sequence that the next batch did not confirm
  count_           // number of values
};
std::string_view to_string(Rejection cause);

}  // namespace vigil
