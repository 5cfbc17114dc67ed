// The scenario generator: reproducible, valid in LHC time, cut into batches without changing events, and each fault
// changes what it says and nothing else.
#include "scenarios.h"

namespace vigil::replay {
namespace {

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
