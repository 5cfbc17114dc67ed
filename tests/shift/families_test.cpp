#include "shift/documents/families.h"

#include <gmock/gmock.h>

#include "tests/shift/record_fake.h"

namespace vigil::shift {
namespace {

using testing::ElementsAre;

class Families : public testing::Test {
 protected:
  std::vector<Family> of(const Shelves& shelves = {}, bool has_hardware = true,
                         const DataFacts& data = {"", "", "", "LS 9"}) {
    return families_of("m", "s", record.newest_verdicts("m", "s", 1), monitors, has_hardware, data, shelves);
  }
  static const Family& named(const std::vector<Family>& families, const std::string& name) {
    for (const Family& family : families) {
      if (family.name == name) return family;
    }
    throw std::out_of_range(name);
  }
  static std::vector<std::string> names(const std::vector<Family>& families) {
    std::vector<std::string> out;
    for (const Family& family : families) out.push_back(family.name);
    return out;
  }
  void say(const std::string& window, const std::string& monitor, const std::string& statistic, Quality quality,
           nlohmann::ordered_json more = {{"reason", "why"}}) {
    record.verdict(window, monitor, statistic, 1, 1, 9, quality, more);
  }
  RecordFake record;
  std::vector<std::string> monitors;
};

TEST_F(Families, AMonitorBelongsToOne) {
  const std::vector<std::pair<const char*, const char*>> all{
      {"mismatch/score", "agreement"}, {"mismatch/L1", "agreement"},      {"score", "score"},
      {"latent[3]", "score"},          {"multivariate/outputs", "score"}, {"pca", "score"},
      {"input/jet[0].pt", "inputs"},   {"multivariate/inputs", "inputs"}, {"seed/L1", "rates"}};
  for (const auto& [monitor, family] : all) EXPECT_STREQ(kFamilies[family_of(monitor)], family) << monitor;
}

TEST_F(Families, AreThereWhereThereIsSomethingToJudge) {
  EXPECT_THAT(names(of()), ElementsAre("agreement", "data")) << "nothing but the hardware's words so far";
  say("10ls", "mismatch/score", "rate", Quality::unknown);
  EXPECT_THAT(names(of({}, false)), ElementsAre("data")) << "no word and no bit of the hardware in this run";
  monitors = {"score", "input/a"};
  EXPECT_THAT(names(of()), ElementsAre("agreement", "score", "inputs", "data")) << "no seed";
  EXPECT_EQ(named(of(), "score").state, State::unknown);
}

TEST_F(Families, CountEachPairByItsWorstKnownWindow) {
  say("10ls", "score", "ks", Quality::good);
  say("2ls", "score", "ks", Quality::unknown);
  say("10ls", "loss", "ks", Quality::medium);
  say("sequential", "loss", "e_multinomial", Quality::unknown);
  const Family family = named(of(), "score");
  EXPECT_EQ(family.monitors, 3u);
  EXPECT_EQ(family.good, 1u);
  EXPECT_EQ(family.medium, 1u);
  EXPECT_EQ(family.unknown, 1u);
  EXPECT_EQ(family.state, State::medium);
}

TEST_F(Families, NameTheWorstByQualityThenDistanceThenName) {
  say("10ls", "b", "ks", Quality::bad, {{"value", 0.3}, {"limit", 0.1}, {"reason", "r"}});
  say("10ls", "a", "ks", Quality::bad, {{"value", 0.2}, {"limit", 0.1}, {"reason", "r"}});
  say("10ls", "c", "ks", Quality::medium, {{"value", 9.0}, {"limit", 0.1}, {"reason", "r"}});
  EXPECT_EQ(named(of(), "score").worst->monitor, "b");
  say("10ls", "a", "ks", Quality::bad, {{"value", 0.3}, {"limit", 0.1}, {"reason", "r"}});
  EXPECT_EQ(named(of(), "score").worst->monitor, "a");
  say("10ls", "0", "rate", Quality::bad, {{"value", 0.3}, {"limit", nullptr}, {"reason", "no limit"}});
  EXPECT_EQ(named(of(), "score").worst->monitor, "a") << "nobody knows how far the other one is";
}

TEST_F(Families, LeaveOutWhatIsShelved) {
  say("10ls", "score", "ks", Quality::bad);
  say("10ls", "loss", "ks", Quality::good);
  const Family one = named(of(Shelves({"m/s/score"})), "score");
  EXPECT_EQ(one.state, State::good);
  EXPECT_EQ(one.shelved, 1u);
  EXPECT_EQ(one.bad, 0u);
  EXPECT_EQ(one.worst->monitor, "loss");
  for (const char* node : {"m", "m/s"}) {
    const std::vector<Family> all = of(Shelves({node}));
    EXPECT_EQ(named(all, "score").state, State::shelved) << node;
    EXPECT_FALSE(named(all, "score").worst) << node;
    EXPECT_EQ(named(all, "data").state, State::shelved) << node;
  }
  for (const char* node : {"m/s/sco", "m/stream", "score", "n/s/score"}) {
    EXPECT_EQ(named(of(Shelves({node})), "score").state, State::bad) << node;
  }
}

TEST_F(Families, DataIsWhatTheNewestLumisectionAndWindowSay) {
  EXPECT_EQ(named(of(), "data").state, State::good);
  const Family lost = named(of({}, true, {"", "", "3 batches missing", "run 1 LS 9"}), "data");
  EXPECT_EQ(lost.state, State::medium);
  EXPECT_EQ(in_words(*lost.worst), "data: 3 batches missing in run 1 LS 9");
  const Family blind = named(of({}, true, {"5 events, 100 needed", "10ls", "3 batches missing", "LS 9"}), "data");
  EXPECT_EQ(blind.state, State::unknown);
  EXPECT_EQ(blind.worst->window, "10ls");
}

TEST_F(Families, SayWhyInWords) {
  EXPECT_EQ(in_words({"loss", "ks", "10ls", Quality::bad, 0.2139, 0.1, "long"}), "loss ks 0.214 over 0.1");
  EXPECT_EQ(in_words({"loss", "ks", "10ls", Quality::medium, 0.05, 0.1, "D 0.05, bad at 0.1"}),
            "loss ks: D 0.05, bad at 0.1");
  EXPECT_EQ(in_words({"loss", "ks", "10ls", Quality::bad, {}, {}, "loss drifted"}), "loss drifted");
  EXPECT_EQ(in_words({"loss", "ks", "10ls", Quality::bad, {}, {}, ""}), "loss ks bad");
}

TEST(States, TheWorstOfAll) {
  using enum State;
  EXPECT_EQ(worst_of({}), unknown);
  EXPECT_EQ(worst_of({good, unknown}), unknown);
  EXPECT_EQ(worst_of({unknown, medium}), medium);
  EXPECT_EQ(worst_of({medium, stale}), stale);
  EXPECT_EQ(worst_of({stale, bad, good}), bad);
  EXPECT_EQ(worst_of({shelved, good}), good);
  EXPECT_EQ(worst_of({shelved, shelved}), shelved);
}

}  // namespace
}  // namespace vigil::shift
