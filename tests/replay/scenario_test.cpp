// The scenario generator: reproducible, valid in LHC time, cut into batches without changing events, and each fault
// changes what it says and nothing else.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/lhc.h"
#include "replay/scenario_source.h"

namespace vigil::replay {
namespace {

// A small exact model on L1-like objects: score = sum of weighted codes, wide enough never to wrap.
class SumModel : public Model {
 public:
  explicit SumModel(std::vector<int> weights, bool integer_on_wire = true) : weights_(std::move(weights)) {
    info_.name = "sum";
    info_.version = "v1";
    info_.hash = std::string(64, 'a');
    for (const char* object : {"jet[0]", "jet[1]", "muon"}) {
      for (const char* kind : {".pt", ".eta", ".phi"}) {
        info_.inputs.push_back({object + std::string(kind), FixedPoint{18, 13}, integer_on_wire, {}, ""});
      }
    }
    info_.outputs = {{"score", FixedPoint{32, 27}, 0, 1}};
    info_.seeds = {{"L1_Sum", 0, 0, 0, 17000 * 32, 1000.0}, {"L1_Sum_High", 0, 0, 9, 20000 * 32, 100.0}};
  }
  const ModelInfo& info() const override { return info_; }
  Status predict(const WordsView& in, const MutableWordsView& out, std::size_t rows) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      std::int64_t sum = 0;
      for (std::size_t c = 0; c < weights_.size(); ++c) sum += weights_[c] * in.at(r, c);
      out.set(r, 0, sum);
    }
    return Status::ok;
  }

 private:
  std::vector<int> weights_;
  ModelInfo info_;
};

std::shared_ptr<const Model> sum_model(bool integer_on_wire = true) {
  return std::make_shared<SumModel>(std::vector<int>{7, 2, 3, 5, 1, 2, 3, 1, 1}, integer_on_wire);
}

// 400 events: falling momenta, some objects absent, pile-up correlated with nothing.
ScenarioEvents some_events() {
  ScenarioEvents events;
  std::uint32_t state = 12345;
  const auto draw = [&state](std::uint32_t n) {
    return static_cast<std::int32_t>((state = state * 1664525u + 1013904223u) >> 8) % static_cast<std::int32_t>(n);
  };
  for (int i = 0; i < 400; ++i) {
    for (int object = 0; object < 3; ++object) {
      const bool present = object == 0 || draw(3) > 0;
      const int scale = 1 + draw(8);
      events.words.push_back(present ? 1 + draw(255) * scale : 0);
      events.words.push_back(present ? draw(115) - 57 : 0);
      events.words.push_back(present ? draw(object == 2 ? 576 : 144) : 0);
    }
    events.pileup.push_back(1 + draw(20));
  }
  return events;
}

struct Sent {
  EventBatch batch;  // columns are not valid any more
  std::vector<std::tuple<std::uint32_t, std::uint32_t>> when;
  std::vector<std::vector<std::int64_t>> inputs;
  std::vector<std::int64_t> outputs, bits;
};

// Everything a scenario sends, with columns copied, and the bytes of it in one text.
struct Recorded {
  std::vector<Sent> batches;
  std::vector<FrameHeader> headers;
  std::string bytes;
  std::vector<nlohmann::json> truth;
};

void append(std::string& bytes, const Column& column) {
  bytes += std::to_string(column.word_bytes) + (column.is_signed ? "i" : "u");
  for (std::size_t r = 0; r < column.rows && column.present(); ++r) {
    for (std::size_t c = 0; c < column.columns; ++c) bytes += std::to_string(column.at(r, c)) + ",";
  }
}

