// Random numbers that are the same on every machine and compiler: xoshiro256** seeded through splitmix64.
// Used by the scenario generator. The standard library's distributions differ between implementations, so none is used.
// Source: D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators" (2018), https://prng.di.unimi.it.
// Tests: tests/replay/scenario_test.cpp.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>

namespace vigil::replay {

// One step of splitmix64: also a good mixer of counters into independent-looking words.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// A key of several words, e.g. seed, run, lumisection. Order matters.
constexpr std::uint64_t mix(std::initializer_list<std::uint64_t> words) {
  std::uint64_t key = 0;
  for (const std::uint64_t w : words) key = mix(key ^ mix(w));
  return key;
}

// floor(word * n / 2^64), in 0..n-1; the bias is below n / 2^64. n >= 1.
constexpr std::uint64_t scale_to(std::uint64_t word, std::uint64_t n) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(word) * n) >> 64);
}

// Whether `word` falls within a fraction in 0..1 (exact at both ends).
constexpr bool falls_within(std::uint64_t word, double fraction) {
  return static_cast<double>(word >> 11) * 0x1p-53 < fraction;
}

class Random {
 public:
  explicit Random(std::uint64_t key) {
    for (std::uint64_t& word : state_) word = key = mix(key);
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Uniform in 0..n-1, one draw whatever n is. n >= 1.
  std::uint64_t below(std::uint64_t n) { return scale_to(next(), n); }

  // Binomial(64 * mean, 1/64): the number of set bits of `mean` words whose bits are set with probability 1/64. Mean
  // `mean`, variance 63/64 of Poisson's, in integers only.
  std::uint64_t count(std::uint64_t mean) {
    std::uint64_t total = 0;
    for (std::uint64_t i = 0; i < mean; ++i) {
      std::uint64_t bits = next();
      for (int k = 0; k < 5; ++k) bits &= next();
      total += static_cast<std::uint64_t>(std::popcount(bits));
    }
    return total;
  }

 private:
  std::uint64_t state_[4];
};

}  // namespace vigil::replay
