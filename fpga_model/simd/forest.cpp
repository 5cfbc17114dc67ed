#include "fpga_model/simd/forest.h"

#include <algorithm>

#include "fpga_model/simd/highway_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fpga_model/simd/forest.cpp"
#include "hwy/foreach_target.h"  // compiles this file once an instruction set
//
#include "fpga_model/simd/forest_values-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace vigil::fpga_model::HWY_NAMESPACE {
#if VIGIL_SIMD_PASS

namespace hn = hwy::HWY_NAMESPACE;

// ---- trees: compare and blend

// Two vectors of events at a time: they share the broadcasts of limits and leaves.
template <class D>
struct Pair {
  hn::Vec<D> a, b;
};

template <class D>
HWY_INLINE HWY_ATTR Pair<D> load_pair(D d, const hn::TFromD<D>* lanes) {
  return {hn::Load(d, lanes), hn::Load(d, lanes + hn::MaxLanes(d))};
}
template <class D>
HWY_INLINE HWY_ATTR void store_pair(D d, const Pair<D>& pair, hn::TFromD<D>* lanes) {
  hn::Store(pair.a, d, lanes);
  hn::Store(pair.b, d, lanes + hn::MaxLanes(d));
}

// Node kNode of a full tree with kInner inner nodes, numbered from the root: the children of n are 2n + 1 and 2n + 2.
template <int kInner, int kNode, class D, class Leaf>
HWY_INLINE HWY_ATTR Pair<D> evaluate(D d, const std::byte* values, const std::uint32_t* rows,
                                     const hn::TFromD<D>* limits, const Leaf& leaf) {
  if constexpr (kNode >= kInner) {
    return leaf(static_cast<std::size_t>(kNode - kInner));
  } else {
    using T = hn::TFromD<D>;
    const auto limit = hn::Set(d, limits[kNode]);
    const Pair<D> value = load_pair(d, reinterpret_cast<const T*>(values + rows[kNode]));
    const auto left_a = hn::Lt(value.a, limit);
    const auto left_b = hn::Lt(value.b, limit);
    const Pair<D> left = evaluate<kInner, 2 * kNode + 1>(d, values, rows, limits, leaf);
    const Pair<D> right = evaluate<kInner, 2 * kNode + 2>(d, values, rows, limits, leaf);
    return {hn::IfThenElse(left_a, left.a, right.a), hn::IfThenElse(left_b, left.b, right.b)};
  }
}

template <ForestSum kSum, class V>
HWY_INLINE HWY_ATTR V add(V a, V b, V low, V high) {
  const V sum = hn::Add(a, b);
  if constexpr (kSum == ForestSum::clamp) return hn::Min(hn::Max(sum, low), high);
  if constexpr (kSum == ForestSum::zero) return hn::IfThenZeroElse(hn::Or(hn::Lt(sum, low), hn::Gt(sum, high)), sum);
  return sum;
}

// What a step needs, with pointers to its nodes and leaves.
template <class T>
struct Piece {
  const std::byte* workspace;
  const std::uint32_t* rows;
  const T* limits;
  const T* leaves;
  std::size_t count;
  T low, high;
};

template <int kDepth, ForestSum kSum, class T>
HWY_NOINLINE HWY_ATTR void fold_trees(const Piece<T>& piece, T* HWY_RESTRICT sum) {
  using D = hn::ScalableTag<T>;
  const D d;
  constexpr std::size_t kInner = (std::size_t{1} << kDepth) - 1;
  constexpr std::size_t kStep = 2 * hn::MaxLanes(d);
  const auto low = hn::Set(d, piece.low);
  const auto high = hn::Set(d, piece.high);
  for (std::size_t lane = 0; lane < kLanes; lane += kStep) {
    const std::byte* values = piece.workspace + lane * sizeof(T);
    const std::uint32_t* rows = piece.rows;
    const T* limits = piece.limits;
    const T* leaves = piece.leaves;
    Pair<D> acc = load_pair(d, sum + lane);
    for (std::size_t t = 0; t < piece.count; ++t) {
      const auto leaf = [&](std::size_t i) HWY_ATTR {
        const auto v = hn::Set(d, leaves[i]);
        return Pair<D>{v, v};
      };
      const Pair<D> score = evaluate<static_cast<int>(kInner), 0>(d, values, rows, limits, leaf);
      acc.a = add<kSum>(acc.a, score.a, low, high);
      acc.b = add<kSum>(acc.b, score.b, low, high);
      rows += kInner;
      limits += kInner;
      leaves += kInner + 1;
    }
    store_pair(d, acc, sum + lane);
  }
}

