// The kernels of sums of products: which is proved exact for the bounds at hand. Section 4.1 of docs/network_json.md.
#include <bit>

#include "fpga_model/accumulator.h"
#include "fpga_model/simd/kernels.h"
#include "fpga_model/simd/planner.h"

namespace vigil::fpga_model {

struct Planner::LinearChoice {
  Interval x, w;              // hulls
  Interval product;           // of one term, before any cast
  std::vector<Interval> sum;  // [positions, columns], of the cast terms and the bias, in any order
  Interval sums;              // hull of all partial sums of all of them
  Interval terms;             // hull of all cast terms
  bool wraps = false;         // the accumulator wraps and the sums may leave it
  int width = 64;             // of the accumulator
  std::string note;

  // Whether sums in `lane` are exact, or right in all the bits the accumulator keeps; and why, for people.
  bool holds(Lane lane) const { return sums.within(words_of_lane(lane)) || (wraps && bits_of(lane) >= width); }
  std::string why() const;
};

namespace {

bool is_plain_wrap(const FixedPoint& type) { return type.overflow == Overflow::wrap && type.saturation_bits == 0; }

Interval limits(const FixedPoint& type) {
  Interval range = words_of_type(type);
  if (type.overflow == Overflow::sat_sym && type.is_signed) range.low = -range.high;
  return range;
}

// Calls f(set, position, column, first weight of the column) for all columns.
template <class F>
void each_column(const LinearTerms& terms, F f) {
  for (std::size_t p = 0; p < terms.elements.size() / terms.n; ++p) {
    const LinearTerms::Set& set = terms.sets[terms.sets.size() > 1 ? p : 0];
    for (std::size_t c = 0; c < terms.columns; ++c) f(set, p, c);
  }
}

// Sums of products of other kinds than mult, written as ordinary ones. False where they cannot be.
bool as_products(const Value& x, Product product, int dropped, bool ordered, LinearTerms& terms) {
  if (product == Product::mult) return true;
  if (product == Product::weight_binary) {
    for (auto& set : terms.sets) {
      for (std::int64_t& w : set.w) w = w == 0 ? -1 : 1;
    }
    return true;
  }
  // With x either 0 or 1: xnor is x*(2w-1) + (1-w), data_binary (2x-1)*w.
  if (dropped > 0 || ordered || !x.bounds().within({0, 1})) return false;
  for (auto& set : terms.sets) {
    for (std::size_t i = 0; i < terms.n; ++i) {
      for (std::size_t c = 0; c < terms.columns; ++c) {
        std::int64_t& w = set.w[i * terms.columns + c];
        set.bias[c] += (product == Product::xnor ? 1 - w : -w) * (std::int64_t{1} << -dropped);
        w = product == Product::xnor ? 2 * w - 1 : 2 * w;
      }
    }
  }
  return true;
}

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
bool Planner::choose_sum(const Value& x, const SumRules& rules, LinearTerms& terms, LinearStep& step,
                         LinearChoice& choice) {
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

// Every product is rounded, the sums are exact or modulo a power of two.
bool Planner::choose_rounded(const SumRules& rules, LinearTerms& terms, LinearStep& step, LinearChoice& choice) {
  const int dropped = rules.term.fraction() - rules.accum.fraction();
  const Quantization mode = rules.accum.quantization;
  const bool x16 = choice.x.within(words_of_lane(Lane::i16));
  const bool truncates = mode == Quantization::trn && dropped <= 16;
  const bool rounds = mode == Quantization::rnd && dropped <= 15;
  if (choice.holds(Lane::i16) && x16 && (truncates || rounds)) {
    // With w << (16-s) = c * 2^16 + w': floor(x*w / 2^s) = c*x + floor(x*w' / 2^16). Rounding likewise with 15 bits,
    // where c * 2^16 counts twice.
    const int up = (truncates ? 16 : 15) - dropped;
    step.kind = truncates ? LinearKind::high16 : LinearKind::round16;
    std::size_t corrections = 0;
    for (auto& set : terms.sets) {
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
    choice.note = std::string(truncates ? "16-bit multiply-high" : "16-bit multiply-high with rounding") + ", " +
                  std::to_string(dropped) + " bits of every product dropped, " + std::to_string(corrections) +
                  " corrections: " + choice.why();
    return true;
  }
  // With w = c * 2^s + r: floor(x*w / 2^s) = c*x + floor(x*r / 2^s). The first sum by pairs in 32 bits, the second by
  // multiply-high, its 16-bit sums added up before they can overflow.
  const Interval whole_parts = {(choice.w.low + (Wide{1} << (dropped - 1))) >> dropped,
                                (choice.w.high + (Wide{1} << (dropped - 1))) >> dropped};
  const bool w_fits = whole_parts.within(words_of_lane(Lane::i16));
  const Wide most_x = std::max(choice.x.high, -choice.x.low);
  const Wide most_rest = most_x / 2 + 1;  // |r| <= 2^(s-1)
  if (choice.holds(Lane::i32) && x16 && w_fits && (truncates || rounds) && terms.columns >= 4 &&
      most_rest * 16 < 32768 && terms.n >= 8) {
    const int up = (truncates ? 16 : 15) - dropped;
    const std::int64_t unit = std::int64_t{1} << dropped;
    step.kind = LinearKind::split16;
    step.rounds = rounds;
    step.run = static_cast<std::size_t>(32767 / most_rest);
    for (auto& set : terms.sets) {
      LinearStep::Weights weights;
      for (const std::int64_t w : set.w) {
        const std::int64_t c = (w + unit / 2) >> dropped;
        weights.w.push_back(c);
        weights.rest.push_back((w - c * unit) * (std::int64_t{1} << up));
      }
      step.weights.push_back(std::move(weights));
    }
    step.lane = Lane::i32;
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

Planner::Planned Planner::linear(const Value& x, LinearTerms terms, const SumRules& rules) {
  const int dropped = rules.term.fraction() - rules.accum.fraction();
  if (dropped < -40 || dropped > 60) return {};
  const bool ordered = !rules.exact && !is_plain_wrap(rules.accum);
  if (!as_products(x, rules.product, dropped, ordered, terms)) return {};

  // Terms in the order they are added.
  if (rules.reuse > 1) {
    std::vector<std::size_t> order;
    for (std::size_t first = 0; first < rules.reuse; ++first) {
      for (std::size_t i = first; i < terms.n; i += rules.reuse) order.push_back(i);
    }
    LinearTerms reordered = terms;
    for (std::size_t at = 0; at < terms.elements.size(); ++at)
      reordered.elements[at] = terms.elements[at - at % terms.n + order[at % terms.n]];
    for (std::size_t s = 0; s < terms.sets.size(); ++s) {
      for (std::size_t i = 0; i < terms.n * terms.columns; ++i)
        reordered.sets[s].w[i] = terms.sets[s].w[order[i / terms.columns] * terms.columns + i % terms.columns];
    }
    terms = std::move(reordered);
  }
  return linear_in_order(x, std::move(terms), rules);
}

// An accumulator with more fractional bits than its products only ever holds multiples of 2^k: k bits fewer hold the
// same sums. Where it saturates its limits are no such multiples.
Planner::Planned Planner::linear_in_order(const Value& x, LinearTerms terms, SumRules rules) {
  int dropped = rules.term.fraction() - rules.accum.fraction();
  if (rules.exact || is_plain_wrap(rules.accum)) {
    int spare = std::min(-dropped, rules.accum.width - 1);
    for (const auto& set : terms.sets) {
      for (const std::int64_t b : set.bias) {
        if (b != 0) spare = std::min(spare, std::countr_zero(static_cast<std::uint64_t>(b)));
      }
    }
    if (spare > 0) {
      for (auto& set : terms.sets) {
        for (std::int64_t& b : set.bias) b >>= spare;
      }
      rules.accum.width -= spare;
      dropped += spare;
    }
  }
  if (dropped < 0) {
    for (auto& set : terms.sets) {
      for (std::int64_t& w : set.w) {
        const Wide wide = Wide{w} << -dropped;
        if (lane_bits({wide, wide}) > 64) return {};
        w = static_cast<std::int64_t>(wide);
      }
    }
  }

  LinearChoice choice;
  choice.x = x.bounds();
  choice.width = rules.accum.width;
  bool first = true, first_sum = true;
  bool outside = false;
  each_column(terms, [&](const LinearTerms::Set& set, std::size_t p, std::size_t c) {
    Interval low_high{set.bias[c], set.bias[c]};  // of all partial sums, whatever the order
    Interval total = low_high;
    for (std::size_t i = 0; i < terms.n; ++i) {
      const std::size_t element = terms.elements[p * terms.n + i];
      const Wide w = set.w[i * terms.columns + c];
      choice.w = hull(choice.w, {w, w});
      if (element == LinearTerms::kOutside) {
        outside = true;
        continue;
      }
      const Interval product = x.range[element] * Interval{w, w};
      choice.product = first ? product : hull(choice.product, product);
      first = false;
      const Interval term = dropped > 0 ? Interval{quantize_exactly(product.low, dropped, rules.accum.quantization),
                                                   quantize_exactly(product.high, dropped, rules.accum.quantization)}
                                        : product;
      total = total + term;
      low_high = low_high + hull(term, Interval{});
      choice.terms = hull(choice.terms, term);
    }
    choice.sum.push_back(total);
    choice.sums = first_sum ? low_high : hull(choice.sums, low_high);
    first_sum = false;
  });
  if (outside) {
    choice.product = hull(choice.product, Interval{});
    choice.x = hull(choice.x, Interval{});
  }
  const bool inside = rules.exact || hull(choice.sums, choice.terms).within(limits(rules.accum));
  choice.wraps = !inside && is_plain_wrap(rules.accum);

  LinearStep step;
  bool chosen = false;
  if (inside || choice.wraps) {
    chosen = dropped > 0 ? choose_rounded(rules, terms, step, choice) : choose_sum(x, rules, terms, step, choice);
  } else if (dropped >= 0 || rules.product == Product::mult) {
    // Appended bits are in the weights already: the product has the accumulator's fraction.
    SumRules aligned = rules;
    if (dropped < 0) {
      aligned.term.integer = aligned.term.width - rules.accum.fraction();
    }
    chosen = choose_sequence(aligned, step, choice);
  }
  if (!chosen) return {};

  Value source = x;
  if (outside) {
    source = with_zeros(x, terms.elements);
    for (std::size_t i = 0; i < terms.elements.size(); ++i) terms.elements[i] = i;
  }
  const bool is_16bit = step.kind == LinearKind::high16 || step.kind == LinearKind::round16 ||
                        step.kind == LinearKind::low16 || step.kind == LinearKind::split16;
  const Lane most = step.packs() ? Lane::i32 : step.lane;
  if (is_16bit) {
    source = narrowed(source, Lane::i16);
  } else if (source.lane > most) {
    source = narrowed(source, most);
  }
  step.x = source.slab;
  step.x_lane = source.lane;
  step.n = terms.n;
  step.columns = terms.columns;
  for (const std::size_t element : terms.elements) step.rows.push_back(source.rows[element]);
  const bool split = !step.weights.empty();
  step.weights.resize(terms.sets.size());
  for (std::size_t s = 0; s < terms.sets.size(); ++s) {
    if (!split) step.weights[s].w = terms.sets[s].w;
    step.weights[s].bias = terms.sets[s].bias;
  }
  std::vector<Interval> range = choice.sum;
  if (choice.wraps || step.kind == LinearKind::sequence) {
    const Interval all = choice.wraps ? words_of_lane(step.lane) : limits(rules.accum);
    std::fill(range.begin(), range.end(), all);
  }
  const Value sums = new_value(step.lane, std::move(range), LinearStep::kSpareRows);
  step.out = sums.slab;
  std::vector<std::size_t> slabs = {step.x, step.out};
  if (step.packs()) {
    step.scratch = slabs_.size();
    slabs.push_back(step.scratch);
    slabs_.push_back({Lane::i32, step.scratch_rows()});
  }
  steps_.push_back({kernels_.linear(std::move(step)), std::move(slabs)});
  Planned out = finish(sums, rules, choice.wraps);
  if (out) note_ = std::move(choice.note);
  return out;
}

// From the sums, modulo 2^W where `wraps`, to the layer's type.
Planner::Planned Planner::finish(const Value& sums, const SumRules& rules, bool wraps) {
  const int fraction = rules.accum.fraction();
  Value acc = sums;
  if (wraps) {
    const FixedPoint& to = rules.to;
    const int dropped = fraction - to.fraction();
    const bool by_low_bits = rules.product != Product::xnor && is_plain_wrap(to) && dropped >= 0 &&
                             dropped + to.width <= rules.accum.width &&
                             (dropped == 0 || to.quantization == Quantization::trn);
    if (by_low_bits) {
      // The result is some of the accumulator's low bits: its own wrapping need not be done first.
      if (dropped == 0 && to.is_signed && to.width == bits_of(acc.lane)) {
        std::fill(acc.range.begin(), acc.range.end(), words_of_type(to));
        return acc;
      }
      return cast(acc, fraction, to);
    }
    const FixedPoint wrapped{rules.accum.width, rules.accum.integer, rules.accum.is_signed};
    if (wrapped.is_signed && wrapped.width == bits_of(acc.lane)) {
      std::fill(acc.range.begin(), acc.range.end(), words_of_type(wrapped));
    } else {
      const Planned done = cast(acc, fraction, wrapped);
      if (!done) return {};
      acc = *done;
    }
  }
  if (rules.product != Product::xnor) return cast(acc, fraction, rules.to);
  // v = 2*acc - n with a cast after each step (docs/network_json.md, section 4.1).
  const int bits = ceil_log2(rules.n) + 2;
  const FixedPoint whole{bits, bits, true};
  const std::vector<Wide> two(acc.size(), 2), one(acc.size(), 1), none(acc.size(), 0);
  const std::vector<Wide> minus_n(acc.size(), -static_cast<Wide>(rules.n));
  const Planned doubled = affine(acc, two, none, fraction, whole);
  if (!doubled) return {};
  const Planned counted = affine(*doubled, one, minus_n, 0, whole);
  return counted ? cast(*counted, 0, rules.to) : Planned{};
}

}  // namespace vigil::fpga_model
