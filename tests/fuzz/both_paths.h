// The two paths of an engine that was read, on two events: the fast one for one instruction set an input, which
// `choice` picks.
#pragma once

#include <stdexcept>

#include "../fpga_model/engine_runs.h"

namespace vigil::fuzz {

inline void expect_equal_paths(const fpga_model::Engine& engine, std::size_t choice) {
  using namespace fpga_model;
  constexpr std::size_t kRows = 2;
  std::mt19937_64 random(1);
  const std::vector<std::int64_t> inputs = random_inputs(engine, kRows, random);
  const EngineResult expected = reference_outputs(engine, inputs, kRows);
  const SimdTarget target = simd_targets()[choice % simd_targets().size()];
  const auto fast = engine.fast(target);
  if (fast == nullptr) return;
  const EngineResult found = fast_outputs(engine, *fast, inputs, kRows);
  if (found.status != expected.status || (found.status == Status::ok && found.words != expected.words))
    throw std::runtime_error(to_string(target) + " differs from the reference path");
}

}  // namespace vigil::fuzz
