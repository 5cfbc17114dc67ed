#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/word_columns.h"
#include "monitors/open_summary.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::fixed;

// Events in memory, and any run of them as a batch with chosen word sizes.
struct Events {
  std::size_t inputs = 0, outputs = 0;
  std::vector<std::uint32_t> orbit;
  std::vector<std::uint16_t> bx;
  std::vector<std::vector<std::int64_t>> in, emulator, hardware;  // rows
  std::vector<std::uint64_t> bits;
  std::size_t size() const { return orbit.size(); }
};

std::vector<char> packed(const std::vector<std::vector<std::int64_t>>& rows, std::size_t first, std::size_t n,
                         int bytes) {
  std::vector<char> data;
  for (std::size_t r = first; r < first + n; ++r) {
    for (const std::int64_t w : rows[r])
      data.insert(data.end(), reinterpret_cast<const char*>(&w), reinterpret_cast<const char*>(&w) + bytes);
  }
  return data;
}

struct Sizes {
  int in = 4, emulator = 8, hardware = 4, bits = 1;
  bool has_hardware = true, has_bits = true;
  std::size_t block = 0;  // rows handed over at once, as columns of 4-byte words; 0: all, as rows
};

// Fills one BatchSummary from events [first, first + n) and adds it.
void add(BatchSummary& batch_summary, const ModelInfo& m, const Events& e, std::size_t first, std::size_t n,
         const Sizes& sizes, OpenSummary& into) {
  EventBatch batch;
  batch.run = 7;
  batch.ls = 3;
  batch.n = static_cast<std::uint32_t>(n);
  batch.n_bx = 10 * n;
  batch.context.pileup = 30.256;
  const auto in = packed(e.in, first, n, sizes.in), emulator = packed(e.emulator, first, n, sizes.emulator),
             hardware = packed(e.hardware, first, n, sizes.hardware);
  std::vector<char> bits;
  for (std::size_t r = first; r < first + n; ++r) {
    bits.insert(bits.end(), reinterpret_cast<const char*>(&e.bits[r]),
                reinterpret_cast<const char*>(&e.bits[r]) + sizes.bits);
  }
  batch.orbit = {e.orbit.data() + first, 4, false, n, 1};
  batch.bx = {e.bx.data() + first, 2, false, n, 1};
  batch.blocks.push_back({"", "inputs", {in.data(), sizes.in, true, n, e.inputs}});
  if (sizes.has_hardware)
    batch.blocks.push_back({"", "hw_outputs", {hardware.data(), sizes.hardware, true, n, e.outputs}});
  if (sizes.has_bits) batch.blocks.push_back({"", "hw_bits", {bits.data(), sizes.bits, false, n, 1}});
  const auto view = [](const std::vector<char>& data, int bytes, std::size_t columns) {
    return WordsView{data.data(), bytes, static_cast<std::ptrdiff_t>(columns) * bytes, bytes};
  };
  if (sizes.block == 0) {
    batch_summary.fill(m, batch, view(in, sizes.in, e.inputs), view(emulator, sizes.emulator, e.outputs));
  } else {
    batch_summary.begin(m, batch);
    WordColumns in_columns, emulator_columns;
    for (std::size_t r = 0; r < n; r += sizes.block) {
      const std::size_t rows = std::min(sizes.block, n - r);
      to_columns(view(in, sizes.in, e.inputs), r, rows, e.inputs, in_columns);
      to_columns(view(emulator, sizes.emulator, e.outputs), r, rows, e.outputs, emulator_columns);
      batch_summary.add(in_columns.view(), emulator_columns.view(), r, rows);
    }
    batch_summary.finish();
  }
  into.add(batch_summary);
}

