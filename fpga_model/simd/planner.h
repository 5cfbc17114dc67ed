// Turns the layers of a network into steps: proves bounds of every word from the types of the inputs and the real
// weights, and picks for each layer the cheapest kernel the bounds prove exact. Driven by the operations (their `plan`)
// and FastNetwork. Runs nothing.
// Tests: tests/fpga_model/kernels_test.cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fpga_model/simd/steps.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model {

class RowOperation;
struct SumRules;

// A tensor as the steps see it: element i is row rows[i] of a slab and stays within range[i].
struct Value {
  std::size_t slab = 0;
  Lane lane = Lane::i16;
  std::vector<std::uint32_t> rows;
  std::vector<Interval> range;

  std::size_t size() const { return rows.size(); }
  Interval bounds() const;
  Value elements(std::span<const std::size_t> indices) const;
  Value slice(std::size_t first, std::size_t count) const;
};

// A type that changes no word: for steps that only choose or align.
inline FixedPoint any_word(int fraction) { return {64, 64 - fraction, true}; }

// What a layer reads: a tensor, or a constant.
struct PlanArgument {
  const Value* value = nullptr;
  const Constant* constant = nullptr;
  TensorInfo info;
};

// Products and sums of a layer: for position p, column c: sum over i of x[terms[p][i]] * w[i][c].
struct LinearTerms {
  static constexpr std::size_t kOutside = ~std::size_t{0};  // a zero, where a window leaves the image
  std::size_t n = 0;
  std::size_t columns = 0;
  std::vector<std::size_t> elements;  // [positions, n] elements of x, or kOutside
  struct Set {
    std::vector<std::int64_t> w;     // [n, columns]
    std::vector<std::int64_t> bias;  // prepared
  };
  std::vector<Set> sets;  // one, or one a position
};

class Planner {
 public:
  struct Slab {
    Lane lane = Lane::i16;
    std::size_t rows = 0;
    std::size_t bytes() const { return rows * kLanes * bytes_of(lane); }
  };
  struct PlannedStep {
    std::unique_ptr<const Step> step;
    std::vector<std::size_t> slabs;  // read or written
    // The result may lie where this slab was, if nothing reads that later: row i is read before row i is written.
    std::optional<std::size_t> replaces = {};
    bool is_map = false;
    std::optional<MapStep> map = {};  // instead of `step`, until take_steps
  };

  explicit Planner(SimdTarget target);

  Value input(const FixedPoint& type, std::size_t words);

  // The functions below add steps and return their result, or nothing where no lane of 64 bits holds every
  // intermediate (then steps may have been added: see rewind).
  using Planned = std::optional<Value>;
  Planned cast(const Value& x, int fraction, const FixedPoint& to);
  Planned clip(const Value& x, Wide low, Wide high, int fraction, const FixedPoint& to);
  // x * scale[i] + shift[i], with `fraction` fractional bits.
  Planned affine(const Value& x, const std::vector<Wide>& scale, const std::vector<Wide>& shift, int fraction,
                 const FixedPoint& to);
  Planned shift(const Value& x, const std::vector<std::int64_t>& counts, const FixedPoint& to);
  // sum, minus, maximum, minimum: of a << a_left and b << b_left. product: of a and b.
  Planned pair(MapKind kind, const Value& a, int a_left, const Value& b, int b_left, int fraction,
               const FixedPoint& to);
  Planned linear(const Value& x, LinearTerms terms, const SumRules& rules);
  // Element i becomes table[i][word - low of its range]; one table where all are equal. Tables hold words of `to`.
  Planned lookup(const Value& x, const std::function<std::int64_t(std::size_t element, std::int64_t word)>& f);
  Value concatenate(const std::vector<Value>& parts);                      // copies, in order
  Value with_zeros(const Value& x, std::span<const std::size_t> indices);  // kOutside: a zero row

  // Any operation by its reference path: copies to rows of 64-bit words and back.
  Value reference(std::shared_ptr<const RowOperation> operation, std::span<const PlanArgument> arguments,
                  const TensorInfo& output);
  // An operation that computes each element from the same element of its one input: a table of all its words, made by
  // its reference path.
  Planned tabulated(const RowOperation& operation, const PlanArgument& argument);

  // Forgets what was planned since `mark`.
  struct Mark {
    std::size_t steps = 0, slabs = 0;
  };
  Mark mark() const { return {steps_.size(), slabs_.size()}; }
  void rewind(const Mark& mark);

  // How the last layer is computed, for people; empties it.
  std::string take_note() { return std::exchange(note_, {}); }
  void set_note(std::string note) { note_ = std::move(note); }

  SimdTarget target() const { return target_; }
  const std::vector<Slab>& slabs() const { return slabs_; }
  // Joins elementwise steps that follow each other on the same words. `kept`: slabs that are read at the end.
  std::vector<PlannedStep> take_steps(std::span<const std::size_t> kept);

 private:
  struct LinearChoice;

  Value new_value(Lane lane, std::vector<Interval> range, std::size_t spare_rows = 0);
  Planned emit(const Value& a, MapStage stage, const std::vector<Interval>& range, int bits, int fraction,
               const FixedPoint& to);
  void add(MapStep step);
  void copy(const Value& from, const Value& to, std::span<const std::uint32_t> rows, bool as_zero = false);
  Planned linear_in_order(const Value& x, LinearTerms terms, SumRules rules);
  static bool find_bounds(const Value& x, const LinearTerms& terms, const SumRules& rules, int dropped,
                          LinearChoice& choice);
  Planned emit_linear(Value source, const LinearTerms& terms, const SumRules& rules, LinearStep step,
                      LinearChoice choice);
  Value narrowed(const Value& x, Lane lane);
  bool choose_sum(const Value& x, const LinearTerms& terms, LinearStep& step, LinearChoice& choice);
  bool choose_rounded(const SumRules& rules, LinearTerms& terms, LinearStep& step, LinearChoice& choice);
  bool choose_sequence(const SumRules& rules, LinearStep& step, LinearChoice& choice);
  Planned finish(const Value& sums, const SumRules& rules, bool wraps);

  SimdTarget target_;
  const Kernels& kernels_;
  std::vector<Slab> slabs_;
  std::vector<PlannedStep> steps_;
  std::string note_;
};

}  // namespace vigil::fpga_model
