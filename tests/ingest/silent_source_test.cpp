// Who is in the set, who is silent, who is expected (docs/results.md, Scope).
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/ingest/stream_for_test.h"

namespace vigil::ingest {
namespace {

using test::Stream;
constexpr std::uint64_t kAll = lhc::kOrbitsPerLumisection;

TEST(SilentSource, StaysInEveryLineOfTheRun) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 40; ++ls) {
    s.send(s.batch("a", ls - 1, ls));
    if (ls <= 20 || ls >= 35) s.send(s.batch("c", ls <= 20 ? ls - 1 : ls - 15, ls));
  }
  s.send(s.batch("a", 40, 1, 0, 2, 2));
  s.send(s.batch("a", 41, 1, 1, 2, 2));
  s.finish();
  for (std::uint32_t ls = 1; ls <= 40; ++ls) {
    const bool silent = ls > 30 && ls < 35, sends = ls <= 20 || ls >= 35;
    EXPECT_EQ(s.line(ls).sources.at("c").silent_since_ls, silent ? std::optional(20u) : std::nullopt) << ls;
    EXPECT_EQ(s.line(ls).silent, (silent ? std::vector{SilentSource{"c", 1, 20}} : std::vector<SilentSource>{})) << ls;
    EXPECT_EQ(s.line(ls).covered_orbits, silent || sends ? kAll : 0) << ls;
  }
  EXPECT_FALSE(s.line(1, 2).sources.contains("c"));  // the set is the run's own
}

TEST(SilentSource, AnOptionalOneLeaves) {
  Stream s({.optional_sources = {"c*"}});
  for (std::uint32_t ls = 1; ls <= 20; ++ls) {
    s.send(s.batch("a", ls - 1, ls));
    if (ls == 1) s.send(s.batch("c1", ls - 1, ls));
  }
  s.finish();
  EXPECT_TRUE(s.line(11).sources.contains("c1"));
  EXPECT_FALSE(s.line(12).sources.contains("c1"));
  EXPECT_TRUE(s.line(12).silent.empty());
}

TEST(SilentSource, AnExpectedOneIsInTheSetFromTheStart) {
  Stream s({.expected_sources = {"a", "b"}});
  for (std::uint32_t ls = 3; ls <= 20; ++ls) s.send(s.batch("a", ls - 3, ls));
  s.finish();
  EXPECT_EQ(s.closed.front().ls, 3u);
  for (std::uint32_t ls = 3; ls <= 20; ++ls) {
    EXPECT_EQ(s.line(ls).covered_orbits, ls <= 12 ? 0 : kAll) << ls;
    EXPECT_EQ(s.line(ls).sources.at("b").silent_since_ls, ls <= 12 ? std::nullopt : std::optional(3u)) << ls;
  }
}

TEST(SilentSource, AnExpectedOneHoldsTheClockUntilItIsSilent) {
  Stream s({.close_after_ls = 100, .source_timeout_ls = 4, .expected_sources = {"b"}});
  for (std::uint32_t ls = 1; ls <= 4; ++ls) s.send(s.batch("a", ls - 1, ls));
  EXPECT_TRUE(s.closed.empty());
  s.send(s.batch("a", 4, 5));
  EXPECT_EQ(s.closed.size(), 4u);
}

TEST(SilentSource, APatternExpectsThoseThatWereThere) {
  Stream s({.source_timeout_ls = 2, .expected_sources = {"link*"}});
  std::map<std::string, std::uint64_t> seq;
  const auto both = [&](std::uint32_t run, std::uint32_t lumisections, std::set<std::string> sources) {
    for (std::uint32_t ls = 1; ls <= lumisections; ++ls) {
      for (const std::string& name : sources) {
        s.send(s.batch(name, seq[name]++, ls, 0, 2, run));
        s.send(s.batch(name, seq[name]++, ls, 1, 2, run));
      }
    }
  };
  both(1, 4, {"other"});
  both(2, 6, {"other", "link0", "link1"});
  both(3, 6, {"other", "link0"});
  s.finish();
  // While no link was ever seen, the pattern stands for them.
  EXPECT_EQ(s.line(2, 1).covered_orbits, 0u);
  EXPECT_EQ(s.line(3, 1).sources.at("link*").silent_since_ls, 1u);
  EXPECT_FALSE(s.line(1, 2).sources.contains("link*"));
  EXPECT_EQ(s.line(1, 2).covered_orbits, kAll);
  EXPECT_EQ(s.line(2, 3).covered_orbits, 0u);
  EXPECT_EQ(s.line(3, 3).sources.at("link1").silent_since_ls, 1u);
  EXPECT_EQ(s.line(3, 3).silent, (std::vector{SilentSource{"link1", 3, 1}}));
}

