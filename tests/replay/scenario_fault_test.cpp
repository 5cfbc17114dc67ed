// Each fault of the scenario generator changes what it says and nothing else.
#include "scenarios.h"

namespace vigil::replay {
namespace {

// Runs with and without a fault and gives pairs of events; those outside the fault's lumisections must be equal.
struct Pair {
  std::vector<std::int64_t> inputs, true_inputs;
  std::int64_t score, true_score;
};
std::vector<Pair> pairs_of(const std::string& fault, std::shared_ptr<const Model> other = nullptr,
                           std::uint64_t* mismatched = nullptr) {
  const Recorded faulty = run(scenario_of("faults:\n  - {" + fault + ", from_ls: 3, to_ls: 4}\n"), sum_model(),
                              some_events(), std::move(other));
  const Recorded good = run(scenario_of(""));
  EXPECT_EQ(events_of(faulty, 1, 2), events_of(good, 1, 2));
  EXPECT_EQ(events_of(faulty, 5, 6), events_of(good, 5, 6));
  const Events a = events_of(faulty, 3, 4), b = events_of(good, 3, 4);
  EXPECT_EQ(a.size(), b.size());
  std::vector<Pair> pairs;
  for (const auto& [when, event] : a) {
    const auto at = b.find(when);
    if (at == b.end()) {
      ADD_FAILURE() << "an event at another time";
      break;
    }
    pairs.push_back({std::get<0>(event), std::get<0>(at->second), std::get<1>(event), std::get<1>(at->second)});
  }
  std::uint64_t sum = 0;
  for (const auto& line : faulty.truth) {
    if (line["type"] == "lumisection") sum += line["mismatched_events"].get<std::uint64_t>();
  }
  if (mismatched != nullptr) *mismatched = sum;
  return pairs;
}

std::int64_t sum_score(const std::vector<std::int64_t>& codes) {
  const int weights[] = {7, 2, 3, 5, 1, 2, 3, 1, 1};
  std::int64_t score = 0;
  for (std::size_t c = 0; c < 9; ++c) score += 32 * weights[c] * codes[c];
  return score;
}

// Applies `change` to the true codes; on side both the batch must carry them, on side hardware only the score may show
// them.
template <class Change>
void expect_input_fault(const std::string& fault, bool hardware_by_default, Change change) {
  for (const std::string side : {"", "hardware", "both"}) {
    const bool hardware = side.empty() ? hardware_by_default : side == "hardware";
    std::uint64_t mismatched = 0, differing = 0;
    for (const Pair& pair : pairs_of(fault + (side.empty() ? "" : ", side: " + side), nullptr, &mismatched)) {
      std::vector<std::int64_t> changed = pair.true_inputs;
      change(changed);
      ASSERT_EQ(pair.inputs, hardware ? pair.true_inputs : changed) << fault << " " << side;
      ASSERT_EQ(pair.score, sum_score(changed)) << fault << " " << side;
      differing += pair.score != sum_score(pair.inputs);
    }
    EXPECT_EQ(mismatched, differing);
    EXPECT_EQ(hardware, differing > 0) << fault << " " << side;
  }
}

TEST(ScenarioFault, ScaleShift) {
  expect_input_fault("type: scale_shift, columns: \"jet*.pt\", factor: 1.25", false, [](auto& row) {
    for (const int c : {0, 3}) row[c] = std::min<std::int64_t>((row[c] * 5 + 2) / 4, 4095);
  });
  expect_input_fault("type: scale_shift, columns: [\"jet[0].eta\"], factor: -2", false,
                     [](auto& row) { row[1] *= -2; });
}

TEST(ScenarioFault, DeadAndHotColumn) {
  expect_input_fault("type: dead_column, columns: \"muon.pt\"", false, [](auto& row) { row[6] = 0; });
  expect_input_fault("type: hot_column, columns: \"jet[1].pt\"", false, [](auto& row) { row[3] = 4095; });
  expect_input_fault("type: hot_column, columns: \"jet[1].eta\", value: -3", false, [](auto& row) { row[4] = -3; });
}

TEST(ScenarioFault, PtTruncatedAndPhiOffset) {
  expect_input_fault("type: pt_truncated, bits: 3", true, [](auto& row) {
    for (const int c : {0, 3, 6}) row[c] = row[c] / 8 * 8;
  });
  expect_input_fault("type: phi_offset", true, [](auto& row) {
    for (const int c : {2, 5, 8}) {
      if (row[c - 2] != 0) row[c] = (row[c] + 1) % (c == 8 ? 576 : 144);
    }
  });
}

TEST(ScenarioFault, ScoreBitFlipHitsAFractionOfTheScoresOnly) {
  std::uint64_t mismatched = 0, flipped = 0;
  const std::vector<Pair> pairs = pairs_of("type: score_bit_flip, bit: 5, fraction: 0.25", nullptr, &mismatched);
  for (const Pair& pair : pairs) {
    ASSERT_EQ(pair.inputs, pair.true_inputs);
    if (pair.score == pair.true_score) continue;
    ++flipped;
    ASSERT_EQ(pair.score ^ pair.true_score, 32);
  }
  EXPECT_EQ(mismatched, flipped);
  EXPECT_NEAR(static_cast<double>(flipped) / static_cast<double>(pairs.size()), 0.25, 0.06);
  for (const Pair& pair : pairs_of("type: score_bit_flip, output: score, bit: 31")) {
    ASSERT_EQ(pair.score, pair.true_score - (std::int64_t{1} << 31));  // the sign bit
  }
}

TEST(ScenarioFault, WrongWeights) {
  const auto other = std::make_shared<SumModel>(std::vector<int>{7, 2, 3, 4, 1, 2, 3, 1, 1});
  std::uint64_t mismatched = 0, different = 0;
  for (const Pair& pair : pairs_of("type: wrong_weights", other, &mismatched)) {
    ASSERT_EQ(pair.inputs, pair.true_inputs);
    ASSERT_EQ(pair.score, pair.true_score - 32 * pair.inputs[3]);
    different += pair.inputs[3] != 0;
  }
  EXPECT_EQ(mismatched, different);
  EXPECT_THROW(run(scenario_of("faults: [{type: wrong_weights}]\n")), Error);
}

TEST(ScenarioFault, BxSlipTakesAnotherEvent) {
  std::set<std::int64_t> scores;
  for (const Pair& pair : pairs_of("type: score_bit_flip, bit: 0, fraction: 0")) scores.insert(pair.true_score);
  std::size_t same = 0;
  const std::vector<Pair> slipped = pairs_of("type: bx_slip");
  for (const Pair& pair : slipped) {
    ASSERT_EQ(pair.inputs, pair.true_inputs);
    same += pair.score == pair.true_score;
  }
  EXPECT_LT(same, slipped.size() / 50);
  for (const Pair& pair : pairs_of("type: bx_slip, side: both")) ASSERT_EQ(pair.score, sum_score(pair.inputs));
}

TEST(ScenarioFault, RateChangeMultipliesThePassFractionAndKeepsTheBulk) {
  const auto fractions = [](const Recorded& r, std::uint32_t from, std::uint32_t to) {
    double pass = 0, all = 0, below = 0, bulk = 0;
    for (const auto& [when, event] : events_of(r, from, to)) {
      const bool passes = (std::get<2>(event) & 1) != 0;
      pass += passes;
      all += 1;
      bulk += passes ? 0 : static_cast<double>(std::get<1>(event));
      below += !passes;
    }
    return std::tuple(pass / all, bulk / below);
  };
  const Recorded r = run(parse_scenario(
      "lumisections: 20\nevents_per_ls: 2000\nfaults: [{type: rate_change, factor: 3, from_ls: 11}]\n", "test.yaml"));
  const auto [before, bulk_before] = fractions(r, 1, 10);
  const auto [after, bulk_after] = fractions(r, 11, 20);
  EXPECT_GT(before, 0.01);
  EXPECT_NEAR(after / before, 3, 0.3);
  EXPECT_NEAR(bulk_after / bulk_before, 1, 0.03);
  EXPECT_EQ(r.truth[0]["parameters"]["seed"], "L1_Sum");
  EXPECT_THROW(run(scenario_of("faults: [{type: rate_change, factor: 900}]\n")), Error);
}

TEST(ScenarioFault, LostBatchesAreNumberedAndNotSent) {
  const std::string shape = "sources: [a, b]\nbatches_per_ls: 10\n";
  const Recorded r =
      run(scenario_of(shape + "faults: [{type: lost_batches, source: b, every: 5, from_ls: 3, to_ls: 4}]\n"));
  const Recorded good = run(scenario_of(shape));
  std::vector<FrameHeader> expected;
  for (const FrameHeader& h : good.headers) {
    const bool lost = *h.source == "b" && (*h.ls == 3 || *h.ls == 4) && (*h.seq + 1) % 5 == 0;
    if (!lost) expected.push_back(h);
  }
  EXPECT_EQ(r.headers, expected);
  EXPECT_EQ(r.headers.size() + 4, good.headers.size());
  for (const auto& line : r.truth) {
    if (line["type"] != "lumisection") continue;
    EXPECT_EQ(line["lost_batches"], line["ls"] == 3 || line["ls"] == 4 ? 2 : 0);
  }
}

TEST(ScenarioFault, MenuChangeChangesTheContextOnly) {
  const Recorded r =
      run(scenario_of("faults: [{type: menu_change, menu: other, prescale_column: 4, from_ls: 3, to_ls: 4}]\n"));
  EXPECT_EQ(events_of(r, 1, 6), events_of(run(scenario_of("")), 1, 6));
  for (const Sent& sent : r.batches) {
    const bool changed = sent.batch.ls == 3 || sent.batch.ls == 4;
    EXPECT_EQ(*sent.batch.context.menu, changed ? "other" : "demo_menu_v1");
    EXPECT_EQ(*sent.batch.context.prescale_column, changed ? 4 : 1);
  }
}

}  // namespace
}  // namespace vigil::replay
