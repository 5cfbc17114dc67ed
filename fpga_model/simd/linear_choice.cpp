// The kernels of sums of products: which is proved exact for the bounds at hand. Section 4.1 of docs/network_json.md.
#include "fpga_model/simd/linear_choice.h"

#include "fpga_model/sum_rules.h"

namespace vigil::fpga_model {

bool is_plain_wrap(const FixedPoint& type) { return type.overflow == Overflow::wrap && type.saturation_bits == 0; }

Interval limits(const FixedPoint& type) {
  Interval range = words_of_type(type);
  if (type.overflow == Overflow::sat_sym && type.is_signed) range.low = -range.high;
  return range;
}

namespace {

std::string width_text(int bits) { return std::to_string(bits) + "-bit"; }

std::string bound_text(const Interval& range) {
  int bits = 1;
  while (bits < 127 && !range.within({-(Wide{1} << (bits - 1)), (Wide{1} << (bits - 1)) - 1})) ++bits;
  return std::to_string(bits) + " bits";
}

}  // namespace

std::string Planner::LinearChoice::why() const {
  return wraps ? "sums modulo 2^" + std::to_string(width) : "every sum within " + bound_text(sums);
}

// Exact sums, or modulo a power of two: no product loses a bit.
bool Planner::choose_sum(const Value& x, const LinearTerms& terms, LinearStep& step, LinearChoice& choice) {
  const Interval byte{-128, 127};
  const bool x8 = choice.x.within(byte) || choice.x.within({0, 255});
  const bool x16 = choice.x.within(words_of_lane(Lane::i16));
  const bool w16 = choice.w.within(words_of_lane(Lane::i16));
  const auto take = [&](LinearKind kind, Lane lane, Lane x_lane, const std::string& what) {
    step.kind = kind;
    step.lane = lane;
    step.x_lane = x_lane;
    choice.note = what + ": no product loses a bit, " + choice.why();
    return true;
  };
  if (choice.holds(Lane::i32) && x8 && choice.w.within(byte) && target_ == SimdTarget::vnni && terms.n > 1) {
    step.x_is_signed = choice.x.low < 0;
    return take(LinearKind::dot8, Lane::i32, x.lane, "8-bit dot products");
  }
  const bool low16 = choice.holds(Lane::i16) && x16;
  if (choice.holds(Lane::i32) && x16 && w16 && (terms.columns >= 4 || !low16))
    return take(LinearKind::dot16, Lane::i32, x.lane, "16-bit pair dot products");
  if (low16) return take(LinearKind::low16, Lane::i16, Lane::i16, "16-bit products and sums");
  if (choice.holds(Lane::i32) && x.lane <= Lane::i32)
    return take(LinearKind::lane, Lane::i32, x.lane, "32-bit products and sums");
  if (choice.holds(Lane::i64)) return take(LinearKind::lane, Lane::i64, x.lane, "64-bit products and sums");
  return false;
}

namespace {

// By 16-bit multiply-high: with w << (16-s) = c * 2^16 + w', floor(x*w / 2^s) = c*x + floor(x*w' / 2^16). Rounding
// likewise with 15 bits, where c * 2^16 counts twice. The number of corrections c*x.
std::size_t take_high16(const LinearTerms& terms, int dropped, bool truncates, LinearStep& step) {
  const int up = (truncates ? 16 : 15) - dropped;
  step.kind = truncates ? LinearKind::high16 : LinearKind::round16;
  std::size_t corrections = 0;
  for (const auto& set : terms.sets) {
    LinearStep::Weights weights;
    for (std::size_t i = 0; i < set.w.size(); ++i) {
      const Wide total = Wide{set.w[i]} << up;
      const auto part = static_cast<std::int16_t>(static_cast<std::uint16_t>(total));
      const Wide c = (total - part) >> 16;
      weights.w.push_back(part);
      if (c != 0)
        weights.corrections.push_back({static_cast<std::uint32_t>(i % terms.columns),
                                       static_cast<std::uint32_t>(i / terms.columns),
                                       static_cast<std::int64_t>(truncates ? c : 2 * c)});
    }
    std::stable_sort(weights.corrections.begin(), weights.corrections.end(),
                     [](const Correction& a, const Correction& b) { return a.column < b.column; });
    corrections += weights.corrections.size();
    step.weights.push_back(std::move(weights));
  }
  step.lane = Lane::i16;
  step.x_lane = Lane::i16;
  return corrections;
}

// With w = c * 2^s + r: floor(x*w / 2^s) = c*x + floor(x*r / 2^s). The first sum by pairs in 32 bits, the second by
// multiply-high, its 16-bit sums added up before they can overflow. |r| <= 2^(s-1), `most_rest` bounds |x*r / 2^s|.
void take_split16(const LinearTerms& terms, int dropped, bool truncates, Wide most_rest, LinearStep& step) {
  const int up = (truncates ? 16 : 15) - dropped;
  const std::int64_t unit = std::int64_t{1} << dropped;
  step.kind = LinearKind::split16;
  step.rounds = !truncates;
  step.run = static_cast<std::size_t>(32767 / most_rest);
  for (const auto& set : terms.sets) {
    LinearStep::Weights weights;
    for (const std::int64_t w : set.w) {
      const std::int64_t c = (w + unit / 2) >> dropped;
      weights.w.push_back(c);
      weights.rest.push_back((w - c * unit) * (std::int64_t{1} << up));
    }
    step.weights.push_back(std::move(weights));
  }
  step.lane = Lane::i32;
}

}  // namespace

// Every product is rounded, the sums are exact or modulo a power of two.
bool Planner::choose_rounded(const SumRules& rules, LinearTerms& terms, LinearStep& step, LinearChoice& choice) {
  const int dropped = rules.term.fraction() - rules.accum.fraction();
  const Quantization mode = rules.accum.quantization;
  const bool x16 = choice.x.within(words_of_lane(Lane::i16));
  const bool truncates = mode == Quantization::trn && dropped <= 16;
  const bool rounds = mode == Quantization::rnd && dropped <= 15;
  if (choice.holds(Lane::i16) && x16 && (truncates || rounds)) {
    const std::size_t corrections = take_high16(terms, dropped, truncates, step);
    choice.note = std::string(truncates ? "16-bit multiply-high" : "16-bit multiply-high with rounding") + ", " +
                  std::to_string(dropped) + " bits of every product dropped, " + std::to_string(corrections) +
                  " corrections: " + choice.why();
    return true;
  }
  const Interval whole_parts = {(choice.w.low + (Wide{1} << (dropped - 1))) >> dropped,
                                (choice.w.high + (Wide{1} << (dropped - 1))) >> dropped};
  const bool w_fits = whole_parts.within(words_of_lane(Lane::i16));
  const Wide most_x = std::max(choice.x.high, -choice.x.low);
  const Wide most_rest = most_x / 2 + 1;  // |r| <= 2^(s-1)
  if (choice.holds(Lane::i32) && x16 && w_fits && (truncates || rounds) && terms.columns >= 4 &&
      most_rest * 16 < 32768 && terms.n >= 8) {
    take_split16(terms, dropped, truncates, most_rest, step);
    choice.note = "16-bit pair dot products for whole parts and " +
                  std::string(truncates ? "multiply-high" : "multiply-high with rounding") + " for the " +
                  std::to_string(dropped) + " dropped bits, parts added every " + std::to_string(step.run) +
                  " terms: " + choice.why();
    return true;
  }
  // The rounding alone: a type wide enough to limit nothing.
  const FixedPoint wide{63, 63 - rules.accum.fraction(), true, mode, Overflow::wrap, 0};
  const auto term = plan_cast(choice.product, rules.term.fraction(), wide);
  if (!term || term->plan.limit != Limit::none) return false;
  for (const Lane lane : {Lane::i32, Lane::i64}) {
    if (!choice.holds(lane) || term->bits > bits_of(lane) || !choice.w.within(words_of_lane(lane)) ||
        !choice.x.within(words_of_lane(lane)))
      continue;
    step.kind = LinearKind::lane;
    step.lane = lane;
    step.term = term->plan;
    choice.note = width_text(bits_of(lane)) + " products, each rounded, and sums: products within " +
                  bound_text(choice.product) + ", " + choice.why();
    return true;
  }
  return false;
}

bool Planner::choose_sequence(const SumRules& rules, LinearStep& step, LinearChoice& choice) {
  const auto term = plan_cast(choice.product, rules.term.fraction(), rules.accum);
  const Interval held = limits(rules.accum);
  const auto sum = plan_cast(hull(held, Interval{}) + hull(held, Interval{}), rules.accum.fraction(), rules.accum);
  if (!term || !sum) return false;
  const int bits =
      std::max({term->bits, sum->bits, lane_bits(choice.x), lane_bits(choice.w), lane_bits(choice.product)});
  if (bits > 64) return false;
  step.kind = LinearKind::sequence;
  step.lane = bits <= 32 ? Lane::i32 : Lane::i64;
  step.term = term->plan;
  step.step = sum->plan;
  choice.note = "two casts at every term, in order, in " + width_text(bits_of(step.lane)) + " lanes (" +
                to_string(rules.accum) + ")";
  return true;
}

}  // namespace vigil::fpga_model
