#include "monitors/window_cutter.h"

#include <algorithm>

namespace vigil::monitors {

std::vector<WindowSpan> WindowCutter::add(std::uint32_t ls) {
  if (!state_.started) state_ = {true, ls, ls, 0};
  state_.last = ls;
  std::vector<WindowSpan> full;
  // In 64 bits: a window may be longer than any run.
  while (std::uint64_t{state_.start} + window_ - 1 <= ls) {
    full.push_back({state_.start, state_.start + window_ - 1});
    state_.covered = full.back().last_ls;
    state_.start += std::min(hop_, UINT32_MAX - state_.start);
  }
  return full;
}

std::optional<WindowSpan> WindowCutter::cut() {
  const State was = state_;
  state_ = {};
  if (!was.started || was.start > was.last || was.covered >= was.last) return std::nullopt;
  return WindowSpan{was.start, was.last};
}

std::optional<std::uint32_t> WindowCutter::needed() const {
  return state_.started ? std::optional(state_.start) : std::nullopt;
}

}  // namespace vigil::monitors