Recorded run(const Scenario& scenario, std::shared_ptr<const Model> model = sum_model(),
             ScenarioEvents events = some_events(), std::shared_ptr<const Model> other = nullptr) {
  Recorded recorded;
  const auto encode = [&](const EventBatch& b) {
    Sent sent{b, {}, {}, {}, {}};
    for (std::size_t i = 0; i < b.n; ++i) {
      sent.when.emplace_back(b.orbit.at(i), b.bx.at(i));
      sent.inputs.emplace_back();
      for (std::size_t c = 0; c < b.inputs().columns; ++c) sent.inputs.back().push_back(b.inputs().at(i, c));
      if (b.hw_outputs().present()) sent.outputs.push_back(b.hw_outputs().at(i));
      if (b.hw_bits().present()) sent.bits.push_back(b.hw_bits().at(i));
    }
    std::string body = b.source + std::to_string(b.seq) + "," + std::to_string(b.ls) + "," + std::to_string(b.n_bx) +
                       "," + std::to_string(*b.context.pileup) + *b.context.menu;
    for (const Column& column : {b.orbit, b.bx, b.inputs(), b.hw_outputs(), b.hw_bits()}) append(body, column);
    recorded.batches.push_back(std::move(sent));
    recorded.bytes += body;
    return std::vector<std::string>{b.stream + "/" + b.model, body};
  };
  const auto truth = [&](const std::string& line) { recorded.truth.push_back(nlohmann::json::parse(line)); };
  ScenarioSource source(scenario, std::move(model), std::move(events), encode, std::move(other), truth);
  while (auto frame = source.next()) {
    EXPECT_EQ(frame->position, recorded.headers.size());
    EXPECT_EQ(frame->parts[0], frame->header.topic);
    recorded.headers.push_back(frame->header);
  }
  return recorded;
}

Scenario scenario_of(const std::string& text) {
  return parse_scenario("lumisections: 6\nevents_per_ls: 600\n" + text, "test.yaml");
}

// All events of lumisections a..b by (orbit, bx): inputs, output, bits.
using Events = std::map<std::tuple<std::uint32_t, std::uint32_t>,
                        std::tuple<std::vector<std::int64_t>, std::int64_t, std::int64_t>>;
Events events_of(const Recorded& recorded, std::uint32_t from_ls, std::uint32_t to_ls) {
  Events events;
  for (const Sent& sent : recorded.batches) {
    if (sent.batch.ls < from_ls || sent.batch.ls > to_ls) continue;
    for (std::size_t i = 0; i < sent.when.size(); ++i) {
      EXPECT_TRUE(events.try_emplace(sent.when[i], sent.inputs[i], sent.outputs[i], sent.bits[i]).second);
    }
  }
  return events;
}

