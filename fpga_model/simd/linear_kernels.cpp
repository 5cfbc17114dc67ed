// Sums of products for every instruction set: all positions and columns of a dense or convolution layer, 64 events at
// a time, accumulators in registers. Compiled once an instruction set by Highway.
#include "fpga_model/simd/highway_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fpga_model/simd/linear_kernels.cpp"
#include <hwy/foreach_target.h>
// Highway wants the loop above first.
#include <hwy/highway.h>

#include "fpga_model/simd/kernels.h"
#include "fpga_model/simd/lane_cast-inl.h"
#include "fpga_model/simd/lane_io-inl.h"
#include "fpga_model/simd/linear_rows-inl.h"
#include "fpga_model/simd/packed_weights.h"
#include "fpga_model/simd/vnni.h"

#if VIGIL_SIMD_PASS
HWY_BEFORE_NAMESPACE();
namespace vigil::fpga_model::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
constexpr int columns_wide() {
  return hn::MaxLanes(Tag<T>()) * sizeof(T) == 64 && sizeof(T) == 2 ? 8 : 4;
}

// The ways to add a product to a sum. T: lane of the sum; W: how a weight is kept.
template <class T>
HWY_INLINE HWY_ATTR hn::Vec<Tag<T>> broadcast(const std::int32_t* w) {
  const Tag<T> d;
  if constexpr (sizeof(T) == 2) return hn::BitCast(d, hn::Set(Tag<std::int32_t>(), *w));
  return hn::Set(d, static_cast<T>(*w));
}
template <class T>
HWY_INLINE HWY_ATTR hn::Vec<Tag<T>> broadcast(const std::int64_t* w) {
  return hn::Set(Tag<T>(), static_cast<T>(*w));
}

struct Low16 {
  using T = std::int16_t;
  using V = hn::Vec<Tag<T>>;
  HWY_INLINE HWY_ATTR explicit Low16(const LinearStep&) {}
  HWY_INLINE HWY_ATTR V operator()(V acc, V x, V w) const { return hn::Add(acc, hn::Mul(x, w)); }
};
struct High16 {
  using T = std::int16_t;
  using V = hn::Vec<Tag<T>>;
  HWY_INLINE HWY_ATTR explicit High16(const LinearStep&) {}
  HWY_INLINE HWY_ATTR V operator()(V acc, V x, V w) const { return hn::Add(acc, hn::MulHigh(x, w)); }
};
struct Round16 {
  using T = std::int16_t;
  using V = hn::Vec<Tag<T>>;
  HWY_INLINE HWY_ATTR explicit Round16(const LinearStep&) {}
  HWY_INLINE HWY_ATTR V operator()(V acc, V x, V w) const { return hn::Add(acc, hn::MulFixedPoint15(x, w)); }
};
struct Dot16 {
  using T = std::int32_t;
  using V = hn::Vec<Tag<T>>;
  HWY_INLINE HWY_ATTR explicit Dot16(const LinearStep&) {}
  HWY_INLINE HWY_ATTR V operator()(V acc, V x, V w) const {
#if HWY_TARGET == HWY_AVX3
    return hn::Add(acc, V{_mm512_madd_epi16(x.raw, w.raw)});
#elif HWY_TARGET == HWY_AVX2
    return hn::Add(acc, V{_mm256_madd_epi16(x.raw, w.raw)});
#else
    return hn::Add(acc, V{_mm_madd_epi16(x.raw, w.raw)});
#endif
  }
};
template <class T_>
struct Plain {
  using T = T_;
  using V = hn::Vec<Tag<T>>;
  HWY_INLINE HWY_ATTR explicit Plain(const LinearStep&) {}
  HWY_INLINE HWY_ATTR V operator()(V acc, V x, V w) const { return hn::Add(acc, hn::Mul(x, w)); }
};
template <class T_, Rounding kRounding>
struct Rounded {
  using T = T_;
  using V = hn::Vec<Tag<T>>;
  HWY_INLINE HWY_ATTR explicit Rounded(const LinearStep& s) : cast(Tag<T>(), s.term) {}
  HWY_INLINE HWY_ATTR V operator()(V acc, V x, V w) const {
    return hn::Add(acc, rounded(cast, kRounding, hn::Mul(x, w)));
  }
  LaneCast<Tag<T>> cast;
};
// Term by term, in order: both casts have the accumulator's limits.
template <class T_, Limit kLimit>
struct Sequence {
  using T = T_;
  using V = hn::Vec<Tag<T>>;
  HWY_INLINE HWY_ATTR explicit Sequence(const LinearStep& s) : term(Tag<T>(), s.term), step(Tag<T>(), s.step) {}
  HWY_INLINE HWY_ATTR V operator()(V acc, V x, V w) const {
    const V p = limited(step, kLimit, rounded(term, Rounding::any, hn::Mul(x, w)));
    return limited(step, kLimit, hn::Add(acc, p));
  }
  LaneCast<Tag<T>> term, step;
};

