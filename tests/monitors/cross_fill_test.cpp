// Sums of products of words: exactly those of the definition, however events are cut, ordered and merged.
#include "monitors/cross_fill.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "core/word_columns.h"
#include "monitors/open_summary.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

struct CrossEvents {
  std::size_t inputs = 0, outputs = 0;
  std::vector<std::uint32_t> orbit;
  std::vector<std::int64_t> in, out;  // rows
  std::size_t size() const { return orbit.size(); }
};

CrossEvents cross_events(const ModelInfo& m, std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  CrossEvents e{m.inputs.size(), m.output_words(), {}, {}, {}};
  const auto word = [&](const FixedPoint& type) {
    if (random() % 20 == 0) return random() % 2 == 0 ? type.lowest() : type.highest();
    const std::int64_t w = static_cast<std::int64_t>(random()) >> (random() % 64);
    return type.holds(w) ? w : type.holds(~w) ? ~w : std::int64_t{0};
  };
  for (std::size_t r = 0; r < n; ++r) {
    e.orbit.push_back(static_cast<std::uint32_t>(524288 + random() % 64));
    for (const InputColumn& column : m.inputs) e.in.push_back(word(column.type));
    for (const Output& output : m.outputs) {
      for (std::size_t w = 0; w < output.words; ++w) e.out.push_back(word(output.type));
    }
  }
  return e;
}

// Events `order[first .. first + n)` as one batch; in blocks of columns of 4 bytes, or (block 0) as rows of 8 bytes.
void add_cross(BatchSummary& batch_summary, const ModelInfo& m, const CrossEvents& e,
               const std::vector<std::size_t>& order, std::size_t first, std::size_t n, std::size_t block,
               std::uint32_t every, OpenSummary& open, std::optional<double> pileup = {}) {
  std::vector<std::uint32_t> orbit;
  std::vector<std::uint16_t> bx(n, 1);
  std::vector<std::int64_t> in, out;
  for (std::size_t i = first; i < first + n; ++i) {
    const auto r = static_cast<std::ptrdiff_t>(order[i]);
    orbit.push_back(e.orbit[order[i]]);
    const auto inputs = static_cast<std::ptrdiff_t>(e.inputs), outputs = static_cast<std::ptrdiff_t>(e.outputs);
    in.insert(in.end(), e.in.begin() + r * inputs, e.in.begin() + (r + 1) * inputs);
    out.insert(out.end(), e.out.begin() + r * outputs, e.out.begin() + (r + 1) * outputs);
  }
  EventBatch batch;
  batch.n = static_cast<std::uint32_t>(n);
  batch.n_bx = n;
  batch.context.pileup = pileup;
  batch.orbit = {orbit.data(), 4, false, n, 1};
  batch.bx = {bx.data(), 2, false, n, 1};
  const WordsView inputs = words_of(in.data(), e.inputs), outputs = words_of(out.data(), e.outputs);
  if (block == 0) {
    batch_summary.fill(m, batch, inputs, outputs, every);
  } else {
    batch_summary.begin(m, batch, every);
    WordColumns in_columns, out_columns;
    for (std::size_t r = 0; r < n; r += block) {
      const std::size_t rows = std::min(block, n - r);
      to_columns(inputs, r, rows, e.inputs, in_columns);
      to_columns(outputs, r, rows, e.outputs, out_columns);
      batch_summary.add(in_columns.view(), out_columns.view(), r, rows);
    }
    batch_summary.finish();
  }
  open.add(batch_summary);
}

// By the definition, in integers of 128 bits.
CrossMoments naive_products(const CrossEvents& e, const std::vector<std::int64_t>& words, std::size_t columns,
                            std::uint32_t every) {
  using Unsigned = unsigned __int128;
  CrossMoments m;
  for (std::size_t r = 0; r < e.size(); ++r) {
    if (e.orbit[r] % every != 0) continue;
    if (m.columns() == 0) m.lay_out(columns);
    ++m.n;
    const std::int64_t* x = words.data() + r * columns;
    Unsigned norm = 0;
    for (std::size_t i = 0; i < columns; ++i) norm += static_cast<Unsigned>(Wide{x[i]} * x[i]);
    std::size_t at = 0;
    for (std::size_t i = 0; i < columns; ++i) {
      m.sums[i] = wrapped_sum(m.sums[i], x[i]);
      m.norm_products[i] = wrapped_sum(m.norm_products[i], static_cast<Wide>(norm * static_cast<Unsigned>(Wide{x[i]})));
      for (std::size_t j = i; j < columns; ++j, ++at) m.products[at] = wrapped_sum(m.products[at], Wide{x[i]} * x[j]);
    }
    m.norm_squares += norm * norm;
  }
  return m;
}

struct CrossCase {
  const char* name;
  std::size_t inputs;
  FixedPoint input, output;
  bool columns;  // words fit columns of 4 bytes
};

