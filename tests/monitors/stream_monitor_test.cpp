#include "monitors/stream_monitor.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/result_lines.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::closed;
using fixtures::falling;
using fixtures::Shape;

// One lumisection of a stream: stationary but for the scale of the inputs and of the scores.
Summary lumisection(const ModelInfo& m, std::uint64_t n, unsigned seed, double input_scale = 30,
                    double score_scale = 40) {
  std::mt19937_64 random(seed);
  const Shape input = falling(input_scale, 0.3), score = falling(score_scale, 0.1, 1000, 1);
  return fixtures::drawn(
      m, n, n * 1000, [&](bool in, std::size_t) -> const Shape& { return in ? input : score; }, random);
}

Reference reference_of(const ModelInfo& m) {
  Reference r;
  r.model = m.name;
  r.selection = "zero_bias";
  for (std::uint32_t ls = 1; ls <= 20; ++ls) r.add(1, ls, lumisection(m, 500, 1000 + ls));
  return r;
}

std::string text(const std::vector<JudgedWindow>& windows) {
  std::string all;
  for (const JudgedWindow& j : windows) {
    const Window& w = j.window;
    all += w.name + " run " + std::to_string(w.run) + " " + std::to_string(w.first_ls) + "-" +
           std::to_string(w.last_ls) + " " + std::string(to_string(w.closed_by)) + "\n";
  }
  return all;
}

std::string full_text(const std::vector<JudgedWindow>& windows) {
  std::string all;
  for (const JudgedWindow& j : windows) {
    all += window_line(j.window) + "\n";
    for (const Verdict& v : j.verdicts) {
      all +=
          verdict_line(v) + " " + std::string(to_string(v.reading)) + " " + std::to_string(v.evidence.index()) + "\n";
    }
  }
  return all;
}

std::string full_text(const Judgements& judged) {
  std::string all;
  for (const std::string& fact : judged.facts) all += fact + "\n";
  for (std::size_t i = 0; i < judged.printed.size(); ++i) {
    const Verdict& v = judged.sequential.verdicts[i];
    all += verdict_line(v) + (judged.printed[i] ? " printed " : " ") + std::to_string(v.evidence.index()) + "\n";
  }
  return all + full_text(judged.windows);
}

void append(std::vector<JudgedWindow>& all, std::vector<JudgedWindow>&& more) {
  for (JudgedWindow& j : more) all.push_back(std::move(j));
}

MonitorSettings two_windows() {
  MonitorSettings settings;
  settings.windows = {{"4ls", 4, 2}, {"3ls", 3, 3}};
  return settings;
}

TEST(StreamMonitor, WindowsAreCutAtRunsContextsMixedLumisectionsAndTheEnd) {
  const ModelInfo m = fixtures::model();
  StreamMonitor monitor(m, "scouting", two_windows(), reference_of(m));
  std::vector<JudgedWindow> all;
  const auto close = [&](std::uint32_t run, std::uint32_t ls, const char* context, bool mixed = false) {
    ClosedLumisection c = closed(run, ls, lumisection(m, 500, ls), context);
    c.mixed_context = mixed;
    append(all, monitor.close(std::move(c)).windows);
  };
  for (std::uint32_t ls = 3; ls <= 9; ++ls) close(1, ls, "a");
  EXPECT_EQ(text(all), "3ls run 1 3-5 full\n4ls run 1 3-6 full\n4ls run 1 5-8 full\n3ls run 1 6-8 full\n");
  all.clear();
  close(1, 10, "b");  // a cut before it
  EXPECT_EQ(text(all), "4ls run 1 7-9 context\n3ls run 1 9-9 context\n");
  all.clear();
  for (std::uint32_t ls = 11; ls <= 13; ++ls) close(1, ls, "b");
  EXPECT_EQ(text(all), "3ls run 1 10-12 full\n4ls run 1 10-13 full\n");
  all.clear();
  close(1, 14, "b", true);  // mixed: in no window, cuts before and after
  EXPECT_EQ(text(all), "3ls run 1 13-13 context\n");
  all.clear();
  close(1, 15, "b");
  close(1, 16, "b");
  EXPECT_EQ(text(all), "");
  close(2, 1, "b");
  EXPECT_EQ(text(all), "4ls run 1 15-16 run\n3ls run 1 15-16 run\n");
  all.clear();
  close(2, 2, "b");
  append(all, monitor.end(ClosedBy::end));
  EXPECT_EQ(text(all), "4ls run 2 1-2 end\n3ls run 2 1-2 end\n");
  EXPECT_TRUE(monitor.end(ClosedBy::end).empty());
}