// kColumns columns for all 64 events. `rows` picks the terms' rows of x, null for consecutive ones.
template <class Way, int kColumns, class W>
HWY_NOINLINE HWY_ATTR void block(const LinearStep& s, const std::byte* x, Lane x_lane, const std::uint32_t* rows,
                                 std::size_t n, const W* weights, const std::int64_t* bias, std::byte* out) {
  using T = typename Way::T;
  constexpr std::size_t kWide = events_wide<T>();
  const Tag<T> d;
  const Way way(s);
  const std::size_t row_bytes = kLanes * bytes_of(x_lane);
  for (std::size_t e = 0; e < kLanes; e += kWide * hn::Lanes(d)) {
    hn::Vec<Tag<T>> acc[kColumns][kWide];
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kWide; ++v) acc[c][v] = hn::Set(d, static_cast<T>(bias[c]));
    }
    const W* w = weights;
    for (std::size_t i = 0; i < n; ++i, w += kColumns) {
      const std::byte* row = x + (rows != nullptr ? rows[i] : i) * row_bytes;
      hn::Vec<Tag<T>> value[kWide];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kWide; ++v) value[v] = load_lanes(d, row, x_lane, e + v * hn::Lanes(d));
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) {
        const auto factor = broadcast<T>(w + c);
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kWide; ++v) acc[c][v] = way(acc[c][v], value[v], factor);
      }
    }
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kWide; ++v)
        hn::Store(acc[c][v], d,
                  reinterpret_cast<T*>(out) + static_cast<std::size_t>(c) * kLanes + e + v * hn::Lanes(d));
    }
  }
}

template <class W>
using Block = void (*)(const LinearStep&, const std::byte*, Lane, const std::uint32_t*, std::size_t, const W*,
                       const std::int64_t*, std::byte*);

// For blocks of 1, 2, 4 and 8 columns.
template <class W>
using Blocks = Block<W>[4];

template <class Way, class W>
void use(Blocks<W>& blocks) {
  blocks[0] = &block<Way, 1, W>;
  blocks[1] = &block<Way, 2, W>;
  blocks[2] = &block<Way, 4, W>;
  if constexpr (columns_wide<typename Way::T>() == 8) blocks[3] = &block<Way, 8, W>;
}

template <class T, class W>
void use_lane(const LinearStep& s, Blocks<W>& blocks) {
  if (s.kind == LinearKind::lane) {
    if (s.term.changes_nothing()) return use<Plain<T>, W>(blocks);
    if (s.term.rounds_by_word()) return use<Rounded<T, Rounding::any>, W>(blocks);
    if (rounding_of(s.term) == Rounding::truncate) return use<Rounded<T, Rounding::truncate>, W>(blocks);
    return use<Rounded<T, Rounding::plain>, W>(blocks);
  }
  switch (s.step.limit) {
    case Limit::none:
      return use<Sequence<T, Limit::none>, W>(blocks);
    case Limit::wrap:
      return use<Sequence<T, Limit::wrap>, W>(blocks);
    case Limit::clamp:
      return use<Sequence<T, Limit::clamp>, W>(blocks);
    case Limit::zero:
      return use<Sequence<T, Limit::zero>, W>(blocks);
  }
}

class Linear : public Step {
 public:
  Linear(LinearStep step, bool with_vnni) : step_(std::move(step)) {
    choose(with_vnni);
    blocks_ = column_blocks(step_.columns, most_);
    for (const LinearStep::Weights& weights : step_.weights) {
      packed_.push_back(pack_weights(step_, weights, blocks_));
      if (step_.kind == LinearKind::split16) pack_rest(weights);
    }
    terms_ = step_.packed_terms();
  }

  bool run(Slabs slabs, std::size_t) const override {
    const std::size_t lane_row = kLanes * bytes_of(step_.lane);
    const std::byte* x = slabs[step_.x].data;
    for (std::size_t p = 0; p < step_.positions(); ++p) {
      const std::uint32_t* rows = &step_.rows[p * step_.n];
      std::byte* out = slabs[step_.out].data + p * step_.columns * lane_row;
      const std::size_t set = step_.weights.size() > 1 ? p : 0;
      if (step_.packs()) {
        auto* scratch = reinterpret_cast<std::int32_t*>(slabs[step_.scratch].data);
        step_.kind == LinearKind::dot8 ? pack_quads(step_, x, rows, scratch) : pack_pairs(step_, x, rows, scratch);
        columns(packed_[set].narrow.data(), narrow_, slabs[step_.scratch].data, Lane::i32, nullptr, packed_[set], out);
        if (step_.kind == LinearKind::split16) {
          auto* parts = reinterpret_cast<std::int16_t*>(scratch + terms_ * kLanes);
          for (std::size_t r = 0; r < rest_[set].size(); ++r) {
            const std::size_t first = r * step_.run;
            const Run run{rest_blocks_, rest_[set][r].narrow.data(), rest_[set][r].bias.data(),
                          std::min(step_.run, step_.n - first)};
            columns(run, rest_kernels_, x, step_.x_lane, rows + first, reinterpret_cast<std::byte*>(parts), Lane::i16);
            add_parts(parts, step_.columns, out);
          }
        }
      } else if (step_.lane == Lane::i64) {
        columns(packed_[set].wide.data(), wide_, x, step_.x_lane, rows, packed_[set], out);
      } else {
        columns(packed_[set].narrow.data(), narrow_, x, step_.x_lane, rows, packed_[set], out);
        if (!step_.weights[set].corrections.empty()) correct(step_.weights[set].corrections, x, rows, out);
      }
    }
    return true;
  }