TEST(CrossFill, EqualsTheDefinitionForEveryTypeCutAndOrder) {
  const CrossCase cases[] = {
      {"18 bits", 57, fixtures::fixed(18, 13), fixtures::fixed(18, 14, false), true},
      {"one column", 1, fixtures::fixed(16, 6), fixtures::fixed(12, 12), true},
      {"seven columns", 7, fixtures::fixed(8, 8), fixtures::fixed(9, 8, false), true},
      {"one bit", 12, fixtures::fixed(1, 1, false), fixtures::fixed(2, 2), true},
      {"hundreds of columns", 252, fixtures::fixed(10, 10, false), fixtures::fixed(16, 8), true},
      {"23 bits: sums that soon leave a double", 9, fixtures::fixed(23, 13), fixtures::fixed(22, 14, false), true},
      {"32 bits: too wide for it", 5, fixtures::fixed(32, 13), fixtures::fixed(32, 13), true},
      {"64 bits", 5, fixtures::fixed(64, 13), fixtures::fixed(63, 13, false), false}};
  for (const CrossCase& c : cases) {
    SCOPED_TRACE(c.name);
    const ModelInfo m = fixtures::model(c.inputs, c.input, c.output);
    const CrossEvents e = cross_events(m, 3000, 3);
    std::vector<std::size_t> order(e.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (const std::uint32_t every : {1u, 7u, 16u}) {
      const CrossMoments inputs = naive_products(e, e.in, e.inputs, every);
      const CrossMoments outputs = naive_products(e, e.out, e.outputs, every);
      ASSERT_GT(inputs.n, 100u);
      for (const std::size_t cut : {3000u, 1000u, 200u, 37u}) {
        for (const std::size_t block : {std::size_t{0}, std::size_t{64}, std::size_t{960}}) {
          if (block != 0 && !c.columns) continue;
          OpenSummary open(m);
          BatchSummary reused;
          for (std::size_t first = 0; first < e.size(); first += cut) {
            add_cross(reused, m, e, order, first, std::min(cut, e.size() - first), block, every, open);
            if (first == 2 * cut) open = OpenSummary(m, Summary(open.summary()));  // a look, and as from a journal
          }
          const Summary s = open.take();
          ASSERT_EQ(s.all.input_products, inputs) << "every " << every << ", cut " << cut << ", block " << block;
          ASSERT_EQ(s.all.output_products, outputs) << "every " << every << ", cut " << cut << ", block " << block;
        }
        std::shuffle(order.begin(), order.end(), std::mt19937_64(cut));
      }
    }
  }
}

TEST(CrossFill, PartsMergeToTheWholeAndStrataToAll) {
  const ModelInfo m = fixtures::model(20);
  const CrossEvents e = cross_events(m, 2000, 9);
  std::vector<std::size_t> order(e.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  OpenSummary whole(m), divided(m, 200);
  BatchSummary batch;
  Summary merged(m);
  for (std::size_t first = 0; first < 2000; first += 250) {
    add_cross(batch, m, e, order, first, 250, 0, 4, whole);
    add_cross(batch, m, e, order, first, 250, 0, 4, divided, 40 + static_cast<double>(first) / 250);
    OpenSummary part(m);
    add_cross(batch, m, e, order, first, 250, 0, 4, part);
    merged += part.summary();
  }
  const CrossMoments expected = naive_products(e, e.in, 20, 4);
  EXPECT_EQ(whole.summary().all.input_products, expected);
  EXPECT_EQ(merged.all.input_products, expected);
  EXPECT_EQ(divided.summary().all.input_products, expected);
  EXPECT_EQ(divided.summary().strata.size(), 4u);
  // As text and back.
  EXPECT_EQ(summary_from_json(to_json(whole.summary()), m, "test"), whole.summary());
  EXPECT_EQ(cross_moments_from_json(to_json(expected), 20, "test"), expected);
  EXPECT_ANY_THROW((void)cross_moments_from_json(to_json(expected), 19, "test"));
}

TEST(CrossFill, NothingIsSummedUnlessAsked) {
  ModelInfo m = fixtures::model(4);
  const CrossEvents e = cross_events(m, 500, 1);
  std::vector<std::size_t> order(e.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  OpenSummary open(m), asked(m);
  BatchSummary batch;
  add_cross(batch, m, e, order, 0, 500, 0, 0, open);
  EXPECT_EQ(open.summary().all.input_products, CrossMoments());
  // One output word has no products with others.
  m.outputs = {{"score", fixtures::fixed(18, 14, false), 0, 1}};
  m.seeds.clear();
  m.hash = std::string(64, 'b');
  const CrossEvents one = cross_events(m, 500, 1);
  OpenSummary single(m);
  add_cross(batch, m, one, order, 0, 500, 0, 1, single);
  EXPECT_EQ(single.summary().all.input_products.n, 500u);
  EXPECT_EQ(single.summary().all.output_products, CrossMoments());
  EXPECT_EQ(to_json(open.summary()).find("products"), std::string::npos);
}

}  // namespace
}  // namespace vigil::monitors