#if HWY_TARGET == HWY_AVX3

// The value that node kNode or one of its cousins on the same level compares, by the ways taken at the levels above:
// left[0] at the root, and so on. kStep is the distance of the two choices by the way taken last.
template <int kLevel, int kNode, int kStep>
HWY_INLINE HWY_ATTR __m512i chosen(const std::byte* values, const std::uint32_t* rows, const __mmask32* left) {
  if constexpr (kLevel == 0) {
    return _mm512_load_si512(values + rows[kNode]);
  } else {
    // The way taken last is known last: it makes the last choice.
    return _mm512_mask_mov_epi16(chosen<kLevel - 1, kNode, 2 * kStep>(values, rows, left), left[kLevel - 1],
                                 chosen<kLevel - 1, kNode + kStep, 2 * kStep>(values, rows, left));
  }
}

template <int kDepth, int kLevel>
HWY_INLINE HWY_ATTR __m512i walk(const std::byte* values, const std::uint32_t* rows, __m512i table, __m512i node,
                                 __mmask32* left) {
  const __m512i limit = _mm512_permutexvar_epi16(node, table);
  if constexpr (kLevel == kDepth) {
    return limit;  // the leaf
  } else {
    const __m512i value = chosen<kLevel, 1 << kLevel, 1>(values, rows, left);
    left[kLevel] = _mm512_cmplt_epi16_mask(value, limit);
    const __m512i right = _mm512_add_epi16(node, node);
    const __m512i next = _mm512_mask_add_epi16(right, left[kLevel], right, _mm512_set1_epi16(1));
    return walk<kDepth, kLevel + 1>(values, rows, table, next, left);
  }
}

// Down each tree: one comparison a level instead of one a node.
template <int kDepth, ForestSum kSum>
HWY_NOINLINE HWY_ATTR void fold_tables(const ForestTable* tables, const Piece<std::int16_t>& piece,
                                       std::int16_t* HWY_RESTRICT sum) {
  const hn::ScalableTag<std::int16_t> d;
  const auto low = hn::Set(d, piece.low);
  const auto high = hn::Set(d, piece.high);
  const __m512i root = _mm512_set1_epi16(1);
  auto a = hn::Load(d, sum);
  auto b = hn::Load(d, sum + 32);
  for (std::size_t t = 0; t < piece.count; ++t) {
    const std::uint32_t* rows = tables[t].rows.data();
    const __m512i table = _mm512_load_si512(tables[t].words.data());
    __mmask32 left_a[kDepth], left_b[kDepth];
    a = add<kSum>(a, {walk<kDepth, 0>(piece.workspace, rows, table, root, left_a)}, low, high);
    b = add<kSum>(b, {walk<kDepth, 0>(piece.workspace + 64, rows, table, root, left_b)}, low, high);
  }
  hn::Store(a, d, sum);
  hn::Store(b, d, sum + 32);
}

template <ForestSum kSum>
HWY_ATTR void fold_by_table(int depth, const ForestTable* tables, const Piece<std::int16_t>& piece, std::int16_t* sum) {
  switch (depth) {
    case 1:
      return fold_tables<1, kSum>(tables, piece, sum);
    case 2:
      return fold_tables<2, kSum>(tables, piece, sum);
    case 3:
      return fold_tables<3, kSum>(tables, piece, sum);
    default:
      return fold_tables<4, kSum>(tables, piece, sum);
  }
}

#endif

