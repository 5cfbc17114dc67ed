#include "fpga_model/simd/planner.h"

#include "fpga_model/simd/kernels.h"

namespace vigil::fpga_model {
namespace {

Interval hull_of(const std::vector<Interval>& ranges) {
  Interval all = ranges.empty() ? Interval{} : ranges.front();
  for (const Interval& r : ranges) all = hull(all, r);
  return all;
}

Interval shifted_left(const Interval& x, int bits) { return x * Interval{Wide{1} << bits, Wide{1} << bits}; }

Operands operands(const Value& x) { return {x.slab, x.lane, x.rows}; }

constexpr int kMostAlignment = 60;

// Bits that one stage appends and the next drops need not be appended: rounding sees them as zeros.
void join(std::vector<MapStage>& stages, MapStage& next) {
  const MapStage& last = stages.back();
  const bool appends = last.kind == MapKind::copy && last.cast.limit == Limit::none && last.cast.left > 0;
  const bool takes = next.kind == MapKind::copy || (next.kind == MapKind::floor && next.low == 0);
  if (!appends || !takes || next.cast.left > 0) return;
  next.cast = without_appended(next.cast, last.cast.left);
  stages.pop_back();
}

}  // namespace

Interval Value::bounds() const { return hull_of(range); }

Value Value::elements(std::span<const std::size_t> indices) const {
  Value out{slab, lane, {}, {}};
  for (const std::size_t i : indices) {
    out.rows.push_back(rows[i]);
    out.range.push_back(range[i]);
  }
  return out;
}

Value Value::slice(std::size_t first, std::size_t count) const {
  const auto from = static_cast<std::ptrdiff_t>(first), to = static_cast<std::ptrdiff_t>(first + count);
  return {slab, lane, {rows.begin() + from, rows.begin() + to}, {range.begin() + from, range.begin() + to}};
}

Planner::Planner(SimdTarget target) : target_(target), kernels_(*kernels_of(target)) {}

void Planner::rewind(const Mark& mark) {
  steps_.resize(mark.steps);
  slabs_.resize(mark.slabs);
}

Value Planner::new_value(Lane lane, std::vector<Interval> range, std::size_t spare_rows) {
  Value out{slabs_.size(), lane, {}, std::move(range)};
  out.rows.resize(out.range.size());
  for (std::size_t i = 0; i < out.rows.size(); ++i) out.rows[i] = static_cast<std::uint32_t>(i);
  slabs_.push_back({lane, out.rows.size() + spare_rows});
  return out;
}

Value Planner::input(const FixedPoint& type, std::size_t words) {
  // Zero fills the lanes beyond the last event.
  const Interval range = hull(words_of_type(type), Interval{});
  return new_value(lane_of_bits(lane_bits(range)), std::vector<Interval>(words, range));
}

void Planner::add(MapStep step) {
  PlannedStep planned;
  planned.slabs = {step.a.slab, step.out};
  for (const MapStage& stage : step.stages) {
    if (stage.kind >= MapKind::sum) planned.slabs.push_back(stage.b.slab);
  }
  planned.map = std::move(step);
  steps_.push_back(std::move(planned));
}

std::vector<Planner::PlannedStep> Planner::take_steps(std::span<const std::size_t> kept) {
  std::vector<std::size_t> uses(slabs_.size(), 0);
  for (const PlannedStep& step : steps_) {
    for (const std::size_t slab : step.slabs) ++uses[slab];
  }
  for (const std::size_t slab : kept) uses[slab] += 2;  // never only between two steps
  std::vector<PlannedStep> out;
  for (PlannedStep& step : steps_) {
    MapStep* before = out.empty() || !out.back().map ? nullptr : &*out.back().map;
    // Written by the step before, read by this one as it is, and by nobody else.
    if (step.map && before != nullptr && step.map->a.slab == before->out && uses[before->out] == 2 &&
        step.map->a.rows == before->out_rows && step.map->stages.size() == 1 &&
        (step.map->stages[0].kind < MapKind::sum || step.map->stages[0].b.slab != before->out)) {
      before->lane = std::max(before->lane, step.map->lane);
      join(before->stages, step.map->stages[0]);
      before->stages.push_back(std::move(step.map->stages[0]));
      before->out = step.map->out;
      before->out_lane = step.map->out_lane;
      before->out_rows = std::move(step.map->out_rows);
      auto& slabs = out.back().slabs;
      slabs[1] = before->out;
      slabs.insert(slabs.end(), step.slabs.begin() + 2, step.slabs.end());
      continue;
    }
    out.push_back(std::move(step));
  }
  for (PlannedStep& step : out) {
    if (!step.map) continue;
    const bool unary = step.slabs.size() == 2;
    if (unary && step.map->a.lane == step.map->out_lane && step.map->a.rows == step.map->out_rows)
      step.replaces = step.map->a.slab;
    step.is_map = true;
    step.step = kernels_.map(*std::exchange(step.map, {}));
  }
  return out;
}

// Casts what `stage` makes of `a`, words within range[i] that pass through lanes of `bits`.
Planner::Planned Planner::emit(const Value& a, MapStage stage, const std::vector<Interval>& range, int bits,
                               int fraction, const FixedPoint& to) {
  const auto cast = plan_cast(hull_of(range), fraction, to);
  if (!cast || bits > 64) return {};
  if (stage.kind == MapKind::copy && cast->plan.changes_nothing()) return Value{a.slab, a.lane, a.rows, range};
  std::vector<Interval> results;
  for (const Interval& r : range) {
    const auto own = plan_cast(r, fraction, to);
    results.push_back(own->result);
    stage.limits.push_back(own->plan.limit == Limit::none ? Limit::none : cast->plan.limit);
  }
  bits = std::max({bits, cast->bits, bits_of(a.lane)});
  if (stage.kind >= MapKind::sum) bits = std::max(bits, bits_of(stage.b.lane));
  stage.cast = cast->plan;
  MapStep step;
  step.a = operands(a);
  step.lane = lane_of_bits(bits);
  step.stages.push_back(std::move(stage));
  step.out_lane = lane_of_bits(lane_bits(hull_of(results)));
  const Value out = new_value(step.out_lane, std::move(results));
  step.out = out.slab;
  step.out_rows = out.rows;
  add(std::move(step));
  return out;
}

// Row i of `from` to rows[i] of `to`'s slab, or zeros.
void Planner::copy(const Value& from, const Value& to, std::span<const std::uint32_t> rows, bool as_zero) {
  MapStep step;
  step.a = operands(from);
  step.lane = std::max(from.lane, to.lane);
  step.out = to.slab;
  step.out_lane = to.lane;
  step.out_rows.assign(rows.begin(), rows.end());
  MapStage stage;
  stage.limits.assign(rows.size(), Limit::none);
  if (as_zero) stage.kind = MapKind::clip;  // to 0..0
  step.stages.push_back(std::move(stage));
  add(std::move(step));
}

Planner::Planned Planner::cast(const Value& x, int fraction, const FixedPoint& to) {
  return emit(x, {}, x.range, 16, fraction, to);
}

Planner::Planned Planner::clip(const Value& x, Wide low, Wide high, int fraction, const FixedPoint& to) {
  const Interval bounds = x.bounds();
  MapStage step;
  // No wider than the words, and not crossing where these are all on one side.
  step.low = static_cast<std::int64_t>(std::min(std::max(low, bounds.low), high));
  step.high = static_cast<std::int64_t>(std::max(std::min(high, bounds.high), Wide{step.low}));
  std::vector<Interval> range;
  for (const Interval& r : x.range)
    range.push_back({std::min<Wide>(std::max<Wide>(r.low, step.low), step.high),
                     std::min<Wide>(std::max<Wide>(r.high, step.low), step.high)});
  step.kind = bounds.within({step.low, step.high}) ? MapKind::copy
              : bounds.high <= step.high           ? MapKind::floor
                                                   : MapKind::clip;
  const int bits = lane_bits(hull(bounds, {step.low, step.high}));
  return emit(x, std::move(step), range, bits, fraction, to);
}

Planner::Planned Planner::affine(const Value& x, const std::vector<Wide>& scale, const std::vector<Wide>& shift,
                                 int fraction, const FixedPoint& to) {
  MapStage step;
  step.kind = MapKind::affine;
  std::vector<Interval> range;
  Interval all = x.bounds();
  const Interval lane = words_of_lane(Lane::i64);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Interval factor{scale[i], scale[i]}, offset{shift[i], shift[i]};
    if (!factor.within(lane) || !offset.within(lane)) return {};
    const Interval product = x.range[i] * factor;
    range.push_back(product + offset);
    all = hull(hull(hull(all, factor), hull(offset, product)), range.back());
    step.scale.push_back(static_cast<std::int64_t>(scale[i]));
    step.shift.push_back(static_cast<std::int64_t>(shift[i]));
  }
  if (std::all_of(scale.begin(), scale.end(), [](Wide s) { return s == 1; })) step.kind = MapKind::offset;
  return emit(x, std::move(step), range, lane_bits(all), fraction, to);
}

