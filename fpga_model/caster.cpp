#include "fpga_model/caster.h"

namespace vigil::fpga_model {

Caster::Caster(int source_fraction, int source_width, const FixedPoint& to)
    : to_(to),
      fraction_(source_fraction),
      width_(source_width),
      spare_bits_(64 - to.width),
      lowest_(to.lowest()),
      highest_(to.highest()) {
  const int s = source_fraction - to.fraction();
  right_ = s > 0 ? s : 0;
  left_ = s < 0 ? -s : 0;
  const bool wraps = to.overflow == Overflow::wrap && to.saturation_bits == 0;
  const bool saturates =
      to.overflow == Overflow::sat || to.overflow == Overflow::sat_zero || to.overflow == Overflow::sat_sym;
  // A symmetric type leaves out its lowest word; one bit alone keeps it (docs/network_json.md, section 2).
  if (to.overflow == Overflow::sat_sym && to.is_signed && to.width > 1) lowest_ = -highest_;
  if (wraps) {
    fast_ = right_ <= 62 && left_ <= 63;  // modulo 2^64 is enough: the result keeps low bits only
  } else if (saturates) {
    fast_ = right_ <= 62 && (left_ == 0 || source_width + left_ <= 63);
  }
}

}  // namespace vigil::fpga_model
