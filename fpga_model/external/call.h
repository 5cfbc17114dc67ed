// Calls a C function of 1 to 32 pointers. Used for the functions hls4ml's bridge exports, whose number of arguments is
// known only at run time.
// Tests: tests/fpga_model/external_library_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace vigil::fpga_model {

inline constexpr std::size_t kMaxPointers = 32;

namespace detail {

template <std::size_t>
using Pointer = void*;

template <std::size_t... I>
void call_n(void* function, void* const* p, std::index_sequence<I...>) {
  reinterpret_cast<void (*)(Pointer<I>...)>(function)(p[I]...);
}

using Caller = void (*)(void*, void* const*);

template <std::size_t N>
void call_exactly(void* function, void* const* p) {
  call_n(function, p, std::make_index_sequence<N>());
}

template <std::size_t... N>
constexpr std::array<Caller, sizeof...(N)> callers(std::index_sequence<N...>) {
  return {&call_exactly<N>...};
}

}  // namespace detail

// `n` at most kMaxPointers.
inline void call_with_pointers(void* function, void* const* pointers, std::size_t n) {
  static constexpr auto kCallers = detail::callers(std::make_index_sequence<kMaxPointers + 1>());
  kCallers[n](function, pointers);
}

}  // namespace vigil::fpga_model
