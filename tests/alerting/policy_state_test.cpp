#include <gtest/gtest.h>

#include <random>

#include "alerting/policy.h"
#include "core/cloud_event.h"
#include "core/error.h"
#include "windows.h"

namespace vigil::alerting {
namespace {

std::string text_of(const Decision& d) {
  std::string text;
  for (const Action& a : d.actions) text += cloud_event(a) + "\n";
  for (const std::string& id : d.closed) text += "closed " + id + "\n";
  return text;
}

// A random but seeded history with every class of fault, several window names and run changes.
std::vector<WindowOf> history(std::uint64_t seed, int windows) {
  std::mt19937_64 random(seed);
  std::vector<WindowOf> all;
  std::uint32_t run = 1, ls = 0;
  const auto quality = [&](Quality usual) {
    const auto r = random() % 10;
    return r < 6 ? usual : r < 7 ? Quality::bad : r < 8 ? Quality::medium : r < 9 ? Quality::unknown : Quality::good;
  };
  Quality mood[4] = {Quality::good, Quality::good, Quality::good, Quality::good};
  for (int i = 0; i < windows; ++i) {
    if (random() % 40 == 0) {
      ++run;
      ls = 0;
    }
    ls += 5;
    if (random() % 4 == 0) mood[random() % 4] = random() % 2 == 0 ? Quality::bad : Quality::good;
    const bool wide = random() % 3 == 0;
    WindowOf w(run, ls, ls + (wide ? 19 : 9), wide ? "20ls" : "10ls");
    if (random() % 2 == 0) w.set("score", quality(mood[0]), quality(mood[0]));
    for (int input = 0; input < 6; ++input) {
      if (random() % 3 == 0) w.dead(input, quality(mood[1]));
    }
    w.rate("L1_A", 44, quality(mood[2]));
    if (mood[3] == Quality::bad) w.mismatch("score", {kept(ls, ls << 18, 4)}, quality(mood[3]));
    all.push_back(w);
  }
  return all;
}

// One verdict of each rule of the history.
std::vector<Verdict> rules() {
  std::vector<Verdict> all;
  for (const char* window : {"10ls", "20ls"}) {
    const JudgedWindow judged = WindowOf(1, 1, 10, window);
    all.insert(all.end(), judged.verdicts.begin(), judged.verdicts.end());
  }
  return all;
}

TEST(PolicyState, GoesOnAsIfNeverInterruptedAtEveryStep) {
  std::size_t actions = 0, closed = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Policy through(test_model(), "scouting");
    std::string saved = through.save();
    for (const WindowOf& w : history(seed, 400)) {
      Policy resumed(test_model(), "scouting");
      ASSERT_TRUE(resumed.load(saved, rules()).empty());
      const Decision d = through.judge(w);
      ASSERT_EQ(text_of(resumed.judge(w)), text_of(d));
      saved = through.save();
      ASSERT_EQ(resumed.save(), saved);
      ASSERT_EQ(resumed.open_ids(), through.open_ids());
      actions += d.actions.size();
      closed += d.closed.size();
    }
  }
  EXPECT_GT(actions, 200u);
  EXPECT_GT(closed, 200u);
}

// In any history whatever: no retrain and no threshold-adjust beside a mismatch, and never two of one key open.
TEST(PolicyState, MismatchNeverLeadsToRetrainingInAnyHistory) {
  for (std::uint64_t seed = 10; seed < 40; ++seed) {
    Policy policy(test_model(), "scouting");
    std::map<std::string, std::string> open;  // id -> key
    for (const WindowOf& w : history(seed, 300)) {
      const JudgedWindow& judged = w;
      bool mismatch = false;
      for (const Verdict& v : judged.verdicts) {
        mismatch |=
            v.subject.target == Target::mismatch && (v.quality >= Quality::medium || v.reading >= Quality::medium);
      }
      const Decision d = policy.judge(w);
      for (const std::string& id : d.closed) ASSERT_EQ(open.erase(id), 1u);
      for (const Action& a : d.actions) {
        ASSERT_TRUE(!mismatch || a.kind == ActionKind::revalidate || a.kind == ActionKind::notify);
        const std::string key = std::string(to_string(a.kind)) + std::string(to_string(a.cause)) + a.subject;
        for (const auto& [id, other] : open) ASSERT_NE(other, key);
        ASSERT_TRUE(open.emplace(a.id, key).second) << "an id twice";
      }
      ASSERT_EQ(policy.open_ids().size(), open.size());
    }
  }
}

TEST(PolicyState, RefusesWhatIsNotItsOwn) {
  Policy policy(test_model(), "scouting");
  (void)policy.judge(WindowOf(1, 1, 10).dead(0));
  const std::string saved = policy.save();
  EXPECT_THROW(Policy(test_model(), "express").load(saved, rules()), Error);
  ModelInfo other = test_model();
  other.hash = std::string(64, 'b');
  EXPECT_THROW(Policy(other, "scouting").load(saved, rules()), Error);
  std::string version = saved;
  version.replace(version.find("\"version\":2"), 11, "\"version\":1");
  for (const std::string& damaged : {std::string(), std::string("{}"), saved.substr(0, saved.size() / 2), version,
                                     std::string("[1]"), std::string(100000, '[')}) {
    EXPECT_THROW(policy.load(damaged, rules()), Error) << damaged.substr(0, 40);
    EXPECT_EQ(policy.save(), saved);
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = saved;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    try {
      (void)policy.load(damaged, rules());
    } catch (const Error&) {
    }
    (void)policy.judge(WindowOf(1, 6, 15).dead(1));
    (void)policy.load(saved, rules());
  }
}

}  // namespace
}  // namespace vigil::alerting
