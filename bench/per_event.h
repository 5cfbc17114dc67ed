// The two figures every benchmark prints: events a second, and time an event.
#pragma once

#include <benchmark/benchmark.h>

// `events`: handled by each iteration.
inline void per_event(benchmark::State& state, std::size_t events) {
  using benchmark::Counter;
  const double n = static_cast<double>(events);
  state.counters["events/s"] = Counter(n, Counter::kIsIterationInvariantRate);
  state.counters["time/event"] = Counter(n, Counter::kIsIterationInvariantRate | Counter::kInvert);
}
