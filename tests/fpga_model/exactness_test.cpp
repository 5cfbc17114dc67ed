// The shortcuts against the literal rules: prepared casts, accumulators and comparisons, on random types and words from
// a fixed seed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "fpga_model/caster.h"
#include "fpga_model/network/network.h"
#include "fpga_model/network/reduction.h"

namespace vigil::fpga_model {
namespace {

using nlohmann::json;

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::int64_t between(std::int64_t lowest, std::int64_t highest) {
    const std::uint64_t range = static_cast<std::uint64_t>(highest) - static_cast<std::uint64_t>(lowest) + 1;
    const std::uint64_t bits = engine_();
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(lowest) + (range == 0 ? bits : bits % range));
  }
  // Every third word is one of the corners.
  std::int64_t word(const FixedPoint& type) {
    switch (between(0, 8)) {
      case 0:
        return type.lowest();
      case 1:
        return type.highest();
      case 2:
        return type.holds(-1) ? -1 : 0;
      default:
        return between(type.lowest(), type.highest());
    }
  }
  FixedPoint type(int narrowest, int widest, bool any_modes) {
    FixedPoint t;
    t.is_signed = between(0, 2) != 0;
    t.width = static_cast<int>(between(narrowest, std::min(widest, t.is_signed ? 64 : 63)));
    t.integer = static_cast<int>(between(0, 9) == 0 ? between(-128, 128) : between(-8, t.width + 8));
    if (any_modes) {
      t.quantization = static_cast<Quantization>(between(0, 6));
      t.overflow = static_cast<Overflow>(between(0, 3));
      if (t.overflow == Overflow::wrap && between(0, 2) == 0) t.saturation_bits = static_cast<int>(between(0, t.width));
    }
    return t;
  }

 private:
  std::mt19937_64 engine_;
};

TEST(CasterProperty, EqualsTheConversionOfTheRules) {
  Random random(1);
  for (int k = 0; k < 20000; ++k) {
    const FixedPoint from = random.type(1, 64, false);
    FixedPoint to = random.type(1, 64, true);
    if (to.is_signed && k % 10 == 0) to.overflow = Overflow::wrap_sm;
    const Caster prepared(from, to);
    for (int i = 0; i < 20; ++i) {
      const std::int64_t raw = random.word(from);
      const std::int64_t expected = cast(Wide{raw}, from.fraction(), from.width, to);
      ASSERT_EQ(prepared(raw), expected) << raw << " " << to_string(from) << " -> " << to_string(to);
      ASSERT_EQ(prepared(Wide{raw}), expected);
    }
    const Caster wide(from.fraction(), 100, to);
    const Wide raw = Wide{random.word(from)} * (Wide{1} << 36);
    ASSERT_EQ(wide(raw), cast(raw, from.fraction(), 100, to));
  }
}

TEST(CompareProperty, OrderIsThatOfTheValues) {
  Random random(2);
  for (int k = 0; k < 20000; ++k) {
    const FixedPoint a = random.type(1, 20, false);
    const FixedPoint b = random.type(1, 20, false);
    if (std::abs(a.fraction() - b.fraction()) > 100) continue;
    const std::int64_t x = random.word(a);
    const std::int64_t y = random.word(b);
    const int f = std::max(a.fraction(), b.fraction());
    const Wide left = Wide{x} * (Wide{1} << (f - a.fraction()));
    const Wide right = Wide{y} * (Wide{1} << (f - b.fraction()));
    ASSERT_EQ(compare_values(x, a.fraction(), y, b.fraction()), left < right ? -1 : left > right ? 1 : 0);
    ASSERT_EQ(x >= lowest_word_above(y, b.fraction(), a.fraction(), false), left > right)
        << x << " " << y << to_string(a) << to_string(b);
    ASSERT_EQ(x >= lowest_word_above(y, b.fraction(), a.fraction(), true), left >= right)
        << x << " " << y << to_string(a) << to_string(b);
  }
  EXPECT_EQ(compare_values(1, -127, std::int64_t{1} << 62, 191), 1);
  EXPECT_EQ(compare_values(-1, -127, std::int64_t{1} << 62, 191), -1);
  EXPECT_EQ(compare_values(0, -127, 0, 191), 0);
  EXPECT_GT(lowest_word_above(1, -127, 191, false), Wide{1} << 63);
  EXPECT_EQ(lowest_word_above(1, 191, -127, false), 1);
  EXPECT_EQ(lowest_word_above(-1, 191, -127, true), 0);
}

TEST(TreeSum, SplitsAtThePowerOfTwoBelow) {
  // In a type that rounds at every step the order shows: 5 = 4 + 1, 13 = 8 + 5.
  const FixedPoint type{6, 6, true, Quantization::trn, Overflow::sat};
  const TreeSum sum(type);
  const std::int64_t five[] = {31, 31, -20, -20, 7};  // (31 + -32) + 7; in sequence it would be -2
  EXPECT_EQ(sum(five, 5), 6);
  const std::int64_t thirteen[] = {30, 30, -9, -30, -30, 4, 20, -1, 25, 25, -31, -30, 17};
  EXPECT_EQ(sum(thirteen, 13), 8);
  EXPECT_EQ(sum(thirteen, 7), -7);
  EXPECT_EQ(sum(thirteen, 1), 30);
}

// ---- dense against the literal rule
// -----------------------------------------------------------------------------------

