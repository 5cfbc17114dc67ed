// Effects run by run, through a StreamMonitor.
#include "monitors/run_effects.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/result_lines.h"
#include "streams.h"

namespace vigil::monitors::run_effects {
namespace {

using fixtures::closed;
using fixtures::falling;
using fixtures::Shape;

constexpr std::uint32_t kLsOfRun = 12;

// Inputs whose scale grows by 1% a run.
Summary lumisection(const ModelInfo& m, std::uint32_t run, std::uint32_t ls) {
  std::mt19937_64 random(100 * run + ls);
  const Shape input = falling(30 * (1 + 0.01 * run), 0.3), score = falling(40, 0.1, 1000, 1);
  return fixtures::drawn(
      m, 4000, 4'000'000, [&](bool in, std::size_t) -> const Shape& { return in ? input : score; }, random);
}

Reference reference_of(const ModelInfo& m) {
  Reference r;
  r.model = m.name;
  r.selection = "zero_bias";
  for (std::uint32_t ls = 1; ls <= 20; ++ls) r.add(1, ls, lumisection(m, 0, ls));
  return r;
}

StreamMonitor monitor_of(const ModelInfo& m, const Reference& reference) {
  return StreamMonitor(m, "scouting", {}, reference);
}

std::string text(const std::vector<LifetimeOfRule>& lines) {
  std::string all;
  for (const LifetimeOfRule& line : lines) all += lifetime_line(line) + "\n";
  return all;
}

const LifetimeOfRule& of(const std::vector<LifetimeOfRule>& lines, const std::string& monitor) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const auto& l) { return l.monitor == monitor; });
  if (found == lines.end()) throw std::runtime_error(monitor);
  return *found;
}

TEST(RunEffects, ADriftHasALifetimeAfterFiveRuns) {
  const ModelInfo m = fixtures::model(2);
  StreamMonitor monitor = monitor_of(m, reference_of(m));
  std::vector<std::vector<LifetimeOfRule>> of_run(8);
  for (std::uint32_t run = 1; run <= 7; ++run) {
    for (std::uint32_t ls = 1; ls <= kLsOfRun; ++ls) {
      Judgements judged = monitor.close(closed(run, ls, lumisection(m, run, ls)));
      if (judged.ended) of_run[judged.ended->run] = std::move(judged.lifetimes);
    }
  }
  (void)monitor.end(ClosedBy::end);
  of_run[7] = monitor.lifetimes();
  for (std::uint32_t run = 1; run <= 4; ++run) EXPECT_TRUE(of_run[run].empty()) << run;
  for (std::uint32_t run = 5; run <= 7; ++run) {
    // Three output words, two inputs, two seeds; no mismatch.
    ASSERT_EQ(of_run[run].size(), 7u);
    const LifetimeOfRule& input = of(of_run[run], "input/x[0]");
    EXPECT_EQ(input.model, "toy");
    EXPECT_EQ(input.stream, "scouting");
    EXPECT_EQ(input.run, run);
    EXPECT_EQ(input.runs, run);
    EXPECT_EQ(input.statistic, "chi2");
    EXPECT_GT(input.slope[1], 0);
    EXPECT_GT(input.limit, input.effect);
    ASSERT_TRUE(input.remaining_ls[0]);
    EXPECT_LE(*input.remaining_ls[0], 2.0 * kLsOfRun * (run - 1));  // twice the span at most
    if (run == 7) {
      // A hundredth a run: the effect in so many runs, had it gone on like this.
      EXPECT_NEAR(*input.slope[1] * kLsOfRun, input.effect / run, 0.3 * input.effect / run);
      EXPECT_GT(*input.slope[0], 0);
      EXPECT_LT(of(of_run[run], "score").slope[0].value(), input.slope[0].value());
    }
  }
}

