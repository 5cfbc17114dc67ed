// Elementwise steps for every instruction set: each row of 64 lanes is loaded once, goes through all stages in
// registers, and is stored. Compiled once an instruction set by Highway.
#include "fpga_model/simd/highway_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fpga_model/simd/map_kernels.cpp"
#include <hwy/foreach_target.h>
// Highway wants the loop above first.
#include <hwy/highway.h>

#include "fpga_model/simd/kernels.h"
#include "fpga_model/simd/lane_cast-inl.h"
#include "fpga_model/simd/lane_io-inl.h"

#if VIGIL_SIMD_PASS
HWY_BEFORE_NAMESPACE();
namespace vigil::fpga_model::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;

// Vectors that are in registers together: a row, or as much of it as four registers hold.
template <class T>
constexpr std::size_t kWide = hn::MaxLanes(Tag<T>()) * 4 <= kLanes ? 4 : kLanes / hn::MaxLanes(Tag<T>());

template <class T>
struct Vectors {
  hn::Vec<Tag<T>> v[kWide<T>];
};

// v[k] = f(v[k]) for all, unrolled.
#define VIGIL_EACH(expression)                                           \
  do {                                                                   \
    _Pragma("GCC unroll 4") for (std::size_t k = 0; k < kWide<T>; ++k) { \
      auto& x = row.v[k];                                                \
      x = (expression);                                                  \
    }                                                                    \
  } while (false)

template <class T>
HWY_INLINE HWY_ATTR Vectors<T> load_row(const Operands& operands, std::size_t i, Slabs slabs, std::size_t first) {
  const Tag<T> d;
  const std::byte* words = slabs[operands.slab].data + operands.rows[i] * slabs[operands.slab].row_bytes;
  Vectors<T> row;
#pragma GCC unroll 4
  for (std::size_t k = 0; k < kWide<T>; ++k) row.v[k] = load_lanes(d, words, operands.lane, first + k * hn::Lanes(d));
  return row;
}

// What a stage does to row i before its cast. Here and below: where the choice is known to the compiler, nothing of it
// remains.
template <class T>
HWY_INLINE HWY_ATTR void produce(MapKind kind, const MapStage& s, std::size_t i, Slabs slabs, std::size_t first,
                                 Vectors<T>& row) {
  const Tag<T> d;
  switch (kind) {
    case MapKind::copy:
      return;
    case MapKind::clip: {
      const auto low = hn::Set(d, static_cast<T>(s.low)), high = hn::Set(d, static_cast<T>(s.high));
      VIGIL_EACH(hn::Min(hn::Max(x, low), high));
      return;
    }
    case MapKind::floor: {
      const auto low = hn::Set(d, static_cast<T>(s.low));
      VIGIL_EACH(hn::Max(x, low));
      return;
    }
    case MapKind::offset: {
      const auto shift = hn::Set(d, static_cast<T>(s.shift[i]));
      VIGIL_EACH(hn::Add(x, shift));
      return;
    }
    case MapKind::affine: {
      const auto scale = hn::Set(d, static_cast<T>(s.scale[i])), shift = hn::Set(d, static_cast<T>(s.shift[i]));
      VIGIL_EACH(hn::Add(hn::Mul(x, scale), shift));
      return;
    }
    case MapKind::shift: {
      const auto count = static_cast<int>(s.scale[i]);
      if (count > 0) {
        VIGIL_EACH(hn::ShiftRightSame(x, count));
      } else if (count < 0) {
        VIGIL_EACH(hn::ShiftLeftSame(x, -count));
      }
      return;
    }
    default:
      break;
  }
  Vectors<T> other = load_row<T>(s.b, i, slabs, first);
  if (kind == MapKind::product) {
    VIGIL_EACH(hn::Mul(x, other.v[k]));
    return;
  }
  if (s.a_left > 0) VIGIL_EACH(hn::ShiftLeftSame(x, s.a_left));
  if (s.b_left > 0) {
#pragma GCC unroll 4
    for (auto& y : other.v) y = hn::ShiftLeftSame(y, s.b_left);
  }
  switch (kind) {
    case MapKind::sum:
      VIGIL_EACH(hn::Add(x, other.v[k]));
      return;
    case MapKind::minus:
      VIGIL_EACH(hn::Sub(x, other.v[k]));
      return;
    case MapKind::maximum:
      VIGIL_EACH(hn::Max(x, other.v[k]));
      return;
    default:
      VIGIL_EACH(hn::Min(x, other.v[k]));
      return;
  }
}

