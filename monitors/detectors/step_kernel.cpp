#include "monitors/detectors/step_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "monitors/detectors/step_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace vigil::monitors {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<double, kStepLanes>;
using U = hn::Rebind<std::uint64_t, D>;
using V = hn::Vec<D>;

// e^x for |x| <= kLargestStep, to one unit in the last place or two: 2^k e^r, |r| <= ln 2 / 2, e^r by its series.
HWY_ATTR HWY_INLINE V exponential(V x) {
  const D d;
  const U u;
  const auto magic = hn::Set(d, 0x1.8p52);  // adding it rounds to a whole number, which stands in the low bits
  const auto shifted = hn::Add(hn::Mul(x, hn::Set(d, 1.4426950408889634)), magic);
  const auto k = hn::Sub(shifted, magic);
  const auto r = hn::Sub(hn::Sub(x, hn::Mul(k, hn::Set(d, 6.93147180369123816490e-01))),
                         hn::Mul(k, hn::Set(d, 1.90821492927058770002e-10)));
  // Terms in pairs, and pairs of pairs: the series one after the other would wait for each multiplication.
  const auto pair = [&](double low, double high, V power)
                        HWY_ATTR { return hn::Add(hn::Set(d, 1 / low), hn::Mul(hn::Set(d, 1 / high), power)); };
  const auto join = [&](V low, V high, V power) HWY_ATTR { return hn::Add(low, hn::Mul(high, power)); };
  const auto r2 = hn::Mul(r, r), r4 = hn::Mul(r2, r2), r8 = hn::Mul(r4, r4);
  const auto e0 = join(pair(1, 1, r), pair(2, 6, r), r2);
  const auto e4 = join(pair(24, 120, r), pair(720, 5040, r), r2);
  const auto e8 = join(pair(40320, 362880, r), pair(3628800, 39916800, r), r2);
  const auto e12 = pair(479001600, 6227020800, r);
  const auto e = join(join(e0, e4, r4), join(e8, e12, r4), r8);
  return hn::BitCast(d, hn::Add(hn::BitCast(u, e), hn::ShiftLeft<52>(hn::BitCast(u, shifted))));
}

HWY_ATTR StepResult step_lanes(bool restart_at_best, const StepArrays& a, const StepSource& source, std::uint64_t at) {
  const D d;
  const U u;
  const std::size_t lanes = hn::Lanes(d);
  const auto zero = hn::Zero(d), x = hn::Set(d, source.x), y = hn::Set(d, source.y);
  const auto now = hn::BitCast(d, hn::Set(u, at));
  auto least = hn::Set(d, 1e300), most = zero;
  HWY_ALIGN double totals[kStepLanes];
  for (std::size_t lane = 0; lane < kStepLanes; lane += lanes) {
    auto total = zero;
    for (std::size_t i = lane; i < a.n; i += kStepLanes) {
      auto step = hn::LoadU(d, source.constant + i);
      if (source.of_x != nullptr) {
        step = hn::Add(hn::Add(step, hn::Mul(hn::LoadU(d, source.of_x + i), x)),
                       hn::Mul(hn::LoadU(d, source.of_y + i), y));
      }
      const auto one = hn::LoadU(d, a.one + i), before = hn::LoadU(d, a.r + i);
      const auto start = restart_at_best ? hn::Max(one, before) : hn::Add(one, before);
      const auto r = hn::Mul(start, exponential(step));
      hn::StoreU(r, d, a.r + i);
      total = hn::Add(total, hn::Mul(hn::LoadU(d, a.weight + i), r));
      least = hn::Min(least, r);
      most = hn::Max(most, r);
      const auto sum = hn::LoadU(d, a.sum + i);
      const auto goes_on = hn::Gt(sum, zero);
      hn::StoreU(hn::Add(hn::IfThenElseZero(goes_on, sum), step), d, a.sum + i);
      const auto since = hn::BitCast(d, hn::LoadU(u, a.since + i));
      hn::StoreU(hn::BitCast(u, hn::IfThenElse(goes_on, since, now)), u, a.since + i);
    }
    hn::Store(total, d, totals + lane);
  }
  return {((totals[0] + totals[4]) + (totals[1] + totals[5])) + ((totals[2] + totals[6]) + (totals[3] + totals[7])),
          hn::GetLane(hn::MinOfLanes(d, least)), hn::GetLane(hn::MaxOfLanes(d, most))};
}

}  // namespace HWY_NAMESPACE
}  // namespace vigil::monitors
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vigil::monitors {
namespace {
HWY_EXPORT(step_lanes);
}  // namespace

StepResult step_all(bool restart_at_best, const StepArrays& arrays, const StepSource& source, std::uint64_t at) {
  return HWY_DYNAMIC_DISPATCH(step_lanes)(restart_at_best, arrays, source, at);
}

double weighted_total(std::size_t n, const double* weight, const double* r) {
  std::array<double, kStepLanes> totals{};
  for (std::size_t i = 0; i < n; ++i) totals[i % kStepLanes] += weight[i] * r[i];
  return ((totals[0] + totals[4]) + (totals[1] + totals[5])) + ((totals[2] + totals[6]) + (totals[3] + totals[7]));
}

}  // namespace vigil::monitors
#endif