// The words are kept as they are: counts below 0 drop what leaves the type.
Planner::Planned Planner::shift(const Value& x, const std::vector<std::int64_t>& counts, const FixedPoint& to) {
  MapStage step;
  step.kind = MapKind::shift;
  step.scale = counts;
  std::vector<Interval> range;
  Interval all = x.bounds();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Interval& r = x.range[i];
    if (counts[i] < -kMostAlignment) return {};
    range.push_back(counts[i] >= 0 ? Interval{r.low >> counts[i], r.high >> counts[i]}
                                   : shifted_left(r, static_cast<int>(-counts[i])));
    all = hull(all, range.back());
  }
  const FixedPoint wraps{to.width, to.integer, to.is_signed};
  return emit(x, std::move(step), range, lane_bits(all), to.fraction(), wraps);
}

Planner::Planned Planner::pair(MapKind kind, const Value& a, int a_left, const Value& b, int b_left, int fraction,
                               const FixedPoint& to) {
  if (a_left > kMostAlignment || b_left > kMostAlignment) return {};
  MapStage step;
  step.kind = kind;
  step.b = operands(b);
  step.a_left = a_left;
  step.b_left = b_left;
  std::vector<Interval> range;
  Interval all = hull(a.bounds(), b.bounds());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Interval p = shifted_left(a.range[i], a_left), q = shifted_left(b.range[i], b_left);
    switch (kind) {
      case MapKind::sum:
        range.push_back(p + q);
        break;
      case MapKind::minus:
        range.push_back(p + q * Interval{-1, -1});
        break;
      case MapKind::product:
        range.push_back(a.range[i] * b.range[i]);
        break;
      case MapKind::maximum:
        range.push_back({std::max(p.low, q.low), std::max(p.high, q.high)});
        break;
      default:
        range.push_back({std::min(p.low, q.low), std::min(p.high, q.high)});
    }
    all = hull(hull(all, range.back()), hull(p, q));
  }
  return emit(a, std::move(step), range, lane_bits(all), fraction, to);
}