// A monitor that is saved and taken up at any lumisection says the same, and what it says of a run besides its
// lifetime does not depend on the runs before.
TEST(RunEffects, GoOnAfterARestartAndChangeNothingElse) {
  const ModelInfo m = fixtures::model(1);
  const Reference reference = reference_of(m);
  StreamMonitor whole = monitor_of(m, reference), restarted = monitor_of(m, reference);
  for (std::uint32_t run = 1; run <= 6; ++run) {
    StreamMonitor fresh = monitor_of(m, reference);
    for (std::uint32_t ls = 1; ls <= kLsOfRun; ++ls) {
      Judgements a = whole.close(closed(run, ls, lumisection(m, run, ls)));
      const Judgements b = restarted.close(closed(run, ls, lumisection(m, run, ls)));
      const Judgements c = fresh.close(closed(run, ls, lumisection(m, run, ls)));
      ASSERT_EQ(text(a.lifetimes), text(b.lifetimes));
      ASSERT_EQ(text(whole.lifetimes()), text(restarted.lifetimes()));
      ASSERT_TRUE(c.lifetimes.empty() && fresh.lifetimes().empty());
      if (a.ended) a.windows.erase(a.windows.begin(), a.windows.end() - static_cast<std::ptrdiff_t>(c.windows.size()));
      ASSERT_EQ(a.windows.size(), c.windows.size());
      for (std::size_t w = 0; w < c.windows.size(); ++w) {
        for (std::size_t v = 0; v < c.windows[w].verdicts.size(); ++v) {
          ASSERT_EQ(verdict_line(a.windows[w].verdicts[v]), verdict_line(c.windows[w].verdicts[v]));
        }
      }
      for (std::size_t v = 0; v < c.sequential.verdicts.size(); ++v) {
        ASSERT_EQ(verdict_line(a.sequential.verdicts[v]), verdict_line(c.sequential.verdicts[v]));
      }
      if (ls % 5 != 0) continue;
      const std::string state = restarted.save();
      restarted = monitor_of(m, reference);
      EXPECT_TRUE(restarted.load(state).empty());
      ASSERT_EQ(restarted.save(), state);
    }
  }
  EXPECT_FALSE(whole.lifetimes().empty());
}

TEST(RunEffects, AreForgottenAgainstAnotherReference) {
  const ModelInfo m = fixtures::model(1);
  const Reference reference = reference_of(m);
  StreamMonitor monitor = monitor_of(m, reference);
  for (std::uint32_t run = 1; run <= 6; ++run) {
    for (std::uint32_t ls = 1; ls <= kLsOfRun; ++ls) (void)monitor.close(closed(run, ls, lumisection(m, run, ls)));
  }
  (void)monitor.end(ClosedBy::end);
  ASSERT_FALSE(monitor.lifetimes().empty());
  Reference other = reference;
  other.add(1, 21, lumisection(m, 0, 21));
  StreamMonitor taken_up = monitor_of(m, other);
  EXPECT_THAT(taken_up.load(monitor.save()), testing::Contains(testing::HasSubstr("another reference")));
  EXPECT_TRUE(taken_up.lifetimes().empty());
  // The state of a vigil that had none of it is taken up.
  auto without = nlohmann::json::parse(monitor.save());
  without.erase("effects");
  StreamMonitor earlier = monitor_of(m, reference);
  EXPECT_TRUE(earlier.load(without.dump()).empty());
  EXPECT_TRUE(earlier.lifetimes().empty());
  // Damaged: nothing changes.
  without["effects"] = {{"rules", 3}};
  const std::string before = earlier.save();
  EXPECT_THROW(earlier.load(without.dump()), Error);
  EXPECT_EQ(earlier.save(), before);
}

TEST(RunEffects, TooFewEventsAndALearnedReferenceSayNothing) {
  const ModelInfo m = fixtures::model(1);
  MonitorSettings settings;
  settings.minimum_events = 1'000'000;
  StreamMonitor few(m, "scouting", settings, reference_of(m)), learned(m, "scouting", {}, {});
  for (std::uint32_t run = 1; run <= 7; ++run) {
    for (std::uint32_t ls = 1; ls <= kLsOfRun; ++ls) {
      (void)few.close(closed(run, ls, lumisection(m, run, ls)));
      (void)learned.close(closed(run, ls, lumisection(m, run, ls)));
    }
  }
  (void)few.end(ClosedBy::end);
  (void)learned.end(ClosedBy::end);
  EXPECT_TRUE(few.lifetimes().empty());
  EXPECT_TRUE(learned.lifetimes().empty());
}

}  // namespace
}  // namespace vigil::monitors::run_effects
