// The steps a planned network consists of, as data, and the kernels that execute them for one instruction set.
// Made by the planner, run in order by FastNetwork. A step reads and writes slabs: rows of 64 lanes, one an element.
// Tests: tests/fpga_model/kernels_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "fpga_model/simd/cast_plan.h"
#include "fpga_model/simd/lanes.h"
#include "fpga_model/simd_target.h"

namespace vigil::fpga_model {

// Where a slab of a block is: row r at data + r * row_bytes. That is 64 lanes a row, but for inputs that elementwise
// steps read where the caller has them (never written, not aligned).
struct SlabMemory {
  std::byte* data = nullptr;
  std::size_t row_bytes = 0;
};
using Slabs = const SlabMemory*;

class Step {
 public:
  virtual ~Step() = default;
  // Computes all 64 lanes; what is beyond `rows` may be anything a word can be. False: an input no hardware could
  // receive.
  [[nodiscard]] virtual bool run(Slabs slabs, std::size_t rows) const = 0;
};

struct Operands {  // rows of one slab, one an element of the result
  std::size_t slab = 0;
  Lane lane = Lane::i32;
  std::vector<std::uint32_t> rows;
};

enum class MapKind : std::uint8_t {
  copy,     // a
  clip,     // min(max(a, low), high)
  floor,    // max(a, low)
  offset,   // a + shift[i]
  affine,   // a * scale[i] + shift[i]
  shift,    // a >> counts[i], or << -counts[i]
  sum,      // (a << left) + (b << right)
  minus,    // (a << left) - (b << right)
  product,  // a * b
  maximum,  // max(a << left, b << right)
  minimum,
};

// One operation on every row and the cast of its result.
struct MapStage {
  MapKind kind = MapKind::copy;
  Operands b;
  std::int64_t low = 0, high = 0;          // clip
  int a_left = 0, b_left = 0;              // sum, minus, maximum, minimum
  std::vector<std::int64_t> scale, shift;  // affine; `scale` holds the counts of shift
  CastPlan cast;
  std::vector<Limit> limits;  // of each row: the cast's, or none where its words never leave the type
};

// out row i = what the stages make of row i of a, computed in `lane`.
struct MapStep {
  Lane lane = Lane::i32;
  Operands a;
  std::vector<MapStage> stages;
  std::size_t out = 0;
  Lane out_lane = Lane::i32;
  std::vector<std::uint32_t> out_rows;
};

enum class LinearKind : std::uint8_t {
  dot8,      // 32-bit sums of products of 8-bit words, four at a time
  dot16,     // 32-bit sums of products of 16-bit words, two at a time
  split16,   // dot16 with w, and the 16-bit form with `rest` in runs of `run` terms, whose 16-bit sums are added
  low16,     // 16-bit products and sums modulo 2^16
  high16,    // floor(x*w / 2^16), sums modulo 2^16
  round16,   // floor((x*w + 2^14) / 2^15), sums modulo 2^16
  lane,      // products rounded by `term`, sums, in `lane`
  sequence,  // term by term: acc = limit(acc + cast(x*w))
};

// A few more products of a 16-bit form: out row += factor * x row.
struct Correction {
  std::uint32_t column;
  std::uint32_t x;  // position in the terms
  std::int64_t factor;
};

// For every position p and column c: out row p * columns + c = bias[c] + sum over i of term(x row rows[p][i], w[i][c]).
struct LinearStep {
  LinearKind kind = LinearKind::lane;
  Lane lane = Lane::i32;  // of the sums
  std::size_t x = 0;
  Lane x_lane = Lane::i16;
  std::size_t n = 0;
  std::size_t columns = 0;
  std::vector<std::uint32_t> rows;  // [positions, n]
  struct Weights {                  // one set, or one a position
    std::vector<std::int64_t> w;    // [n, columns]
    std::vector<std::int64_t> bias;
    std::vector<Correction> corrections;  // by column
    std::vector<std::int64_t> rest;       // split16: [n, columns]
  };
  std::vector<Weights> weights;
  bool x_is_signed = true;  // dot8: else 0..255
  std::size_t run = 0;      // split16: terms a 16-bit sum holds
  bool rounds = false;      // split16: round16 instead of high16
  CastPlan term;            // lane: rounding of a product; sequence: its whole cast
  CastPlan step;            // sequence: limit after every addition
  std::size_t scratch = 0;  // dot8, dot16, split16: a slab for packed terms and sums, scratch_rows() rows of i32
  std::size_t out = 0;      // kSpareRows more rows than positions * columns, of `lane`

  static constexpr std::size_t kSpareRows = 8;
  bool packs() const { return kind == LinearKind::dot8 || kind == LinearKind::dot16 || kind == LinearKind::split16; }
  std::size_t packed_terms() const { return kind == LinearKind::dot8 ? (n + 3) / 4 : packs() ? (n + 1) / 2 : n; }
  std::size_t scratch_rows() const {
    return packed_terms() + (kind == LinearKind::split16 ? (columns + kSpareRows) / 2 + 1 : 0);
  }
  std::size_t positions() const { return n == 0 ? 0 : rows.size() / n; }
};

// The kernels of one instruction set.
struct Kernels {
  std::unique_ptr<const Step> (*map)(MapStep);
  std::unique_ptr<const Step> (*linear)(LinearStep);
  // Whether all words of `rows` rows of 64 lanes, `row_bytes` apart, lie in lowest..highest.
  bool (*inside)(const std::byte* words, std::size_t row_bytes, std::size_t rows, Lane lane, std::int64_t lowest,
                 std::int64_t highest);
};
// Of `target`; null where this build has none.
const Kernels* kernels_of(SimdTarget target);

}  // namespace vigil::fpga_model
