// A forest of decision trees made ready for lanes: what conifer_fast.cpp plans and the kernels of forest.cpp execute on
// blocks of 64 events. Knows nothing of files. Every word here is proved to fit its lane by the planner.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "fpga_model/caster.h"
#include "fpga_model/simd/cast_plan.h"
#include "fpga_model/simd_target.h"

namespace vigil::fpga_model {

inline constexpr int kUnrolledDepth = 4;  // deeper trees are pieces of this depth

// What a node compares: a feature, or a sum of weighted features with a cast at every term. Computed in the x lanes,
// then moved by -offset into the tree lanes, saturating: comparisons with the limits keep their result.
struct ForestValue {
  bool weighted = false;
  std::uint32_t first_term = 0;
  std::uint32_t terms = 0;
  std::uint32_t feature = 0;
  std::uint32_t row = 0;  // of the result, in bytes from the start of the workspace
  std::int64_t offset = 0;
};

struct ForestTerm {
  std::uint32_t feature = 0;
  std::int64_t weight = 0;
};

enum class ForestOp : std::uint8_t {
  values,     // computes values first .. first + count - 1
  fold,       // adds `count` trees of depth `depth` to the sum
  branch,     // one piece with constant leaves into slot `out`
  join,       // one piece whose leaves are slots in .. in + 2^depth - 1 into slot `out`
  fold_slot,  // adds slot `in` to the sum
  merge,      // slot `out` becomes the sum of slots `out` and `in`
  flush,      // adds the sum to the wide sum and clears it
};

struct ForestStep {
  ForestOp op = ForestOp::fold;
  std::uint8_t depth = 0;
  std::uint32_t count = 0;
  std::uint32_t first = 0;  // value, or node
  std::uint32_t leaf = 0;
  std::uint32_t table = 0;  // fold in 16-bit lanes
  std::uint32_t in = 0;
  std::uint32_t out = 0;
};

// A tree of at most 4 levels with 16-bit words in one vector of AVX-512, so that a permutation looks up limit or leaf:
// word n is the limit of node n, the root is 1, the children of n are 2n + 1 (left) and 2n (right), and the leaves
// follow the last nodes.
struct alignas(64) ForestTable {
  std::array<std::int16_t, 32> words{};
  std::array<std::uint32_t, 16> rows{};  // of each node's value
};

// What every addition of two scores does.
enum class ForestSum : std::uint8_t {
  free,     // nothing: no partial sum leaves the lane, or all wraps the same
  clamp,    // to [low, high]
  zero,     // 0 outside [low, high]
  general,  // the reference conversion, lane by lane
};

struct ForestPlan {
  Lane x_lane = Lane::i32;     // of the inputs
  Lane tree_lane = Lane::i16;  // of values, limits, leaves and the sum
  Lane wide_lane = Lane::i32;  // of the final sum (at least 32 bits)

  std::size_t features = 0;
  std::vector<std::int64_t> lowest, highest;  // of each feature

  std::vector<ForestValue> values;
  std::vector<ForestTerm> terms;
  std::uint32_t shared_values = 0;  // computed once a block; the others before their tree
  bool casts = false;               // a feature becomes a value through `cast`
  bool general_cast = false;        // the casts have no lane form: input_caster and term_caster are used
  CastPlan cast;                    // of a feature
  CastPlan term_cast;               // of value * 2^value_shift + x * weight
  int value_shift = 0;
  Caster input_caster, term_caster;
  Wide value_factor = 1, product_factor = 1;

  std::vector<std::uint32_t> rows;  // of every node's value
  std::tuple<std::vector<std::int16_t>, std::vector<std::int32_t>, std::vector<std::int64_t>> limits, leaves;
  std::vector<ForestTable> tables;             // of the trees that are folded, in 16-bit lanes
  std::vector<std::vector<ForestStep>> steps;  // of each class

  ForestSum sum = ForestSum::free;
  std::int64_t low = 0, high = 0;
  Caster step_caster;
  std::vector<std::int64_t> initial;  // of each class
  bool wraps = false;                 // the wide sum is wrapped into the score at the end
  FixedPoint score;

  // Workspace, in bytes: x rows, value rows, slots, then what one class needs.
  std::size_t slots_at = 0;
  std::size_t sum_at = 0;
  std::size_t wide_at = 0;
  std::size_t scratch_at = 0;
  std::size_t bytes = 0;
};

// Computes the shared values of a block from its x rows at the start of the workspace.
using ForestValues = void (*)(const ForestPlan&, std::byte* workspace);
// Computes the score of one class, before `norm`, into the wide sum of the workspace.
using ForestClass = void (*)(const ForestPlan&, std::size_t c, std::byte* workspace);

struct ForestKernels {
  ForestValues values = nullptr;
  ForestClass score = nullptr;
};

// Null pointers where this build has no kernels of that kind.
ForestKernels forest_kernels(const ForestPlan& plan, SimdTarget target);

}  // namespace vigil::fpga_model