 private:
  void choose(bool with_vnni) {
    most_ = step_.lane == Lane::i16 ? columns_wide<std::int16_t>() : columns_wide<std::int32_t>();
    switch (step_.kind) {
      case LinearKind::low16:
        return use<Low16>(narrow_);
      case LinearKind::high16:
        return use<High16>(narrow_);
      case LinearKind::round16:
        return use<Round16>(narrow_);
      case LinearKind::split16:
        step_.rounds ? use<Round16>(rest_kernels_) : use<High16>(rest_kernels_);
        [[fallthrough]];
      case LinearKind::dot8:
      case LinearKind::dot16:
        use<Dot16>(narrow_);
#if HWY_TARGET == HWY_AVX3
        if (with_vnni) {
          for (int i = 0; i < 3; ++i) narrow_[i] = step_.kind == LinearKind::dot8 ? kVnniDot8[i] : kVnniDot16[i];
        }
#endif
        (void)with_vnni;
        return;
      case LinearKind::lane:
      case LinearKind::sequence:
        if (step_.lane == Lane::i64) return use_lane<std::int64_t>(step_, wide_);
        return use_lane<std::int32_t>(step_, narrow_);
    }
  }

  // The 16-bit parts of split16: runs of terms, each like a step of its own.
  void pack_rest(const LinearStep::Weights& weights) {
    rest_blocks_ = column_blocks(step_.columns, columns_wide<std::int16_t>());
    std::vector<PackedWeights> runs;
    for (std::size_t first = 0; first < step_.n; first += step_.run) {
      LinearStep part;
      part.kind = LinearKind::high16;
      part.lane = Lane::i16;
      part.n = std::min(step_.run, step_.n - first);
      part.columns = step_.columns;
      const auto begin = weights.rest.begin() + static_cast<std::ptrdiff_t>(first * step_.columns);
      const LinearStep::Weights rest{{begin, begin + static_cast<std::ptrdiff_t>(part.n * part.columns)},
                                     std::vector<std::int64_t>(part.columns, 0),
                                     {},
                                     {}};
      runs.push_back(pack_weights(part, rest, rest_blocks_));
    }
    rest_.push_back(std::move(runs));
  }

  // Packed weights of some terms.
  template <class W>
  struct Terms {
    const std::vector<ColumnBlock>& blocks;
    const W* w;
    const std::int64_t* bias;
    std::size_t n;
  };
  using Run = Terms<std::int32_t>;

  template <class W>
  void columns(Terms<W> terms, const Blocks<W>& kernels, const std::byte* x, Lane x_lane, const std::uint32_t* rows,
               std::byte* out, Lane lane) const {
    const std::size_t lane_row = kLanes * bytes_of(lane);
    for (const ColumnBlock& b : terms.blocks) {
      const int kind = b.width == 1 ? 0 : b.width == 2 ? 1 : b.width == 4 ? 2 : 3;
      kernels[kind](step_, x, x_lane, rows, terms.n, terms.w, terms.bias, out + b.first * lane_row);
      terms.w += terms.n * static_cast<std::size_t>(b.width);
      terms.bias += b.width;
    }
  }
  template <class W>
  void columns(const W* w, const Blocks<W>& kernels, const std::byte* x, Lane x_lane, const std::uint32_t* rows,
               const PackedWeights& packed, std::byte* out) const {
    columns(Terms<W>{blocks_, w, packed.bias.data(), terms_}, kernels, x, x_lane, rows, out, step_.lane);
  }

  LinearStep step_;
  int most_ = 4;
  std::size_t terms_ = 0;
  std::vector<ColumnBlock> blocks_;
  std::vector<PackedWeights> packed_;
  std::vector<ColumnBlock> rest_blocks_;
  std::vector<std::vector<PackedWeights>> rest_;  // [set][run]
  Blocks<std::int32_t> narrow_ = {};
  Blocks<std::int32_t> rest_kernels_ = {};
  Blocks<std::int64_t> wide_ = {};
};

}  // namespace

std::unique_ptr<const Step> make_linear(LinearStep step, bool with_vnni) {
  return std::make_unique<Linear>(std::move(step), with_vnni);
}

}  // namespace vigil::fpga_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE && HWY_ARCH_X86_64
namespace vigil::fpga_model {

std::unique_ptr<const Step> linear_sse4(LinearStep step) { return N_SSE4::make_linear(std::move(step), false); }
std::unique_ptr<const Step> linear_avx2(LinearStep step) { return N_AVX2::make_linear(std::move(step), false); }
std::unique_ptr<const Step> linear_avx512(LinearStep step) { return N_AVX3::make_linear(std::move(step), false); }
std::unique_ptr<const Step> linear_vnni(LinearStep step) { return N_AVX3::make_linear(std::move(step), true); }

}  // namespace vigil::fpga_model
#endif