TEST(Scenario, SameSeedSameBytesOtherSeedOtherBytes) {
  const std::string faults =
      "faults: [{type: bx_slip, fraction: 0.3, from_ls: 3}, {type: lost_batches, fraction: 0.2}]\n";
  const Recorded a = run(scenario_of(faults)), b = run(scenario_of(faults));
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(a.headers, b.headers);
  EXPECT_EQ(a.truth, b.truth);
  EXPECT_NE(a.bytes, run(scenario_of(faults + "seed: 2\n")).bytes);
  EXPECT_GT(a.bytes.size(), 100'000u);
}

// The first draws of two seeds are fixed for good: recordings are quoted by scenario and seed.
TEST(Scenario, DrawsAreTheSameOnEveryMachine) {
  const Recorded r = run(parse_scenario("lumisections: 1\nevents_per_ls: 100\nbatches_per_ls: 1\n", "test.yaml"));
  ASSERT_EQ(r.batches.size(), 1u);
  EXPECT_EQ(r.batches[0].batch.n_bx, 40'079u);  // 100 events of 100 kHz among 40,078,962 Hz
  EXPECT_NEAR(r.batches[0].batch.n, 100, 50);
  std::uint64_t sum = 0;
  for (const auto& [orbit, bx] : r.batches[0].when) sum = sum * 31 + orbit * 3564ull + bx;
  EXPECT_EQ(sum, 15786003143426071050u);
}

TEST(Scenario, TimesAndCountsAreValid) {
  const Scenario scenario = scenario_of("sources: 3\nbatches_per_ls: 7\nheartbeats_per_ls: 2\nfirst_ls: 41\n");
  std::set<std::uint32_t> filled;
  for (const BunchTrain& train : scenario.trains) {
    for (std::uint32_t i = 0; i < train.length; ++i) EXPECT_TRUE(filled.insert(train.start + i).second);
  }
  EXPECT_EQ(filled.size(), 2400u);
  EXPECT_TRUE(lhc::is_crossing(*filled.begin()) && *filled.rbegin() < lhc::kCrossingsPerOrbit - 119);  // the abort gap
  const Recorded r = run(scenario);
  ASSERT_EQ(r.batches.size(), 6u * 3 * 9);
  std::map<std::string, std::uint32_t> next_orbit;
  std::map<std::string, std::uint64_t> next_seq;
  std::map<std::uint32_t, std::uint64_t> n_bx;
  for (const Sent& sent : r.batches) {
    const EventBatch& b = sent.batch;
    const auto expected = next_orbit.try_emplace(b.source, lhc::first_orbit(41)).first->second;
    EXPECT_EQ(b.first_orbit, expected);  // no gap, no overlap
    next_orbit[b.source] = b.last_orbit + 1;
    EXPECT_EQ(b.seq, next_seq[b.source]++);
    EXPECT_EQ(lhc::lumisection_of(b.first_orbit), b.ls);
    EXPECT_EQ(lhc::lumisection_of(b.last_orbit), b.ls);
    EXPECT_GE(b.n_bx, b.n);
    n_bx[b.ls] += b.n_bx;
    for (const auto& [orbit, bx] : sent.when) {
      EXPECT_TRUE(orbit >= b.first_orbit && orbit <= b.last_orbit);
      EXPECT_TRUE(filled.contains(bx)) << bx;
    }
    EXPECT_TRUE(std::is_sorted(sent.when.begin(), sent.when.end()));
    if (b.first_orbit == b.last_orbit) {  // a heartbeat
      EXPECT_EQ(b.n_bx + b.n, 0u);
    }
  }
  for (const auto& [source, orbit] : next_orbit) EXPECT_EQ(orbit, lhc::last_orbit(46) + 1) << source;
  for (const auto& [ls, crossings] : n_bx) EXPECT_EQ(crossings, inspected_crossings(scenario)) << ls;
  EXPECT_EQ(n_bx.size(), 6u);
}

TEST(Scenario, HeadersSayWhatTheBatchesHold) {
  const Recorded r = run(scenario_of("sources: [a, b]\n"));
  ASSERT_EQ(r.headers.size(), r.batches.size());
  for (std::size_t i = 0; i < r.headers.size(); ++i) {
    const EventBatch& b = r.batches[i].batch;
    const FrameHeader expected{"scouting/sum", "scouting", "sum",         b.source,     b.epoch, b.seq,
                               b.run,          b.ls,       b.first_orbit, b.last_orbit, b.n};
    EXPECT_EQ(r.headers[i], expected);
  }
}

TEST(Scenario, CutsAndSourcesDoNotChangeEvents) {
  const Events one = events_of(run(scenario_of("batches_per_ls: 1\n")), 1, 6);
  ASSERT_GT(one.size(), 3000u);
  EXPECT_EQ(events_of(run(scenario_of("batches_per_ls: 100\nsources: 3\n")), 1, 6), one);
  EXPECT_EQ(events_of(run(scenario_of("batches_per_ls: 5\nsources: 4\nsplit_orbits: true\n")), 1, 6), one);
  const std::string fault = "faults: [{type: phi_offset, fraction: 0.5}]\n";
  EXPECT_EQ(events_of(run(scenario_of(fault + "batches_per_ls: 33\n")), 1, 6),
            events_of(run(scenario_of(fault)), 1, 6));
}

TEST(Scenario, SplitSourcesShareTheOrbits) {
  const Scenario scenario = scenario_of("batches_per_ls: 5\nsources: 3\nsplit_orbits: true\n");
  std::uint32_t next = 0;
  std::uint64_t n_bx = 0;
  for (const Sent& sent : run(scenario).batches) {
    EXPECT_EQ(sent.batch.first_orbit, next);
    next = sent.batch.last_orbit + 1;
    n_bx += sent.batch.n_bx;
  }
  EXPECT_EQ(next, lhc::last_orbit(6) + 1);
  EXPECT_EQ(n_bx, 6 * inspected_crossings(scenario));
}

TEST(Scenario, RawAndIntegerWordsAreTheSameEvents) {
  const Recorded codes = run(scenario_of("")), raw = run(scenario_of(""), sum_model(false));
  ASSERT_EQ(codes.batches.size(), raw.batches.size());
  for (std::size_t b = 0; b < raw.batches.size(); ++b) {
    EXPECT_EQ(codes.batches[b].outputs, raw.batches[b].outputs);
    for (std::size_t i = 0; i < raw.batches[b].inputs.size(); ++i) {
      for (std::size_t c = 0; c < 9; ++c) ASSERT_EQ(raw.batches[b].inputs[i][c], 32 * codes.batches[b].inputs[i][c]);
    }
  }
  ScenarioEvents words = some_events();  // the same events given as raw words, azimuths not turned
  for (std::int32_t& w : words.words) w *= 32;
  words.raw = true;
  const Scenario still = scenario_of("rotations: 1\n");
  EXPECT_EQ(run(still, sum_model(false), words).bytes, run(still, sum_model(false)).bytes);
  EXPECT_EQ(run(still, sum_model(true), words).bytes, run(still, sum_model(true)).bytes);
}

TEST(Scenario, LuminosityDecaysWithPileUpAndEvents) {
  const Recorded r =
      run(parse_scenario("lumisections: 400\nevents_per_ls: 400\nbatches_per_ls: 1\n"
                         "luminosity: {initial_pileup: 50, lifetime_h: 1}\n",
                         "test.yaml"));
  double last = 2, early = 0, late = 0, early_pt = 0, late_pt = 0;
  for (const Sent& sent : r.batches) {
    const double hours = (sent.batch.ls - 1) * lhc::kLumisectionSeconds / 3600, left = 1 + hours / 2;
    EXPECT_NEAR(*sent.batch.context.pileup, 50 / (left * left), 0.006);
    EXPECT_LT(*sent.batch.context.pileup, last * 50);
    last = *sent.batch.context.pileup / 50;
    double pt = 0;
    for (const auto& row : sent.inputs) pt += static_cast<double>(row[0]);
    (sent.batch.ls <= 100 ? early : sent.batch.ls > 300 ? late : pt) += sent.batch.n;
    (sent.batch.ls <= 100 ? early_pt : sent.batch.ls > 300 ? late_pt : pt) += pt;
  }
  double expected = 0;
  const Scenario decaying = parse_scenario("luminosity: {lifetime_h: 1}\n", "test.yaml");
  for (std::uint32_t ls = 1; ls <= 100; ++ls)
    expected += relative_luminosity(decaying, ls) / relative_luminosity(decaying, ls + 300);
  EXPECT_NEAR(early / late, expected / 100, 0.1);                          // about 3: events follow the luminosity
  EXPECT_NEAR(early_pt / early, late_pt / late, 0.03 * early_pt / early);  // the shape stays
  EXPECT_EQ(r.batches.front().batch.n_bx, r.batches.back().batch.n_bx);
}

TEST(Scenario, HardwareIsTheModelItself) {
  const auto model = sum_model();
  const Recorded r = run(scenario_of(""));
  std::size_t passing = 0, events = 0;
  for (const Sent& sent : r.batches) {
    for (std::size_t i = 0; i < sent.inputs.size(); ++i, ++events) {
      std::int64_t raw[9], score = 0;
      for (std::size_t c = 0; c < 9; ++c) raw[c] = sent.inputs[i][c] * 32;
      ASSERT_EQ(model->predict(words_of(raw, 9), mutable_words_of(&score, 1), 1), Status::ok);
      ASSERT_EQ(sent.outputs[i], score);
      ASSERT_EQ(sent.bits[i], (score >= 17000 * 32 ? 1 : 0) + (score >= 20000 * 32 ? 512 : 0));
      passing += score >= 17000 * 32;
    }
  }
  EXPECT_GT(passing, 0u);
  EXPECT_LT(passing, events);
  const Recorded bare = run(scenario_of("hw_outputs: false\nhw_bits: false\nmodel_hash: false\n"));
  EXPECT_TRUE(bare.batches[0].outputs.empty() && bare.batches[0].bits.empty() && !bare.batches[0].batch.model_hash);
}

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

TEST(ScenarioTruth, CountsWhatWasSent) {
  const Recorded r =
      run(scenario_of("sources: 2\nfaults: [{type: lost_batches, fraction: 0.3, from_ls: 2}, {type: luminosity_decay, "
                      "lifetime_h: 0.1, from_ls: 4}]\n"));
  std::map<std::uint32_t, std::array<std::uint64_t, 3>> sent;
  for (const Sent& s : r.batches) {
    sent[s.batch.ls][0] += 1;
    sent[s.batch.ls][1] += s.batch.n;
    sent[s.batch.ls][2] += s.batch.n_bx;
  }
  ASSERT_EQ(r.truth.size(), 2u + 6);
  for (std::size_t i = 2; i < r.truth.size(); ++i) {
    const auto& line = r.truth[i];
    const auto& counts = sent[line["ls"].get<std::uint32_t>()];
    EXPECT_EQ(line["batches"], counts[0]);
    EXPECT_EQ(line["events"], counts[1]);
    EXPECT_EQ(line["n_bx"], counts[2]);
    EXPECT_EQ(line["batches"].get<int>() + line["lost_batches"].get<int>(), 32);
    EXPECT_EQ(line["luminosity"].get<double>() < 1, line["ls"] >= 4);
  }
}

TEST(ScenarioTruth, SaysWhatAFaultMustLeadTo) {
  const auto expected = [](const std::string& fault) {
    std::shared_ptr<const Model> other = sum_model();
    return run(scenario_of("faults:\n  - {" + fault + "}\n"), sum_model(), some_events(), other).truth[0]["expected"];
  };
  const nlohmann::json mismatch = {
      {"cause", "mismatch"}, {"actions", {"revalidate", "notify"}}, {"monitors", {"mismatch/score"}}};
  for (const char* fault : {"type: score_bit_flip", "type: wrong_weights", "type: pt_truncated", "type: phi_offset",
                            "type: bx_slip", "type: dead_column, columns: muon.pt, side: hardware"}) {
    EXPECT_EQ(expected(fault), mismatch) << fault;
  }
  const nlohmann::json broad = expected("type: scale_shift, columns: \"*.pt\", factor: 2");
  EXPECT_EQ(broad["actions"], nlohmann::json({"retrain"}));
  EXPECT_EQ(broad["cause"], "conditions");
  EXPECT_EQ(broad["monitors"].size(), 3u);
  const nlohmann::json dead = expected("type: dead_column, columns: muon.pt");
  EXPECT_EQ(dead["actions"], nlohmann::json({"notify"}));
  EXPECT_EQ(dead["monitors"], nlohmann::json({"input/muon.pt"}));
  EXPECT_EQ(expected("type: rate_change, factor: 2")["actions"], nlohmann::json({"threshold-adjust"}));
  for (const char* fault : {"type: lost_batches, every: 4", "type: menu_change, menu: x", "type: luminosity_decay",
                            "type: bx_slip, side: both"}) {
    EXPECT_EQ(expected(fault),
              (nlohmann::json{
                  {"cause", nullptr}, {"actions", nlohmann::json::array()}, {"monitors", nlohmann::json::array()}}))
        << fault;
  }
}

TEST(Scenario, StopEndsTheInput) {
  ScenarioSource source(scenario_of(""), sum_model(), some_events(), [](const EventBatch&) {
    return std::vector<std::string>{"t", "b"};
  });
  EXPECT_TRUE(source.next().has_value());
  source.request_stop();
  EXPECT_FALSE(source.next().has_value());
}

}  // namespace
}  // namespace vigil::replay