// The same by the definitions, one event at a time.
Summary by_definition(const ModelInfo& m, const Events& e, const Sizes& sizes) {
  Summary s(m);
  Stratum& stratum = s.all;
  std::vector<KeptEvent> all;
  for (std::size_t r = 0; r < e.size(); ++r) {
    ++s.events;
    s.n_bx += 10;
    s.n_bx_own += 10;
    s.pileup_sum += 3026;
    ++s.pileup_events;
    s.crossings += 10;
    s.crossings_pileup += 10 * 3026;
    s.crossings_pileup_squared += Wide{10} * 3026 * 3026;
    ++s.events_per_bx[e.bx[r] - 1u];
    ++stratum.events;
    const auto fill = [](WordSummary& w, std::int64_t word) {
      w.histogram.fill(word);
      w.moments += {1, word, static_cast<unsigned __int128>(Wide{word} * word)};
    };
    for (std::size_t c = 0; c < e.inputs; ++c) fill(stratum.inputs[c], e.in[r][c]);
    for (std::size_t c = 0; c < e.outputs; ++c) fill(stratum.outputs[c], e.emulator[r][c]);
    ++stratum.outputs[2].words[e.emulator[r][2]];
    std::vector<std::string> disagreeing;
    for (std::size_t o = 0; o < m.outputs.size(); ++o) {
      OutputSummary& output = s.outputs[o];
      bool differs = false;
      if (sizes.has_hardware) {
        ++output.compared;
        for (std::size_t w = m.outputs[o].first_word; w < m.outputs[o].first_word + m.outputs[o].words && !differs;
             ++w) {
          const std::int64_t h = e.hardware[r][w], em = e.emulator[r][w];
          if (h == em) continue;
          differs = true;
          ++output.mismatches;
          ++(h > em ? output.hardware_above : output.hardware_below);
          const Wide distance = Wide{h} - em;
          output.distance.fill(distance > INT64_MAX   ? INT64_MAX
                               : distance < INT64_MIN ? INT64_MIN
                                                      : static_cast<std::int64_t>(distance));
          ++output.mismatches_per_bx[e.bx[r] - 1u];
        }
      } else if (sizes.has_bits && o == 1) {
        ++output.bits_compared;
        const bool loose = (e.bits[r] & 1) != 0, tight = (e.bits[r] >> 5 & 1) != 0;
        const std::int64_t word = e.emulator[r][2];
        if (tight && !loose) {
          ++output.bits_contradictory;
          differs = true;
        } else if ((word >= 100) != loose || (word >= 400) != tight) {
          ++output.bits_outside;
          differs = true;
        }
      }
      if (differs) disagreeing.push_back(m.outputs[o].name);
    }
    for (std::size_t i = 0; i < m.seeds.size(); ++i) {
      SeedSummary& seed = s.seeds[i];
      const bool emulator = e.emulator[r][2] >= m.seeds[i].threshold;
      seed.emulator += emulator;
      if (emulator) ++seed.passes_per_bx[e.bx[r] - 1u];
      if (!sizes.has_bits && !sizes.has_hardware) continue;
      const bool hardware =
          sizes.has_bits ? (e.bits[r] >> m.seeds[i].bit & 1) != 0 : e.hardware[r][2] >= m.seeds[i].threshold;
      ++seed.compared;
      seed.hardware += hardware;
      seed.hardware_only += hardware && !emulator;
      seed.emulator_only += emulator && !hardware;
      if (hardware != emulator) disagreeing.push_back(m.seeds[i].name);
    }
    if (!sizes.has_bits && !sizes.has_hardware) ++s.uncompared_per_bx[e.bx[r] - 1u];
    if (disagreeing.empty()) continue;
    ++s.disagreeing_per_bx[e.bx[r] - 1u];
    KeptEvent kept{7, 3, e.orbit[r], e.bx[r], e.in[r], {}, e.emulator[r], 0, sizes.has_bits, disagreeing};
    if (sizes.has_hardware) kept.hardware_outputs = e.hardware[r];
    if (sizes.has_bits) kept.hardware_bits = e.bits[r];
    all.push_back(kept);
  }
  std::sort(all.begin(), all.end(), kept_before);
  all.resize(std::min(all.size(), kKeptEvents));
  s.kept = all;
  return s;
}