struct DenseCase {
  FixedPoint x, w, b, to;
  bool exact = false;
  FixedPoint accum;
  std::size_t n = 1;
  std::size_t reuse = 1;
  std::string product = "mult";
};

json constant(const FixedPoint& type, const Shape& shape, const std::vector<std::int64_t>& raw) {
  return {{"type", to_string(type)}, {"shape", shape}, {"raw", raw}};
}

std::int64_t literal(const DenseCase& c, const std::vector<std::int64_t>& x, const std::vector<std::int64_t>& w,
                     std::int64_t b) {
  FixedPoint p{c.x.width + c.w.width, c.x.integer + c.w.integer, true};
  if (c.product == "weight_binary") p = c.x;
  if (c.product == "data_binary") p = c.w;
  if (c.product == "xnor") p = {1, 1, false};
  const auto product = [&](std::size_t i) -> Wide {
    if (c.product == "weight_binary") return w[i] == 0 ? -Wide{x[i]} : Wide{x[i]};
    if (c.product == "data_binary") return x[i] == 0 ? -Wide{w[i]} : Wide{w[i]};
    if (c.product == "xnor") return x[i] == w[i] ? 1 : 0;
    return Wide{x[i]} * w[i];
  };
  Wide acc = 0;
  int fraction = 0;
  if (c.exact) {
    fraction = std::max(p.fraction(), c.b.fraction());
    acc = Wide{b} * (Wide{1} << (fraction - c.b.fraction()));
    for (std::size_t i = 0; i < c.n; ++i) acc += product(i) * (Wide{1} << (fraction - p.fraction()));
  } else {
    fraction = c.accum.fraction();
    acc = cast(Wide{b}, c.b.fraction(), c.b.width, c.accum);
    for (std::size_t ir = 0; ir < c.reuse; ++ir) {
      for (std::size_t i = ir; i < c.n; i += c.reuse) {
        acc = cast(acc + cast(product(i), p.fraction(), 127, c.accum), fraction, 127, c.accum);
      }
    }
  }
  if (c.product != "xnor") return cast(acc, fraction, 127, c.to);
  int k = 2;
  while ((std::size_t{1} << (k - 2)) < c.n) ++k;
  const FixedPoint whole{k, k, true};
  const int f = std::max(fraction, 0);
  const Wide v = acc * 2 * (Wide{1} << (f - fraction)) - static_cast<Wide>(c.n) * (Wide{1} << f);
  return cast(Wide{cast(v, f, 127, whole)}, 0, k, c.to);
}

TEST(DenseProperty, EveryAccumulatorEqualsTheLiteralRule) {
  Random random(3);
  int loaded[4] = {};
  for (int k = 0; k < 4000; ++k) {
    DenseCase c;
    const char* products[] = {"mult", "mult", "mult", "weight_binary", "data_binary", "xnor"};
    c.product = products[random.between(0, 5)];
    const bool bits = c.product == "xnor";
    c.x = bits ? FixedPoint{1, 1, false} : random.type(1, 32, false);
    c.w = bits ? FixedPoint{1, 1, false} : random.type(1, 32, false);
    c.b = random.type(1, 20, false);
    c.to = random.type(1, 64, true);
    c.exact = random.between(0, 4) == 0;
    c.accum = random.type(1, 63, random.between(0, 1) == 0);
    if (bits) c.accum.integer = std::clamp(c.accum.integer, c.accum.width - 60, c.accum.width + 60);
    c.n = static_cast<std::size_t>(random.between(1, 9));
    c.reuse = static_cast<std::size_t>(random.between(1, static_cast<std::int64_t>(c.n)));
    std::vector<std::int64_t> w;
    for (std::size_t i = 0; i < c.n; ++i) w.push_back(random.word(c.w));
    const std::int64_t b = random.word(c.b);
    const json network = {{"format", "vigil-network/1"},
                          {"inputs", {{{"name", "x"}, {"shape", {c.n}}, {"type", to_string(c.x)}}}},
                          {"outputs", {"y"}},
                          {"layers",
                           {{{"name", "d"},
                             {"op", "dense"},
                             {"inputs", {"x"}},
                             {"product", c.product},
                             {"reuse_factor", c.reuse},
                             {"accum", c.exact ? "exact" : to_string(c.accum)},
                             {"weights", constant(c.w, {c.n, 1}, w)},
                             {"bias", constant(c.b, {1}, {b})},
                             {"output", {{"name", "y"}, {"shape", {1}}, {"type", to_string(c.to)}}}}}}};
    std::unique_ptr<Network> net;
    try {
      net = std::make_unique<Network>(network.dump(), "network.json");
    } catch (const std::exception&) {
      continue;  // beyond 64 bits: refused, as the limits say
    }
    ++loaded[c.exact ? 0 : std::string("ABC").find(net->layers()[0].kernel[0]) + 1];
    std::vector<std::int64_t> words(c.n + 1);
    for (int event = 0; event < 10; ++event) {
      for (std::size_t i = 0; i < c.n; ++i) words[i] = random.word(c.x);
      ASSERT_EQ(net->run({words.data(), nullptr, 1, 1}), Status::ok);
      ASSERT_EQ(words[c.n], literal(c, words, w, b)) << network << net->layers()[0].kernel;
    }
  }
  for (const int n : loaded) EXPECT_GT(n, 100);
}

}  // namespace
}  // namespace vigil::fpga_model