template <class T>
HWY_INLINE HWY_ATTR void round_row(const CastPlan& c, Rounding rounding, Vectors<T>& row) {
  const LaneCast<Tag<T>> lanes(Tag<T>(), c);
  switch (rounding) {
#define VIGIL_CASE(which)                 \
  case which:                             \
    VIGIL_EACH(rounded(lanes, which, x)); \
    return
    VIGIL_CASE(Rounding::none);
    VIGIL_CASE(Rounding::append);
    VIGIL_CASE(Rounding::truncate);
    VIGIL_CASE(Rounding::plain);
    VIGIL_CASE(Rounding::by_last_bit);
    VIGIL_CASE(Rounding::by_sign);
    VIGIL_CASE(Rounding::any);
#undef VIGIL_CASE
  }
}

template <class T>
HWY_INLINE HWY_ATTR void limit_row(const CastPlan& c, Limit limit, Vectors<T>& row) {
  const LaneCast<Tag<T>> lanes(Tag<T>(), c);
  switch (limit) {
#define VIGIL_CASE(which)                 \
  case which:                             \
    VIGIL_EACH(limited(lanes, which, x)); \
    return
    VIGIL_CASE(Limit::none);
    VIGIL_CASE(Limit::wrap);
    VIGIL_CASE(Limit::clamp);
    VIGIL_CASE(Limit::zero);
#undef VIGIL_CASE
  }
}

template <class T>
HWY_INLINE HWY_ATTR void store_row(const MapStep& s, std::size_t i, Slabs slabs, std::size_t first,
                                   const Vectors<T>& row) {
  const Tag<T> d;
  std::byte* out = slabs[s.out].data + s.out_rows[i] * kLanes * bytes_of(s.out_lane);
  if constexpr (sizeof(T) == 4) {
    if (s.out_lane == Lane::i16) {
#pragma GCC unroll 4
      for (std::size_t k = 0; k < kWide<T>; k += 2)
        store_pair_narrow(d, row.v[k], row.v[k + 1], out, first + k * hn::Lanes(d));
      return;
    }
  }
#pragma GCC unroll 4
  for (std::size_t k = 0; k < kWide<T>; ++k) store_lanes(d, row.v[k], out, s.out_lane, first + k * hn::Lanes(d));
}

template <class T>
HWY_NOINLINE HWY_ATTR void map_rows(const MapStep& s, const std::vector<Rounding>& roundings, Slabs slabs) {
  const std::size_t n_stages = s.stages.size();
  for (std::size_t i = 0; i < s.out_rows.size(); ++i) {
    for (std::size_t first = 0; first < kLanes; first += kWide<T> * hn::Lanes(Tag<T>())) {
      Vectors<T> row = load_row<T>(s.a, i, slabs, first);
      for (std::size_t stage = 0; stage < n_stages; ++stage) {
        const MapStage& now = s.stages[stage];
        produce<T>(now.kind, now, i, slabs, first, row);
        round_row<T>(now.cast, roundings[stage], row);
        limit_row<T>(now.cast, now.limits[i], row);
      }
      store_row<T>(s, i, slabs, first, row);
    }
  }
}

// The commonest steps of deployed models without a branch: kinds, roundings and limits are known to the compiler, and
// limits are applied to every row (they change no word that never leaves the type).
template <MapKind kKind_, Rounding kRounding_, Limit kLimit_>
struct Fixed {
  static constexpr MapKind kKind = kKind_;
  static constexpr Rounding kRounding = kRounding_;
  static constexpr Limit kLimit = kLimit_;
};

template <class T, class F>
HWY_INLINE HWY_ATTR void fixed_stage(const MapStage& s, std::size_t i, Vectors<T>& row) {
  if constexpr (F::kKind == MapKind::shift) {
    // Nearly all rows drop bits, and what drops bits cannot leave the type: worth a branch.
    const auto count = static_cast<int>(s.scale[i]);
    if (s.limits[i] == Limit::none && count >= 0) {
      VIGIL_EACH(hn::ShiftRightSame(x, count));
      return;
    }
  }
  static_assert(F::kKind < MapKind::sum, "a second operand would need the slabs");
  produce<T>(F::kKind, s, i, nullptr, 0, row);
  round_row<T>(s.cast, F::kRounding, row);
  limit_row<T>(s.cast, F::kLimit, row);
}

template <class T, class... F>
HWY_NOINLINE HWY_ATTR void map_fixed(const MapStep& s, Slabs slabs) {
  for (std::size_t i = 0; i < s.out_rows.size(); ++i) {
    for (std::size_t first = 0; first < kLanes; first += kWide<T> * hn::Lanes(Tag<T>())) {
      Vectors<T> row = load_row<T>(s.a, i, slabs, first);
      const MapStage* stage = s.stages.data();
      (fixed_stage<T, F>(*stage++, i, row), ...);
      store_row<T>(s, i, slabs, first, row);
    }
  }
}