Value Planner::narrowed(const Value& x, Lane lane) {
  if (x.lane == lane) return x;
  Value out = new_value(lane, x.range);
  copy(x, out, out.rows);
  return out;
}

Value Planner::concatenate(const std::vector<Value>& parts) {
  std::vector<Interval> range;
  Lane lane = Lane::i16;
  for (const Value& part : parts) {
    range.insert(range.end(), part.range.begin(), part.range.end());
    lane = std::max(lane, part.lane);
  }
  Value out = new_value(lane, std::move(range));
  std::size_t first = 0;
  for (const Value& part : parts) {
    copy(part, out, std::span(out.rows).subspan(first, part.size()));
    first += part.size();
  }
  return out;
}

Value Planner::with_zeros(const Value& x, std::span<const std::size_t> indices) {
  // A copy with one row of zeros behind it, made by a clip to 0.
  std::vector<Interval> range = x.range;
  range.push_back({});
  const Value padded = new_value(x.lane, std::move(range));
  copy(x, padded, std::span(padded.rows).first(x.size()));
  copy(x.slice(0, 1), padded, std::span(padded.rows).last(1), true);
  std::vector<std::size_t> with_zero(indices.begin(), indices.end());
  for (std::size_t& i : with_zero) {
    if (i == LinearTerms::kOutside) i = x.size();
  }
  return padded.elements(with_zero);
}

}  // namespace vigil::fpga_model
