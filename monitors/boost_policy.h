// How the distributions call Boost.Math. Private to their sources.
// Tests: tests/monitors/distributions_test.cpp.
#pragma once

#include <boost/math/policies/policy.hpp>

namespace vigil::monitors {

// No exceptions on odd arguments, and double throughout: long double differs between machines.
using BoostPolicy =
    boost::math::policies::policy<boost::math::policies::promote_double<false>,
                                  boost::math::policies::domain_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::pole_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::underflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::denorm_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::max_root_iterations<400>>;
inline constexpr BoostPolicy kBoostPolicy{};

}  // namespace vigil::monitors
