#include "app/open_lumisection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "app/pipeline.h"
#include "core/error.h"
#include "demo_frames.h"

namespace vigil::app {
namespace {

// The frames of one lumisection, emulated; cut into partial summaries at random; placed in any order.
class OpenLumisectionTest : public ::testing::Test {
 protected:
  OpenLumisectionTest() : models_(std::vector<std::string>{demo_model_folder()}) {
    for (Frame& frame : fixtures::frames_of("{lumisections: 1, events_per_ls: 600, batches_per_ls: 12}")) {
      frame.position = std::to_string(items_.size());
      items_.push_back(fixtures::item_of(frame, models_));
    }
  }
  const ModelInfo& info() const { return models_.all().front()->info(); }

  // An item in place of which a partial stands.
  std::shared_ptr<Item> standing_for(const Item& item, const std::shared_ptr<const PartialSummary>& summary) const {
    auto out = std::make_shared<Item>();
    out->frame.position = item.frame.position;
    out->frame.partial = std::make_shared<PartialFrame>(PartialFrame{"", summary});
    out->batch = item.batch;
    return out;
  }
  std::shared_ptr<const PartialSummary> partial_of(const std::vector<std::size_t>& of, std::uint64_t number) const {
    monitors::OpenSummary open(info());
    for (const std::size_t i : of) open.add(items_[i]->summary);
    auto out = std::make_shared<PartialSummary>();
    out->number = number;
    out->frames = of.size();
    out->text = to_json(open.take());
    return out;
  }
  ReadAgain reader() const {
    return [this](const std::string& position) { return items_.at(std::stoull(position)); };
  }

  ModelSet models_;
  std::vector<std::shared_ptr<Item>> items_;
};

TEST_F(OpenLumisectionTest, DoesNotDependOnHowFramesWereCutIntoPartials) {
  OpenLumisection whole(info(), 0u);
  for (const auto& item : items_) whole.add(*item);
  std::uint64_t again = 0;
  const Summary expected = whole.take({}, again);
  EXPECT_EQ(again, 0u);
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 20; ++trial) {
    std::map<std::uint64_t, std::vector<std::size_t>> cut;
    for (std::size_t i = 0; i < items_.size(); ++i) cut[random() % 4].push_back(i);
    std::vector<std::shared_ptr<Item>> placed;
    for (const auto& [number, of] : cut) {
      if (number == 0) {  // these were emulated here
        for (const std::size_t i : of) placed.push_back(items_[i]);
        continue;
      }
      const auto summary = partial_of(of, number);
      for (const std::size_t i : of) placed.push_back(standing_for(*items_[i], summary));
    }
    std::shuffle(placed.begin(), placed.end(), random);
    OpenLumisection open(info(), 0u);
    for (const auto& item : placed) open.add(*item);
    EXPECT_EQ(open.take(reader(), again), expected);
  }
  EXPECT_EQ(again, 0u) << "every summary was used whole";
}

TEST_F(OpenLumisectionTest, ASummaryOfWhichAFrameWasRefusedIsMadeAnew) {
  const auto summary = partial_of({0, 1, 2, 3}, 0);
  OpenLumisection open(info(), 0u), expected(info(), 0u);
  for (const std::size_t i : {0, 1, 3}) {
    open.add(*standing_for(*items_[i], summary));
    expected.add(*items_[i]);
  }
  std::uint64_t again = 0;
  EXPECT_EQ(open.take(reader(), again), expected.take({}, again));
  EXPECT_EQ(again, 3u);
  OpenLumisection without(info(), 0u);
  without.add(*standing_for(*items_[0], summary));
  EXPECT_THROW((void)without.take({}, again), Error);
}

}  // namespace
}  // namespace vigil::app