TEST(StreamMonitor, VerdictsComeInOrderAndTheWindowIsTheirWorst) {
  const ModelInfo m = fixtures::model();
  StreamMonitor monitor(m, "scouting", {}, reference_of(m));
  std::vector<JudgedWindow> all;
  for (std::uint32_t ls = 1; ls <= 20; ++ls)
    append(all, monitor.close(closed(1, ls, lumisection(m, 500, ls, ls > 10 ? 70 : 30))).windows);
  ASSERT_EQ(text(all), "10ls run 1 1-10 full\n10ls run 1 6-15 full\n10ls run 1 11-20 full\n");
  std::vector<std::string> monitors;
  for (const Verdict& v : all[0].verdicts) monitors.push_back(v.monitor + " " + v.statistic);
  EXPECT_EQ(monitors, (std::vector<std::string>{"latent[0] ks", "latent[1] ks", "score ks", "input/x[0] chi2",
                                                "input/x[1] chi2", "input/x[2] chi2", "seed/L1_Loose rate",
                                                "seed/L1_Tight rate", "mismatch/latent rate", "mismatch/score rate",
                                                "mismatch/L1_Loose rate", "mismatch/L1_Tight rate",
                                                "multivariate/inputs hotelling", "multivariate/inputs pca",
                                                "multivariate/outputs hotelling", "multivariate/outputs pca"}));
  EXPECT_EQ(all[0].window.quality, Quality::good) << all[0].window.reason;
  EXPECT_EQ(all[0].window.reason, "12 of 16 monitors good, 4 unknown");
  EXPECT_EQ(all[1].window.quality, Quality::medium);  // one bad reading of two needed
  EXPECT_EQ(all[1].verdicts[3].reading, Quality::bad);
  EXPECT_EQ(all[2].window.quality, Quality::bad);
  EXPECT_NE(all[2].window.reason.find("input/x["), std::string::npos) << all[2].window.reason;
  EXPECT_NE(all[2].window.reason.find("and 2 more"), std::string::npos) << all[2].window.reason;
  EXPECT_EQ(all[2].window.events, 5000u);
  EXPECT_EQ(all[2].window.n_bx, 5000000u);
  EXPECT_DOUBLE_EQ(all[2].window.coverage, 1);
}

TEST(StreamMonitor, ReadingsOfAnEarlierRunDoNotCount) {
  const ModelInfo m = fixtures::model();
  StreamMonitor monitor(m, "scouting", two_windows(), reference_of(m));
  std::vector<JudgedWindow> all;
  for (std::uint32_t ls = 1; ls <= 4; ++ls)
    append(all, monitor.close(closed(1, ls, lumisection(m, 500, ls, 80))).windows);
  all.clear();
  for (std::uint32_t ls = 1; ls <= 4; ++ls)
    append(all, monitor.close(closed(2, ls, lumisection(m, 500, ls, 80))).windows);
  const auto input = [&](std::size_t window) { return all.at(window).verdicts[3]; };
  ASSERT_EQ(text(all), "3ls run 1 4-4 run\n3ls run 2 1-3 full\n4ls run 2 1-4 full\n");
  EXPECT_EQ(input(0).quality, Quality::bad);  // the second of run 1
  EXPECT_EQ(input(1).reading, Quality::bad);
  EXPECT_EQ(input(1).quality, Quality::medium);
  EXPECT_EQ(input(2).quality, Quality::medium);
}

void expect_unknown(const JudgedWindow& judged, const std::string& reason) {
  EXPECT_EQ(judged.window.quality, Quality::unknown);
  EXPECT_EQ(judged.window.reason, reason);
  EXPECT_EQ(judged.verdicts.size(), 16u);
  for (const Verdict& v : judged.verdicts) {
    EXPECT_EQ(v.quality, Quality::unknown);
    EXPECT_EQ(v.reading, Quality::unknown);
    EXPECT_FALSE(v.value);
    EXPECT_EQ(v.reason, reason);
  }
}

