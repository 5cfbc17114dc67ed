// Certification against a second, naive implementation that asks every window about every lumisection.
#include "shift/documents/certification.h"

#include <gmock/gmock.h>

#include <chrono>
#include <random>
#include <set>

namespace vigil::shift {
namespace {

using alerting::RecordRow;
using testing::ElementsAre;
using testing::IsEmpty;

RecordRow window(std::uint32_t first_ls, std::uint32_t last_ls, Quality quality, const std::string& name = "10ls") {
  RecordRow row;
  row.first_ls = first_ls;
  row.last_ls = last_ls;
  row.quality = quality;
  row.window = name;
  return row;
}

RecordRow verdict(std::uint32_t first_ls, std::uint32_t last_ls, Quality quality, const std::string& monitor,
                  const std::string& statistic = "ks", const std::string& name = "10ls") {
  RecordRow row = window(first_ls, last_ls, quality, name);
  row.monitor = monitor;
  row.statistic = statistic;
  return row;
}

int badness(Quality quality) {
  return quality == Quality::bad ? 3 : quality == Quality::medium ? 2 : quality == Quality::good ? 1 : 0;
}

// Word for word what docs/report.md says, one lumisection after the other.
std::vector<QualityRange> naive(std::uint32_t last_ls, const std::vector<RecordRow>& windows,
                                const std::vector<RecordRow>& verdicts) {
  std::vector<QualityRange> out;
  for (std::uint32_t ls = 1; ls <= last_ls; ++ls) {
    Quality worst = Quality::unknown;
    for (const RecordRow& w : windows) {
      if (w.first_ls <= ls && ls <= w.last_ls && badness(w.quality) > badness(worst)) worst = w.quality;
    }
    std::set<std::string> causes;
    if (badness(worst) >= 2) {
      for (const RecordRow& v : verdicts) {
        if (v.window == "sequential" || v.quality != worst) continue;
        if (v.first_ls <= ls && ls <= v.last_ls) causes.insert(v.monitor + " " + v.statistic);
      }
    }
    const QualityRange here{ls, ls, worst, {causes.begin(), causes.end()}};
    if (!out.empty() && out.back().quality == here.quality && out.back().causes == here.causes) {
      out.back().last_ls = ls;
    } else {
      out.push_back(here);
    }
  }
  return out;
}

TEST(Certification, RunWithoutWindowIsUnknown) {
  EXPECT_THAT(certify(7, {}, {}), ElementsAre(QualityRange{1, 7, Quality::unknown, {}}));
  EXPECT_THAT(certify(0, {}, {}), IsEmpty());
}

TEST(Certification, WhatNoWindowHoldsIsUnknownAndNeverGood) {
  EXPECT_THAT(certify(12, {window(3, 5, Quality::good), window(8, 10, Quality::good)}, {}),
              ElementsAre(QualityRange{1, 2, Quality::unknown, {}}, QualityRange{3, 5, Quality::good, {}},
                          QualityRange{6, 7, Quality::unknown, {}}, QualityRange{8, 10, Quality::good, {}},
                          QualityRange{11, 12, Quality::unknown, {}}));
}

TEST(Certification, WorstKnownQualityOfAllWindowsWhateverTheirName) {
  const std::vector<RecordRow> windows{window(1, 10, Quality::good), window(4, 6, Quality::medium, "3ls"),
                                       window(6, 6, Quality::bad, "1ls"), window(1, 10, Quality::unknown, "x")};
  EXPECT_THAT(certify(10, windows, {}),
              ElementsAre(QualityRange{1, 3, Quality::good, {}}, QualityRange{4, 5, Quality::medium, {}},
                          QualityRange{6, 6, Quality::bad, {}}, QualityRange{7, 10, Quality::good, {}}));
}

TEST(Certification, CausesAreTheVerdictsOfThatQualitySortedEachOnce) {
  const std::vector<RecordRow> windows{window(1, 4, Quality::bad), window(3, 6, Quality::medium, "4ls")};
  const std::vector<RecordRow> verdicts{verdict(1, 4, Quality::bad, "seed/L1", "rate"),
                                        verdict(1, 4, Quality::bad, "loss"),
                                        verdict(1, 4, Quality::medium, "input/x", "chi2"),
                                        verdict(1, 4, Quality::good, "score"),
                                        verdict(3, 6, Quality::medium, "input/y", "chi2", "4ls"),
                                        verdict(2, 6, Quality::medium, "input/z", "e_multinomial", "sequential")};
  EXPECT_THAT(certify(6, windows, verdicts), ElementsAre(QualityRange{1, 4, Quality::bad, {"loss ks", "seed/L1 rate"}},
                                                         QualityRange{5, 6, Quality::medium, {"input/y chi2"}}));
}

TEST(Certification, NeighboursThatAreEqualAreMergedAcrossWindows) {
  const std::vector<RecordRow> windows{window(1, 10, Quality::bad), window(11, 20, Quality::bad),
                                       window(21, 30, Quality::bad)};
  const std::vector<RecordRow> verdicts{verdict(1, 10, Quality::bad, "a"), verdict(11, 20, Quality::bad, "a"),
                                        verdict(21, 30, Quality::bad, "b")};
  EXPECT_THAT(certify(30, windows, verdicts),
              ElementsAre(QualityRange{1, 20, Quality::bad, {"a ks"}}, QualityRange{21, 30, Quality::bad, {"b ks"}}));
}

// Cuts, overlaps, several names, unknown windows, verdicts of all qualities, windows beyond the end.
TEST(Certification, EqualsTheNaiveReadingOnAThousandRandomHistories) {
  std::mt19937_64 random(20260514);
  const auto pick = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
  std::size_t with_bad = 0, with_gap = 0, with_causes = 0;
  for (int history = 0; history < 1000; ++history) {
    const std::uint32_t last_ls = 1 + pick(120);
    std::vector<RecordRow> windows, verdicts;
    for (std::uint32_t name = 0, names = pick(3); name < names; ++name) {
      const std::uint32_t length = 1 + pick(20), hop = 1 + pick(length + 3);
      for (std::uint32_t first = 1 + pick(30); first <= last_ls; first += hop) {
        if (pick(9) == 0) first += pick(15);  // a cut, or lumisections nobody saw
        const std::uint32_t last = first + (pick(6) == 0 ? pick(length - 1) : length - 1);
        const std::string called = std::to_string(length) + "ls";
        Quality worst = Quality::unknown;
        for (std::uint32_t monitor = 0, monitors = pick(4); monitor < monitors; ++monitor) {
          const auto quality = static_cast<Quality>(pick(3));
          verdicts.push_back(verdict(first, last, quality, std::string(1, static_cast<char>('a' + pick(3))),
                                     pick(1) == 0 ? "ks" : "chi2", pick(5) == 0 ? "sequential" : called));
          if (verdicts.back().window != "sequential" && badness(quality) > badness(worst)) worst = quality;
        }
        if (worst == Quality::good && pick(7) == 0) worst = Quality::medium;  // a silent source
        if (pick(9) == 0) worst = Quality::unknown;                           // below minimum coverage
        windows.push_back(window(first, last, worst, called));
      }
    }
    std::shuffle(windows.begin(), windows.end(), random);
    std::shuffle(verdicts.begin(), verdicts.end(), random);
    const auto expected = naive(last_ls, windows, verdicts);
    ASSERT_EQ(certify(last_ls, windows, verdicts), expected) << "history " << history;
    for (const QualityRange& range : expected) {
      with_bad += range.quality == Quality::bad;
      with_gap += range.quality == Quality::unknown;
      with_causes += range.causes.size() > 1;
    }
  }
  // The histories hold what they are about.
  EXPECT_GT(with_bad, 1000u);
  EXPECT_GT(with_gap, 1000u);
  EXPECT_GT(with_causes, 1000u);
}

// A naive reading would take 10^10 steps.
TEST(Certification, AHundredThousandLumisectionsTakeNoTime) {
  Certification certification;
  for (std::uint32_t ls = 1; ls <= 100'000; ++ls) {
    certification.add_window(window(ls, ls + 9, Quality::bad));
    for (int monitor = 0; monitor < 5; ++monitor) {
      certification.add_verdict(verdict(ls, ls + 9, Quality::bad, "input/x[" + std::to_string(monitor) + "]"));
    }
  }
  const auto before = std::chrono::steady_clock::now();
  EXPECT_THAT(certification.ranges(100'000), testing::SizeIs(1));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

}  // namespace
}  // namespace vigil::shift
