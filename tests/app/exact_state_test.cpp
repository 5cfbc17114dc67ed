// A monitor that is killed between any two frames, again and again, and goes on from its journal: the lines, their
// numbers, the digest and the totals of one that never stopped.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "app/item_facts.h"
#include "app/partial_builder.h"
#include "app/pipeline.h"
#include "app/saved_totals.h"
#include "app/session.h"
#include "core/result_lines.h"
#include "demo_frames.h"

namespace vigil::app {
namespace {

namespace fs = std::filesystem;

// The topic of results: it survives the monitors.
struct Topic : ResultsLog {
  std::vector<std::string> lines;
  std::uint64_t checks = 0;
  void check() override { ++checks; }
  void append(const std::vector<ResultLine>& more) override {
    for (const ResultLine& line : more) {
      if (line.number <= lines.size()) continue;  // it is there already: the real one asks its metadata
      ASSERT_EQ(line.number, lines.size() + 1);
      lines.push_back(line.text);
    }
  }
};

// Frames behind `from`, as many as `most`.
class Behind : public Source {
 public:
  Behind(const std::vector<Frame>& frames, std::uint64_t from, std::size_t most)
      : frames_(frames), at_(from), end_(std::min<std::size_t>(frames.size(), from + most)) {}
  std::optional<Frame> next() override {
    if (at_ >= end_) return {};
    Frame frame = frames_[at_++];
    frame.order = at_;
    return frame;
  }
  void request_stop() override { at_ = end_; }

 private:
  const std::vector<Frame>& frames_;
  std::size_t at_, end_;
};

class ExactState : public ::testing::Test {
 protected:
  ExactState() {
    fs::create_directories(folder_);
    configuration_ = fixtures::demo_configuration();
    // Two streams; gaps, duplicates, late ones, a restart, a batch that claims a jump and is held, garbage.
    std::vector<Frame> a = fixtures::frames_of(
        "{seed: 5, lumisections: 14, sources: [a, b], batches_per_ls: 4, events_per_ls: 300, "
        "faults: [{type: score_bit_flip, from_ls: 9}]}");
    std::mt19937_64 random(11);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (random() % 17 == 0) continue;  // lost
      Frame frame = a[i];
      frames_.push_back(frame);
      if (random() % 13 == 0) frames_.push_back(frame);                                // twice
      if (random() % 19 == 0 && i > 30) frames_.push_back(a[i - 30]);                  // late
      if (random() % 23 == 0 && i + 1 < a.size()) frames_.push_back(a[a.size() - 1]);  // far ahead: held, then refused
      if (random() % 29 == 0) {
        Frame garbage;
        garbage.parts = {frame.parts[0], "no batch"};
        garbage.header = ingest::peek_header(garbage.parts);
        frames_.push_back(garbage);
      }
    }
    for (std::size_t i = 0; i < frames_.size(); ++i) frames_[i].position = std::to_string(i);
  }
  ~ExactState() override { fs::remove_all(folder_); }

  // As partials of random sizes, as workers would make them.
  std::vector<Frame> as_partials(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Frame> out;
    std::vector<std::string> lines;
    PartialBuilder builder([&](std::string_view line) { lines.emplace_back(line); }, {});
    const ModelSet models(configuration_.models);
    std::uint64_t origin = 0;
    const auto flush = [&] {
      builder.finish();
      std::map<std::uint64_t, std::shared_ptr<const PartialSummary>> summaries;
      for (const std::string& line : lines) {
        if (line_type(line) != "summary") continue;
        auto summary = std::make_shared<PartialSummary>(summary_from_line(line, "test"));
        summary->origin = std::to_string(origin);
        summaries[summary->number] = summary;
      }
      for (const std::string& line : lines) {
        if (line_type(line) != "frame") continue;
        const auto number = summary_of(line);
        Frame frame;
        frame.partial = std::make_shared<PartialFrame>(PartialFrame{line, number ? summaries.at(*number) : nullptr});
        out.push_back(frame);
      }
      lines.clear();
      ++origin;
    };
    for (const Frame& frame : frames_) {
      Item item;
      item.frame = frame;
      emulate(item, models, configuration_.monitors.multivariate.sampling());
      builder.take(item);
      if (random() % 7 == 0) flush();
    }
    flush();
    return out;
  }