TEST(StreamMonitor, TooLittleEvidenceIsUnknown) {
  const ModelInfo m = fixtures::model();
  MonitorSettings settings;
  settings.windows = {{"1ls", 1, 1}};
  StreamMonitor monitor(m, "scouting", settings, reference_of(m));
  const auto one = [&](std::uint32_t ls, ClosedLumisection c) {
    c.lumisection.ls = ls;
    auto windows = monitor.close(std::move(c)).windows;
    EXPECT_EQ(windows.size(), 1u);
    return std::move(windows.at(0));
  };
  expect_unknown(one(1, closed(1, 1, lumisection(m, 142, 1))), "142 events, 200 needed");
  ClosedLumisection c = closed(1, 2, lumisection(m, 500, 1));
  c.lumisection.covered_orbits = c.lumisection.expected_orbits * 31 / 100;
  expect_unknown(one(2, std::move(c)), "coverage 0.3, 0.5 needed");  // never rounded up
  c = closed(1, 3, lumisection(m, 0, 1));
  c.lumisection.covered_orbits = 0;
  expect_unknown(one(3, std::move(c)), "0 events, 200 needed; coverage 0, 0.5 needed");
  expect_unknown(one(4, closed(1, 4, Summary())), "0 events, 200 needed");
  Summary failed = lumisection(m, 500, 1);
  failed.events += 7;
  failed.failed_events = 7;
  expect_unknown(one(5, closed(1, 5, std::move(failed))), "emulator failed on 7 events");
  // Exactly at the minima there is a verdict.
  c = closed(1, 6, lumisection(m, 200, 1));
  c.lumisection.covered_orbits = c.lumisection.expected_orbits / 2;
  EXPECT_EQ(one(6, std::move(c)).window.quality, Quality::good);
  c = closed(1, 7, Summary(m), "other");
  c.summary.events = c.summary.wrong_model_events = 5000;
  c.conditions.model_hash = "0123456789abcdef" + std::string(48, '0');
  const std::string wrong = "wrong emulator: model hash 0123456789ab…, loaded aaaaaaaaaaaa…";
  const JudgedWindow foreign = one(7, std::move(c));
  EXPECT_EQ(foreign.window.quality, Quality::unknown);
  EXPECT_EQ(foreign.window.reason, wrong);
  for (const Verdict& v : foreign.verdicts) {
    EXPECT_EQ(v.quality, Quality::unknown);
    const bool is_seed = v.subject.target == Target::seed;
    EXPECT_EQ(v.reason, wrong + (is_seed ? "; thresholds not valid for this model" : "")) << v.monitor;
  }
  EXPECT_EQ(one(8, closed(1, 8, lumisection(m, 200, 1))).verdicts.front().reason.find("thresholds"), std::string::npos);
}

TEST(StreamMonitor, ABiasedSelectionHasShapesAndMismatchesButNoRates) {
  const ModelInfo m = fixtures::model();
  MonitorSettings settings;
  settings.windows = {{"1ls", 1, 1}};
  for (const bool same : {true, false}) {
    Reference reference = reference_of(m);
    if (same) reference.selection = "HLT_Jet";
    StreamMonitor monitor(m, "express", settings, std::move(reference));
    ClosedLumisection c = closed(1, 1, lumisection(m, 500, 1));
    c.conditions.selection = "HLT_Jet";
    const auto windows = monitor.close(std::move(c)).windows;
    for (const Verdict& v : windows.at(0).verdicts) {
      if (v.subject.target == Target::multivariate) continue;  // no product was summed
      const bool shape = v.subject.target == Target::input || v.subject.target == Target::output;
      const Quality expected = v.subject.target == Target::seed || (shape && !same) ? Quality::unknown : Quality::good;
      EXPECT_EQ(v.quality, expected) << v.monitor << ": " << v.reason;
      EXPECT_TRUE(v.subject.target != Target::seed || v.reason == "selection 'HLT_Jet': no rates") << v.reason;
    }
  }
}