Events random_events(const ModelInfo& m, std::size_t n, unsigned seed, int differ_percent) {
  std::mt19937_64 random(seed);
  Events e;
  e.inputs = m.inputs.size();
  e.outputs = m.output_words();
  const auto word = [&](const FixedPoint& type) {
    // All magnitudes alike, the ends included.
    const std::int64_t w = static_cast<std::int64_t>(random()) >> (random() % 64);
    if (random() % 50 == 0) return random() % 2 == 0 ? type.lowest() : type.highest();
    return type.holds(w) ? w : type.holds(~w) ? ~w : std::int64_t{0};
  };
  for (std::size_t r = 0; r < n; ++r) {
    e.orbit.push_back(524288 + static_cast<std::uint32_t>(random() % 40));  // many events at one time
    e.bx.push_back(static_cast<std::uint16_t>(1 + random() % (r % 3 == 0 ? 3564 : 2)));
    e.in.emplace_back();
    for (const InputColumn& c : m.inputs) e.in.back().push_back(word(c.type));
    e.emulator.emplace_back();
    for (const Output& o : m.outputs) {
      for (std::size_t w = 0; w < o.words; ++w) e.emulator.back().push_back(word(o.type));
    }
    if (random() % 3 == 0 && m.outputs[1].type.holds(500))
      e.emulator.back()[2] = static_cast<std::int64_t>(random() % 500);
    e.hardware.push_back(e.emulator.back());
    std::uint64_t bits = (e.emulator.back()[2] >= 100 ? 1u : 0u) | (e.emulator.back()[2] >= 400 ? 32u : 0u) | 64u;
    if (static_cast<int>(random() % 100) < differ_percent) {
      const std::size_t w = random() % e.outputs;
      e.hardware.back()[w] = word(m.outputs[w < 2 ? 0 : 1].type);
      if (random() % 2 == 0) bits ^= random() % 64;
    }
    e.bits.push_back(bits);
  }
  return e;
}

struct Layout {
  const char* name;
  FixedPoint input, output;
  Sizes sizes;
};

TEST(BatchSummary, EqualsTheDefinitionForEveryLayoutAndCut) {
  const std::vector<Layout> layouts = {
      {"18 bits", fixed(18, 13), fixed(18, 14, false), {4, 8, 4, 1, true, true}},
      {"bytes", fixed(8, 8), fixed(8, 8), {1, 1, 2, 2, true, true}},
      {"16 bits, no bits sent", fixed(16, 6), fixed(16, 6), {2, 4, 8, 1, true, false}},
      {"25 bits", fixed(25, 13), fixed(24, 14, false), {4, 4, 4, 8, true, true}},
      {"18 bits in columns", fixed(18, 13), fixed(18, 14, false), {4, 4, 4, 8, true, true, 960}},
      {"bytes in columns", fixed(8, 8), fixed(7, 8, false), {1, 1, 1, 2, true, true, 64}},
      {"25 bits in columns", fixed(25, 13), fixed(24, 14, false), {4, 4, 8, 8, true, true, 1500}},
      {"32 bits in columns, bits only", fixed(32, 13), fixed(32, 14), {4, 4, 4, 4, false, true, 100}},
      {"64 bits", fixed(64, 13), fixed(64, 14), {8, 8, 8, 4, true, true}},
      {"63 bits unsigned", fixed(63, 13, false), fixed(63, 14, false), {8, 8, 8, 4, true, true}},
      {"decision bits only", fixed(18, 13), fixed(18, 14, false), {4, 8, 4, 1, false, true}},
      {"no hardware", fixed(18, 13), fixed(18, 14, false), {4, 2, 4, 1, false, false}},
  };
  for (const Layout& layout : layouts) {
    SCOPED_TRACE(layout.name);
    const ModelInfo m =
        fixtures::model(5, layout.input, layout.name == std::string("no hardware") ? fixed(12, 12) : layout.output);
    for (const int differ : {0, 30}) {
      const Events e = random_events(m, 4200, 17, differ);
      const Summary expected = by_definition(m, e, layout.sizes);
      for (const std::size_t cut :
           {std::size_t{4096}, std::size_t{511}, std::size_t{512}, std::size_t{7}, std::size_t{1}}) {
        OpenSummary open(m);
        BatchSummary reused;
        for (std::size_t first = 0; first < e.size(); first += cut) {
          add(reused, m, e, first, std::min(cut, e.size() - first), layout.sizes, open);
        }
        const Summary s = open.take();
        ASSERT_EQ(s.all, expected.all) << cut;
        ASSERT_EQ(s.outputs, expected.outputs) << cut;
        ASSERT_EQ(s.seeds, expected.seeds) << cut;
        ASSERT_EQ(s.kept, expected.kept) << cut;
        ASSERT_EQ(s, expected) << cut;
      }
    }
  }
}

TEST(BatchSummary, OrderOfBatchesDoesNotMatter) {
  const ModelInfo m = fixtures::model();
  const Events e = random_events(m, 3000, 5, 50);
  OpenSummary forward(m), backward(m);
  BatchSummary batch;
  const Sizes sizes;
  for (std::size_t first = 0; first < 3000; first += 600) add(batch, m, e, first, 600, sizes, forward);
  for (std::size_t first = 3000; first > 0; first -= 300) add(batch, m, e, first - 300, 300, sizes, backward);
  EXPECT_EQ(forward.summary(), backward.summary());
}

