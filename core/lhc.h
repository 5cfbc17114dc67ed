// LHC time: the data clock every window, rate and action id is computed from.
// The one place where these numbers are written. Bunch crossings are numbered 1..3564, lumisections from 1, orbits from
// 0.
#pragma once

#include <cstdint>

namespace vigil::lhc {

inline constexpr std::uint32_t kCrossingsPerOrbit = 3564;
inline constexpr double kRevolutionHz = 11245.5;                           // orbits per second
inline constexpr double kCrossingHz = kCrossingsPerOrbit * kRevolutionHz;  // 40,078,962 Hz
inline constexpr std::uint32_t kOrbitsPerLumisection = 1u << 18;
inline constexpr double kLumisectionSeconds = kOrbitsPerLumisection / kRevolutionHz;  // 23.311 s
inline constexpr std::uint32_t kLastLumisection = 1u << 14;                           // orbits are 32-bit words

// Lumisection of an orbit: 1 + orbit / 2^18, in 1..16384.
constexpr std::uint32_t lumisection_of(std::uint32_t orbit) { return 1 + orbit / kOrbitsPerLumisection; }

// First and last orbit of a lumisection in 1..16384.
constexpr std::uint32_t first_orbit(std::uint32_t ls) { return (ls - 1) * kOrbitsPerLumisection; }
constexpr std::uint32_t last_orbit(std::uint32_t ls) { return first_orbit(ls) + (kOrbitsPerLumisection - 1); }

constexpr bool is_crossing(std::uint32_t bx) { return bx >= 1 && bx <= kCrossingsPerOrbit; }

// Rate [Hz] of `passes` among `inspected` bunch crossings; 0 when nothing was inspected.
constexpr double rate_hz(double passes, double inspected) {
  return inspected > 0 ? passes / inspected * kCrossingHz : 0;
}

}  // namespace vigil::lhc