// A stream with everything in it: drift, mismatches, contexts, a mixed lumisection, low coverage, a foreign model,
// three runs.
std::vector<ClosedLumisection> eventful(const ModelInfo& m) {
  std::vector<ClosedLumisection> all;
  for (std::uint32_t i = 0; i < 60; ++i) {
    const std::uint32_t run = 5 + i / 25, ls = 1 + i % 25;
    const double scale = i >= 35 && i < 48 ? 80 : 30;
    ClosedLumisection c =
        closed(run, ls, lumisection(m, i % 11 == 0 ? 30 : 300, i, scale, scale + 10), i < 12 ? "a" : "b");
    if (i % 13 == 7) {
      OutputSummary& output = c.summary.outputs[1];
      output.mismatches = output.hardware_above = 3;
      output.distance.add(5, 3);
      output.mismatches_per_bx[7] = 3;
      KeptEvent e;
      e.run = run;
      e.ls = ls;
      e.inputs.assign(m.inputs.size(), 1);
      e.emulator_outputs.assign(m.output_words(), 2);
      e.disagreeing = {"score"};
      c.summary.kept = {e};
    }
    c.mixed_context = i == 20;
    if (i % 9 == 4) c.lumisection.covered_orbits /= 3;
    if (i == 55) c.conditions.model_hash = std::string(64, 'f');
    if (i % 25 == 3) c.run_start_ns = 1700000000000000000u + i;
    all.push_back(std::move(c));
  }
  return all;
}

TEST(StreamMonitor, GoesOnFromItsSavedStateAsIfNothingHadHappened) {
  ModelInfo m = fixtures::model();
  m.seeds[0].target_rate_hz = 3000;
  for (const bool learned : {true, false}) {
    MonitorSettings settings = two_windows();
    settings.learn_ls = 5;
    const auto fresh = [&] {
      return StreamMonitor(m, "scouting", settings, learned ? std::nullopt : std::optional(reference_of(m)));
    };
    StreamMonitor whole = fresh(), restarted = fresh();
    std::string expected, got;
    std::size_t bad = 0;
    std::vector<ClosedLumisection> a = eventful(m), b = eventful(m);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Judgements judged = whole.close(std::move(a[i]));
      for (const JudgedWindow& w : judged.windows) bad += w.window.quality == Quality::bad;
      expected += full_text(judged);
      got += full_text(restarted.close(std::move(b[i])));
      const std::string state = restarted.save();
      restarted = fresh();
      restarted.load(state);
      ASSERT_EQ(restarted.save(), state);
    }
    expected += full_text(whole.end(ClosedBy::end));
    got += full_text(restarted.end(ClosedBy::end));
    ASSERT_EQ(got, expected);
    EXPECT_GT(bad, 3u);
  }
}

TEST(StreamMonitor, AStateOfAnotherModelOrStreamIsRefusedAndChangesNothing) {
  const ModelInfo m = fixtures::model();
  StreamMonitor monitor(m, "scouting", two_windows(), std::nullopt);
  for (std::uint32_t ls = 1; ls <= 5; ++ls) (void)monitor.close(closed(1, ls, lumisection(m, 300, ls)));
  const std::string state = monitor.save();
  ModelInfo other = m;
  other.hash = std::string(64, 'b');
  StreamMonitor a(other, "scouting", two_windows(), std::nullopt), b(m, "express", two_windows(), std::nullopt);
  for (StreamMonitor* wrong : {&a, &b}) {
    const std::string before = wrong->save();
    EXPECT_THROW(wrong->load(state), Error);
    EXPECT_EQ(wrong->save(), before);
  }
  std::mt19937 random(4);
  StreamMonitor same(m, "scouting", two_windows(), std::nullopt);
  const std::string before = same.save();
  for (int i = 0; i < 300; ++i) {
    std::string damaged = state;
    damaged.resize(random() % damaged.size());
    EXPECT_THROW(same.load(damaged), Error);
  }
  EXPECT_THROW(same.load("null"), Error);
  EXPECT_EQ(same.save(), before);
}

TEST(StreamMonitor, RefusesAReferenceOfAnotherModelAndImpossibleWindows) {
  const ModelInfo m = fixtures::model();
  Reference other = reference_of(m);
  other.summary.model_hash = std::string(64, 'b');
  EXPECT_THROW(StreamMonitor(m, "s", {}, std::move(other)), Error);
  MonitorSettings settings;
  settings.windows = {{"w", 0, 1}};
  EXPECT_THROW(StreamMonitor(m, "s", settings, std::nullopt), Error);
  settings.windows = {{"w", 1, 0}};
  EXPECT_THROW(StreamMonitor(m, "s", settings, std::nullopt), Error);
  settings.windows = {{"sequential", 1, 1}};
  EXPECT_THROW(StreamMonitor(m, "s", settings, std::nullopt), Error);
  settings.windows = {{"w", 1, 1}, {"w", 2, 2}};
  EXPECT_THROW(StreamMonitor(m, "s", settings, std::nullopt), Error);
}

}  // namespace
}  // namespace vigil::monitors