TEST(BatchSummary, ForeignAndFailedBatchesAreCountedOnly) {
  const ModelInfo m = fixtures::model();
  const std::uint32_t orbits[] = {1, 2, 3};
  const std::uint16_t bx[] = {1, 1, 3564};
  EventBatch b;
  b.n = 3;
  b.n_bx = 77;
  b.context.pileup = 50;
  b.orbit = {orbits, 4, false, 3, 1};
  b.bx = {bx, 2, false, 3, 1};
  BatchSummary batch;
  OpenSummary open(m);
  batch.fill_foreign(b);
  open.add(batch);
  Summary foreign(m);
  foreign.events = foreign.wrong_model_events = 3;
  foreign.n_bx = 77;
  EXPECT_EQ(open.summary(), foreign);
  batch.fill_failed(b);
  open.add(batch);
  const Summary s = open.take();
  EXPECT_EQ(s.events, 6u);
  EXPECT_EQ(s.failed_events, 3u);
  EXPECT_EQ(s.n_bx, 154u);
  EXPECT_EQ(s.n_bx_own, 0u);
  EXPECT_EQ(s.all.events, 0u);
  EXPECT_EQ(s.events_per_bx[0], 2u);
}

TEST(BatchSummary, HeartbeatAddsItsCrossingsAndForgetsTheBatchBefore) {
  const ModelInfo m = fixtures::model();
  const Events e = random_events(m, 1000, 5, 50);
  BatchSummary batch;
  OpenSummary ignored(m), s(m);
  add(batch, m, e, 0, 1000, Sizes{}, ignored);
  EventBatch heartbeat;
  heartbeat.n_bx = 5;
  batch.fill(m, heartbeat, {}, {});
  s.add(batch);
  Summary expected(m);
  expected.n_bx = expected.n_bx_own = 5;
  EXPECT_EQ(s.summary(), expected);
  EXPECT_EQ(batch.events(), 0u);
}

TEST(BatchSummary, OnePoolServesSeveralModels) {
  const ModelInfo m = fixtures::model(3);
  ModelInfo other = fixtures::model(2, fixed(64, 13), fixed(9, 4, false));
  other.hash = std::string(64, 'b');
  const Events a = random_events(m, 700, 1, 10), b = random_events(other, 700, 2, 10);
  BatchSummary batch;
  OpenSummary s(m), t(other);
  const Sizes wide{8, 8, 8, 1, true, true};
  for (std::size_t first = 0; first < 700; first += 100) {
    add(batch, m, a, first, 100, wide, s);
    add(batch, other, b, first, 100, wide, t);
  }
  EXPECT_EQ(s.summary(), by_definition(m, a, wide));
  EXPECT_EQ(t.summary(), by_definition(other, b, wide));
}

// A column that stands at one word but for a few, at every kind of word, and the same halfway through a lumisection.
TEST(BatchSummary, StandingColumnsAndALookInBetween) {
  const ModelInfo m = fixtures::model(5, fixed(18, 13), fixed(18, 14, false));
  const FixedPoint type = m.inputs[0].type;
  const std::int64_t standing[] = {0, 1, -1, type.lowest(), type.highest()};
  Events e = random_events(m, 2000, 3, 10);
  for (std::size_t r = 0; r < e.size(); ++r) {
    for (std::size_t c = 0; c < 5; ++c) {
      if (r % 97 != c) e.in[r][c] = standing[c];
    }
  }
  Sizes sizes;
  for (const std::size_t block : {std::size_t{0}, std::size_t{64}}) {
    sizes.block = block;
    for (const std::size_t cut : {std::size_t{2000}, std::size_t{100}}) {
      OpenSummary open(m);
      BatchSummary batch;
      for (std::size_t first = 0; first < e.size(); first += cut) {
        add(batch, m, e, first, cut, sizes, open);
        if (first == cut * 3) open = OpenSummary(m, Summary(open.summary()));  // as from a journal
      }
      EXPECT_EQ(open.summary(), by_definition(m, e, sizes)) << block << " " << cut;
    }
  }
}

}  // namespace
}  // namespace vigil::monitors
