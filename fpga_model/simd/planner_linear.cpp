// Sums of products as a step: their bounds, and what becomes of them. Section 4.1 of docs/network_json.md. Which kernel
// is exact within the bounds: linear_choice.cpp.
#include <bit>

#include "fpga_model/simd/kernels.h"
#include "fpga_model/simd/linear_choice.h"
#include "fpga_model/simd/planner.h"
#include "fpga_model/sum_rules.h"

namespace vigil::fpga_model {
namespace {

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

}  // namespace

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

namespace {

// An accumulator with more fractional bits than its products only ever holds multiples of 2^k: k bits fewer hold the
// same sums. Where it saturates its limits are no such multiples. What is left goes into the weights. None where they
// leave 64 bits; else how many bits a product drops.
std::optional<int> align(LinearTerms& terms, SumRules& rules) {
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
  if (dropped >= 0) return dropped;
  for (auto& set : terms.sets) {
    for (std::int64_t& w : set.w) {
      const Wide wide = Wide{w} << -dropped;
      if (lane_bits({wide, wide}) > 64) return {};
      w = static_cast<std::int64_t>(wide);
    }
  }
  return dropped;
}

}  // namespace

// The bounds of everything that is added. True where a term lies outside the image.
bool Planner::find_bounds(const Value& x, const LinearTerms& terms, const SumRules& rules, int dropped,
                          LinearChoice& choice) {
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
  choice.inside = rules.exact || hull(choice.sums, choice.terms).within(limits(rules.accum));
  choice.wraps = !choice.inside && is_plain_wrap(rules.accum);
  return outside;
}

Planner::Planned Planner::linear_in_order(const Value& x, LinearTerms terms, SumRules rules) {
  const std::optional<int> dropped = align(terms, rules);
  if (!dropped) return {};
  LinearChoice choice;
  const bool outside = find_bounds(x, terms, rules, *dropped, choice);
  LinearStep step;
  bool chosen = false;
  if (choice.inside || choice.wraps) {
    chosen = *dropped > 0 ? choose_rounded(rules, terms, step, choice) : choose_sum(x, terms, step, choice);
  } else if (*dropped >= 0 || rules.product == Product::mult) {
    // Appended bits are in the weights already: the product has the accumulator's fraction.
    SumRules aligned = rules;
    if (*dropped < 0) {
      aligned.term.integer = aligned.term.width - rules.accum.fraction();
    }
    chosen = choose_sequence(aligned, step, choice);
  }
  if (!chosen) return {};
  if (!outside) return emit_linear(x, terms, rules, std::move(step), std::move(choice));
  const Value padded = with_zeros(x, terms.elements);
  for (std::size_t i = 0; i < terms.elements.size(); ++i) terms.elements[i] = i;
  return emit_linear(padded, terms, rules, std::move(step), std::move(choice));
}

// The step that was chosen, and the casts behind it.
Planner::Planned Planner::emit_linear(Value source, const LinearTerms& terms, const SumRules& rules, LinearStep step,
                                      LinearChoice choice) {
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