template <int kDepth, class T>
HWY_NOINLINE HWY_ATTR void branch_piece(const Piece<T>& piece, const T* slots, T* out) {
  using D = hn::ScalableTag<T>;
  const D d;
  constexpr int kInner = (1 << kDepth) - 1;
  for (std::size_t lane = 0; lane < kLanes; lane += 2 * hn::MaxLanes(d)) {
    const auto leaf = [&](std::size_t i) HWY_ATTR {
      if (slots != nullptr) return load_pair(d, slots + i * kLanes + lane);
      const auto v = hn::Set(d, piece.leaves[i]);
      return Pair<D>{v, v};
    };
    store_pair(d, evaluate<kInner, 0>(d, piece.workspace + lane * sizeof(T), piece.rows, piece.limits, leaf),
               out + lane);
  }
}

template <ForestSum kSum, class T>
HWY_NOINLINE HWY_ATTR void add_lanes(const ForestPlan& plan, const T* more, T* sum) {
  if constexpr (kSum == ForestSum::general) {
    for (std::size_t r = 0; r < kLanes; ++r)
      sum[r] = static_cast<T>(plan.step_caster(Wide{std::int64_t{sum[r]}} + std::int64_t{more[r]}));
  } else {
    using D = hn::ScalableTag<T>;
    const D d;
    const auto low = hn::Set(d, static_cast<T>(plan.low));
    const auto high = hn::Set(d, static_cast<T>(plan.high));
    for (std::size_t r = 0; r < kLanes; r += hn::MaxLanes(d))
      hn::Store(add<kSum>(hn::Load(d, sum + r), hn::Load(d, more + r), low, high), d, sum + r);
  }
}

template <class T, class Wider>
HWY_NOINLINE HWY_ATTR void flush_lanes(T* HWY_RESTRICT sum, Wider* HWY_RESTRICT wide) {
  using U = std::make_unsigned_t<Wider>;
  for (std::size_t r = 0; r < kLanes; ++r) {
    wide[r] = static_cast<Wider>(static_cast<U>(wide[r]) + static_cast<U>(static_cast<Wider>(sum[r])));
    sum[r] = 0;
  }
}

template <class Wider>
HWY_NOINLINE HWY_ATTR void wrap_lanes(const FixedPoint& score, Wider* wide) {
  using U = std::make_unsigned_t<Wider>;
  const int spare = static_cast<int>(8 * sizeof(Wider)) - score.width;
  for (std::size_t r = 0; r < kLanes; ++r) {
    const U high = static_cast<U>(wide[r]) << spare;
    wide[r] = score.is_signed ? static_cast<Wider>(high) >> spare : static_cast<Wider>(high >> spare);
  }
}

template <ForestSum kSum, class T>
HWY_ATTR void fold(int depth, const Piece<T>& piece, T* sum) {
  static_assert(kUnrolledDepth == 4);
  switch (depth) {
    case 1:
      return fold_trees<1, kSum>(piece, sum);
    case 2:
      return fold_trees<2, kSum>(piece, sum);
    case 3:
      return fold_trees<3, kSum>(piece, sum);
    default:
      return fold_trees<4, kSum>(piece, sum);
  }
}

template <class T>
HWY_ATTR void branch(int depth, const Piece<T>& piece, const T* slots, T* out) {
  switch (depth) {
    case 1:
      return branch_piece<1>(piece, slots, out);
    case 2:
      return branch_piece<2>(piece, slots, out);
    case 3:
      return branch_piece<3>(piece, slots, out);
    default:
      return branch_piece<4>(piece, slots, out);
  }
}