  struct Result {
    std::vector<std::string> lines;
    std::string digest_line;
    std::uint64_t lives = 0;
  };

  Result run(const std::vector<Frame>& frames, const std::string& name, std::optional<std::uint64_t> kills) {
    Configuration c = configuration_;
    c.journal = (folder_ / (name + ".db")).string();
    c.jobs = 2;
    Topic topic;
    Result result;
    std::mt19937_64 random(kills.value_or(0));
    std::uint64_t before = 0, stuck = 0;
    for (bool over = false; !over; ++result.lives) {
      std::uint64_t from = 0;
      if (fs::exists(c.journal)) {
        const std::string at = alerting::JournalReader(c.journal).position();
        if (!at.empty()) from = std::stoull(at);
      }
      stuck = from > before ? 0 : stuck + 1;  // a life in which nothing closed was in vain
      before = from;
      const std::size_t most = kills ? 20 + random() % 60 + 20 * stuck : frames.size();
      over = from + most >= frames.size();
      const ModelSet models(c.models);
      SessionSettings settings{.json = false, .live = false, .quiet = true};
      settings.is_exact = true;
      settings.log = &topic;
      settings.position = [](std::uint64_t order) { return std::to_string(order); };
      settings.goes_on = [&] { return !over; };
      settings.read_again = [&](const std::string& position, const ModelSet& loaded) {
        auto item = std::make_shared<Item>();
        item->frame = frames_.at(std::stoull(position));
        emulate(*item, loaded, c.monitors.multivariate.sampling());
        return item;
      };
      Session session(c, settings);
      Behind source(frames, from, most);
      session.run(source);
      if (result.lives > 200) {
        ADD_FAILURE() << "no progress";
        return result;
      }
    }
    result.lines = topic.lines;
    const auto state = alerting::JournalReader(c.journal).state();
    result.digest_line =
        digest_line(Sha256::restored(state.at("results/sha256")).hex(), totals_from(state.at("results/totals")));
    return result;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("vigil-exact-" + std::to_string(getpid()));
  Configuration configuration_;
  std::vector<Frame> frames_;
};

std::string first_difference(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string x = i < a.size() ? a[i] : "(none)", y = i < b.size() ? b[i] : "(none)";
    if (x != y) return "line " + std::to_string(i + 1) + ":\n" + x + "\n" + y;
  }
  return {};
}

TEST_F(ExactState, KilledAnywhereItMakesTheSameLines) {
  const Result whole = run(frames_, "whole", std::nullopt);
  ASSERT_GT(whole.lines.size(), 100u);
  std::string all;
  for (const std::string& line : whole.lines) all += line + "\n";
  EXPECT_NE(whole.digest_line.find(sha256_of(all)), std::string::npos);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Result killed = run(frames_, "killed" + std::to_string(seed), seed);
    EXPECT_GT(killed.lives, 2u);
    EXPECT_EQ(first_difference(killed.lines, whole.lines), "") << seed;
    EXPECT_EQ(killed.digest_line, whole.digest_line) << seed;
    const Result merged = run(as_partials(seed), "merged" + std::to_string(seed), seed);
    EXPECT_EQ(first_difference(merged.lines, whole.lines), "") << seed;
    EXPECT_EQ(merged.digest_line, whole.digest_line) << seed;
  }
}

TEST(SavedTotals, AreReadBack) {
  const Totals totals{1, 2, 3, 4, 5, {6, 7, 8, 9}};
  EXPECT_EQ(saved_totals(totals_from(saved_totals(totals))), saved_totals(totals));
  EXPECT_THROW((void)totals_from("{}"), Error);
  EXPECT_THROW((void)totals_from("no"), Error);
}

TEST(Sha256State, GoesOnAnywhere) {
  std::mt19937_64 random(1);
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(random());
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t cut = random() % text.size();
    Sha256 first;
    first.update(std::string_view(text).substr(0, cut));
    Sha256 second = Sha256::restored(first.save());
    second.update(std::string_view(text).substr(cut));
    EXPECT_EQ(second.hex(), sha256_of(text));
  }
  EXPECT_THROW((void)Sha256::restored("sha256:00"), Error);
  EXPECT_THROW((void)Sha256::restored(Sha256().save() + "0"), Error);
}

}  // namespace
}  // namespace vigil::app