// The commonest step after a layer: max(a, low) and nothing else, on rows that lie together.
template <class T>
HWY_NOINLINE HWY_ATTR void floor_rows(const MapStep& s, Slabs slabs) {
  const Tag<T> d;
  const auto low = hn::Set(d, static_cast<T>(s.stages[0].low));
  const T* a = reinterpret_cast<const T*>(slabs[s.a.slab].data) + s.a.rows[0] * kLanes;
  T* out = reinterpret_cast<T*>(slabs[s.out].data) + s.out_rows[0] * kLanes;
  for (std::size_t e = 0; e < s.out_rows.size() * kLanes; e += hn::Lanes(d))
    hn::Store(hn::Max(hn::LoadU(d, a + e), low), d, out + e);
}

bool are_together(const std::vector<std::uint32_t>& rows) {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i] != rows[0] + i) return false;
  }
  return true;
}

#undef VIGIL_EACH

using FixedRun = void (*)(const MapStep&, Slabs);

template <class... F>
bool is(const MapStep& step, const std::vector<Rounding>& roundings) {
  if (step.stages.size() != sizeof...(F)) return false;
  std::size_t k = 0;
  const auto matches = [&](MapKind kind, Rounding rounding, Limit limit) {
    const MapStage& s = step.stages[k];
    return s.kind == kind && roundings[k++] == rounding && s.cast.limit == limit;
  };
  return (matches(F::kKind, F::kRounding, F::kLimit) && ...);
}

// Null where the step is none of the common ones.
FixedRun common_run(const MapStep& step, const std::vector<Rounding>& roundings) {
  if (step.lane != Lane::i32) return nullptr;
#define VIGIL_COMMON(...) \
  if (is<__VA_ARGS__>(step, roundings)) return &map_fixed<std::int32_t, __VA_ARGS__>
  using enum MapKind;
  using RC = Fixed<copy, Rounding::by_last_bit, Limit::clamp>;  // AP_RND_CONV, AP_SAT: the quantizers of QKeras
  VIGIL_COMMON(RC);
  using ReluRC = Fixed<floor, Rounding::by_last_bit, Limit::clamp>;
  VIGIL_COMMON(ReluRC);
  using ReluR = Fixed<floor, Rounding::plain, Limit::clamp>;  // AP_RND, AP_SAT
  VIGIL_COMMON(ReluR);
  using Wrap = Fixed<copy, Rounding::none, Limit::wrap>;
  VIGIL_COMMON(Wrap);
  using Truncate = Fixed<copy, Rounding::truncate, Limit::wrap>;
  VIGIL_COMMON(Truncate);
  using Offset = Fixed<offset, Rounding::none, Limit::wrap>;  // the scaling of AXOL1TL
  using ShiftWrap = Fixed<shift, Rounding::none, Limit::wrap>;
  VIGIL_COMMON(Offset, ShiftWrap, RC);
  using Shift = Fixed<shift, Rounding::none, Limit::none>;
  VIGIL_COMMON(Offset, Shift, RC);
#undef VIGIL_COMMON
  return nullptr;
}

class Map : public Step {
 public:
  explicit Map(MapStep step) : step_(std::move(step)) {
    for (const MapStage& stage : step_.stages) roundings_.push_back(rounding_of(stage.cast));
    common_ = common_run(step_, roundings_);
    const MapStage& first = step_.stages[0];
    floors_ = step_.stages.size() == 1 && first.kind == MapKind::floor && first.cast.changes_nothing() &&
              step_.a.lane == step_.lane && step_.out_lane == step_.lane && are_together(step_.a.rows) &&
              are_together(step_.out_rows);
  }
  bool run(Slabs slabs, std::size_t) const override {
    if (common_ != nullptr) {
      common_(step_, slabs);
      return true;
    }
    for_lane(step_.lane, [&](auto word) { run_in<decltype(word)>(slabs); });
    return true;
  }

 private:
  template <class T>
  void run_in(Slabs slabs) const {
    const bool dense = slabs[step_.a.slab].row_bytes == kLanes * sizeof(T);
    floors_&& dense ? floor_rows<T>(step_, slabs) : map_rows<T>(step_, roundings_, slabs);
  }

  MapStep step_;
  std::vector<Rounding> roundings_;
  FixedRun common_ = nullptr;
  bool floors_ = false;
};

}  // namespace

std::unique_ptr<const Step> make_map(MapStep step) { return std::make_unique<Map>(std::move(step)); }

}  // namespace vigil::fpga_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE && HWY_ARCH_X86_64
namespace vigil::fpga_model {

std::unique_ptr<const Step> map_sse4(MapStep step) { return N_SSE4::make_map(std::move(step)); }
std::unique_ptr<const Step> map_avx2(MapStep step) { return N_AVX2::make_map(std::move(step)); }
std::unique_ptr<const Step> map_avx512(MapStep step) { return N_AVX3::make_map(std::move(step)); }

}  // namespace vigil::fpga_model
#endif