template <class X, class T, class Wider, ForestSum kSum>
HWY_ATTR void class_score(const ForestPlan& plan, std::size_t c, std::byte* workspace) {
  auto* slots = reinterpret_cast<T*>(workspace + plan.slots_at);
  auto* sum = reinterpret_cast<T*>(workspace + plan.sum_at);
  auto* wide = reinterpret_cast<Wider*>(workspace + plan.wide_at);
  const bool ordered = kSum != ForestSum::free;
  std::fill_n(sum, kLanes, ordered ? static_cast<T>(plan.initial[c]) : T{0});
  std::fill_n(wide, kLanes, ordered ? Wider{0} : static_cast<Wider>(plan.initial[c]));
  const T* limits = std::get<std::vector<T>>(plan.limits).data();
  const T* leaves = std::get<std::vector<T>>(plan.leaves).data();
  for (const ForestStep& step : plan.steps[c]) {
    const Piece<T> piece = {workspace,  plan.rows.data() + step.first, limits + step.first,      leaves + step.leaf,
                            step.count, static_cast<T>(plan.low),      static_cast<T>(plan.high)};
    switch (step.op) {
      case ForestOp::values:
        compute_values<X, T>(plan, step.first, step.count, workspace);
        break;
      case ForestOp::fold:
        if constexpr (kSum != ForestSum::general) {
#if HWY_TARGET == HWY_AVX3
          if constexpr (sizeof(T) == 2) {
            fold_by_table<kSum>(step.depth, plan.tables.data() + step.table, piece, sum);
            break;
          }
#endif
          fold<kSum>(step.depth, piece, sum);
        }
        break;
      case ForestOp::branch:
        branch<T>(step.depth, piece, nullptr, slots + step.out * kLanes);
        break;
      case ForestOp::join:
        branch<T>(step.depth, piece, slots + step.in * kLanes, slots + step.out * kLanes);
        break;
      case ForestOp::fold_slot:
        add_lanes<kSum>(plan, slots + step.in * kLanes, sum);
        break;
      case ForestOp::merge:
        add_lanes<kSum>(plan, slots + step.in * kLanes, slots + step.out * kLanes);
        break;
      case ForestOp::flush:
        flush_lanes(sum, wide);
        break;
    }
  }
  flush_lanes(sum, wide);
  if (plan.wraps) wrap_lanes(plan.score, wide);
}

template <class X, class T, class Wider>
ForestKernels kernels_of(const ForestPlan& plan) {
  switch (plan.sum) {
    case ForestSum::free:
      return {shared_values<X, T>, class_score<X, T, Wider, ForestSum::free>};
    case ForestSum::clamp:
      return {shared_values<X, T>, class_score<X, T, Wider, ForestSum::clamp>};
    case ForestSum::zero:
      return {shared_values<X, T>, class_score<X, T, Wider, ForestSum::zero>};
    case ForestSum::general:
      return {shared_values<X, T>, class_score<X, T, Wider, ForestSum::general>};
  }
  return {};
}

ForestKernels choose(const ForestPlan& plan) {
  using I16 = std::int16_t;
  using I32 = std::int32_t;
  using I64 = std::int64_t;
  const bool wide = plan.wide_lane == Lane::i64;
  switch (plan.tree_lane) {
    case Lane::i16:
      if (plan.x_lane == Lane::i16) return wide ? kernels_of<I16, I16, I64>(plan) : kernels_of<I16, I16, I32>(plan);
      if (plan.x_lane == Lane::i32) return wide ? kernels_of<I32, I16, I64>(plan) : kernels_of<I32, I16, I32>(plan);
      return wide ? kernels_of<I64, I16, I64>(plan) : kernels_of<I64, I16, I32>(plan);
    case Lane::i32:
      if (plan.x_lane == Lane::i32) return wide ? kernels_of<I32, I32, I64>(plan) : kernels_of<I32, I32, I32>(plan);
      return wide ? kernels_of<I64, I32, I64>(plan) : kernels_of<I64, I32, I32>(plan);
    case Lane::i64:
      return kernels_of<I64, I64, I64>(plan);
  }
  return {};
}

#endif
}  // namespace vigil::fpga_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vigil::fpga_model {

ForestKernels forest_kernels([[maybe_unused]] const ForestPlan& plan, SimdTarget target) {
  switch (target) {
#if HWY_ARCH_X86_64
    case SimdTarget::sse4:
      return N_SSE4::choose(plan);
    case SimdTarget::avx2:
      return N_AVX2::choose(plan);
    case SimdTarget::avx512:
    case SimdTarget::vnni:
      return N_AVX3::choose(plan);
#endif
    default:
      return {};
  }
}

}  // namespace vigil::fpga_model
#endif
