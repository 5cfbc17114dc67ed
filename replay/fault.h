// The faults a scenario injects, as data: what is changed, from which lumisection to which, and on which side.
// Read from a scenario file, applied by ScenarioSource, labelled by scenario_truth.h. Knows no event and no model
// package.
// Tests: tests/replay/scenario_fault_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model.h"

namespace vigil::replay {

enum class FaultType : std::uint8_t {
  scale_shift,       // inputs times a factor, rounded to the nearest word
  dead_column,       // an input is always 0
  hot_column,        // an input is stuck at a value (default: the highest word of its type)
  score_bit_flip,    // one bit of an output word is inverted
  wrong_weights,     // the hardware runs another model
  pt_truncated,      // low bits of the transverse momenta are zero
  phi_offset,        // azimuths are off by some codes (wrapping around the circle)
  bx_slip,           // the event of the neighbouring crossing is used
  rate_change,       // events at or above a seed's threshold are more frequent, the bulk keeps its shape
  lost_batches,      // batches are made, numbered, and never sent
  menu_change,       // another menu or prescale column
  luminosity_decay,  // luminosity falls faster
  count_             // number of values
};
std::string_view to_string(FaultType type);

// hardware: what the FPGA computes from is changed, the batch's inputs stay true (mismatch).
// both: the inputs that hardware and emulator see are changed (they agree; the distributions move).
enum class FaultSide : std::uint8_t { hardware, both };

// One fault; keys that its type does not have keep their defaults. docs/scenarios.md lists them.
struct Fault {
  FaultType type = FaultType::scale_shift;
  std::uint32_t from_ls = 1;  // first and last affected lumisection
  std::uint32_t to_ls = 0xffffffffu;
  FaultSide side = FaultSide::both;
  std::vector<std::string> columns;   // input names, `*` stands for any text
  double factor = 1;                  // scale_shift, rate_change
  double fraction = 1;                // of the events, or of the batches of lost_batches
  std::optional<std::int64_t> value;  // hot_column
  int bits = 2;                       // pt_truncated: low bits lost
  int codes = 1;                      // phi_offset
  std::string output;                 // score_bit_flip: output name; empty: the first seed's, else the last
  std::uint32_t word = 0;             // score_bit_flip
  int bit = 0;                        // score_bit_flip
  std::string model;                  // wrong_weights: package folder
  std::string seed;                   // rate_change: seed name; empty: the first
  std::string source;                 // lost_batches: source name; empty: all
  std::uint32_t every = 0;            // lost_batches: every n-th batch of a source (0: by fraction)
  std::string menu;                   // menu_change
  std::optional<std::int64_t> prescale_column;
  double lifetime_h = 10;  // luminosity_decay
  std::string where;       // file:line, for messages

  bool active(std::uint32_t ls) const { return ls >= from_ls && ls <= to_ls; }
  // Whether it changes words that a model computes from or puts out.
  bool changes_words() const { return type <= FaultType::bx_slip; }
};

// What a fault must lead to (docs/scenarios.md has the same table in words).
struct Expectation {
  std::string cause;                  // as in an action line; empty: no action
  std::vector<std::string> actions;   // kinds that must appear
  std::vector<std::string> monitors;  // of which at least one must turn bad; empty: none may
};
Expectation expectation_of(const Fault& fault, const ModelInfo& model);

// Indices of the inputs whose name matches one of the patterns, ascending. Throws Error at `where` when a pattern
// matches none.
std::vector<std::size_t> match_columns(const std::vector<std::string>& patterns, const ModelInfo& model,
                                       const std::string& where);

}  // namespace vigil::replay