// What every source skipped says nothing about one of them: a pause of the whole stream makes nobody silent.
TEST(SilentSource, APauseOfAllIsNobodysSilence) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 60; ++ls) {
    if (ls > 10 && ls < 50) continue;
    const std::uint64_t seq = ls <= 10 ? ls : ls - 39;
    s.send(s.batch("a", seq, ls));
    s.send(s.batch("b", seq, ls));
  }
  s.finish();
  for (const Closed& line : s.closed) EXPECT_TRUE(line.silent.empty()) << line.ls;
  EXPECT_EQ(s.line(50).covered_orbits, kAll);
  EXPECT_EQ(s.total().late, 0u);
}

TEST(SilentSource, Patterns) {
  EXPECT_TRUE(matches("link*", "link"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("a*b*c", "a--b-b-c"));
  EXPECT_FALSE(matches("a*b", "a-b-"));
  EXPECT_FALSE(matches("link1", "link10"));
  EXPECT_TRUE(matches("**x", "x"));
}

// The definition over random streams in which nothing is late, cut by a kill somewhere: the state goes on exactly.
TEST(SilentSource, AgreesWithTheDefinition) {
  std::mt19937 random(17);
  for (int round = 0; round < 200; ++round) {
    const std::vector<std::string> names = {"a", "b", "c", "d"};
    SequencerSettings settings;
    settings.source_timeout_ls = 1 + random() % 4;
    settings.close_after_ls = 1 + random() % 5;
    settings.split_sources = random() % 4 == 0;
    std::set<std::string> expected, optional;
    if (random() % 2) settings.expected_sources = {"b", "z"}, expected = {"b", "z"};
    if (random() % 2) settings.optional_sources = {"c"}, optional = {"c"};
    constexpr std::uint32_t kLast = 30;
    const std::uint32_t first = 1 + random() % 3;
    std::map<std::string, std::set<std::uint32_t>> sent;
    std::set<std::uint32_t> with_data;
    Stream s(settings);
    std::vector<std::vector<BatchFacts>> by_ls(kLast + 1);
    std::map<std::string, std::uint64_t> seq;
    for (const std::string& name : names) {
      bool alive = random() % 2;
      for (std::uint32_t ls = first; ls <= kLast; ++ls) {
        if (random() % 6 == 0) alive = !alive;
        const bool all_pause = ls > 12 && ls < 12 + static_cast<std::uint32_t>(round % 8);
        if (!(alive || (name == "a" && (ls == first || ls == kLast))) || all_pause) continue;
        by_ls[ls].push_back(s.batch(name, seq[name]++, ls, random() % 2, 2));
        sent[name].insert(ls);
        with_data.insert(ls);
      }
    }
    const std::uint32_t kill_at = 1 + random() % kLast;
    for (std::uint32_t ls = first; ls <= kLast; ++ls) {
      if (ls == kill_at) {
        Stream resumed(settings);
        resumed.sequencer.load(s.sequencer.save());
        resumed.closed = s.closed;
        s = std::move(resumed);
      }
      for (const BatchFacts& b : by_ls[ls]) s.send(b);
    }
    s.finish();
    ASSERT_EQ(s.closed.size(), kLast - first + 1);
    std::set<std::string> everyone(names.begin(), names.end());
    everyone.insert("z");
    for (const Closed& line : s.closed) {
      std::optional<IntervalSet> covered;
      for (const std::string& name : everyone) {
        std::optional<std::uint32_t> last;
        for (const std::uint32_t ls : sent[name]) {
          if (ls <= line.ls) last = ls;
        }
        const bool waited_for = expected.contains(name) && !optional.contains(name);
        if (!last && !waited_for) {
          ASSERT_FALSE(line.sources.contains(name));
          continue;
        }
        const std::uint32_t from = last.value_or(first - 1);
        const auto quiet = std::distance(with_data.upper_bound(from), with_data.upper_bound(line.ls));
        const bool in_set = quiet <= settings.source_timeout_ls;
        if (in_set) {
          IntervalSet own;
          for (const BatchFacts& b : by_ls[line.ls]) {
            if (b.source == name) own.insert(b.first_orbit, b.last_orbit);
          }
          if (!covered) {
            covered = own;
          } else if (settings.split_sources) {
            *covered |= own;
          } else {
            *covered &= own;
          }
          ASSERT_EQ(line.sources.at(name).silent_since_ls, std::nullopt) << round << " " << name << " " << line.ls;
        } else if (optional.contains(name)) {
          ASSERT_FALSE(line.sources.contains(name)) << round << " " << name << " " << line.ls;
        } else {
          ASSERT_EQ(line.sources.at(name).silent_since_ls, last.value_or(first))
              << round << " " << name << " " << line.ls;
        }
      }
      ASSERT_EQ(line.covered_orbits, covered ? covered->size() : 0) << round << " " << line.ls;
    }
  }
}

}  // namespace
}  // namespace vigil::ingest
