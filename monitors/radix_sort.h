// Sorts unsigned keys in linear time. Used for samples of statistics. Pure; scratch memory is the caller's, so that a
// second sort allocates nothing.
// Tests: tests/monitors/sorted_sample_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

namespace vigil::monitors {

// Ascending. Up to three passes by 11 bits over the leading bits in which the keys differ, then the few that agree in
// all of these by comparison: O(n) for numbers spread at all, O(n log n) at worst. `scratch` holds anything afterwards.
void radix_sort(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& scratch);

}  // namespace vigil::monitors
