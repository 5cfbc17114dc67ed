#include "replay/plan.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/digest.h"
#include "core/error.h"
#include "replay/recorder.h"
#include "replay/recording.h"
#include "tests/replay/recording_frames.h"

namespace vigil::replay {
namespace {

std::string what_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

class Plans : public ::testing::Test {
 protected:
  std::filesystem::path record(const std::string& name, std::uint64_t seed, std::size_t count) {
    std::mt19937_64 random(seed);
    Recorder recorder = Recorder::to_file(folder_ / name);
    for (std::uint64_t i = 0; i < count; ++i) {
      recorder.write(simple_frame(1, 1 + static_cast<std::uint32_t>(i / 10), i, 20 + random() % 2000));
    }
    recorder.close();
    return folder_ / name;
  }
  Plan planned(std::uint32_t parts) {
    Plan plan = cut({record("a.vrec", 1, 60), record("b.vrec", 2, 30)}, parts);
    complete(plan);
    return plan;
  }
  // What the caller of cut() adds.
  static void complete(Plan& plan) {
    plan.settings = sha256_of("settings");
    plan.models = {{"/models/é \"x\"", "m", "sha256:1"}};
    plan.configuration = R"({"from_ls":1,"yaml":"models: [x]\n"})";
  }
  Folder folder_;
};

TEST_F(Plans, parts_cover_every_byte_once_and_are_of_even_size) {
  const std::vector<std::filesystem::path> files = {record("a.vrec", 1, 300), record("b.vrec", 2, 1),
                                                    record("c.vrec", 3, 120)};
  std::uint64_t largest = 0, records = 0, frames = 0;
  std::vector<std::uint64_t> begins;
  for (const auto& file : files) {
    for (const KeptItem& kept : items_of(file)) {
      largest = std::max(largest, kept.item.length);
      frames += kept.item.kind == RecordingItem::Kind::frame;
      ++records;
    }
  }
  for (const std::uint32_t parts : {1u, 2u, 3u, 7u, 16u, 40u, static_cast<std::uint32_t>(records)}) {
    const Plan plan = cut(files, parts);
    ASSERT_EQ(plan.parts.size(), parts);
    std::uint64_t total = 0, n = 0, events = 0;
    std::size_t recording = 0;
    std::uint64_t at = kFileHeaderBytes;
    for (const PlanPart& part : plan.parts) {
      std::uint64_t bytes = 0;
      EXPECT_EQ(part.part, static_cast<std::uint32_t>(&part - plan.parts.data()));
      for (const PlanStretch& range : part.ranges) {
        if (at == plan.recordings[recording].bytes) {
          ++recording;
          at = kFileHeaderBytes;
        }
        EXPECT_EQ(range.recording, recording);
        EXPECT_EQ(range.first, at);
        EXPECT_LT(range.first, range.end);
        at = range.end;
        bytes += range.end - range.first;
      }
      EXPECT_EQ(bytes, part.bytes);
      total += bytes;
      n += part.frames;
      events += part.events;
    }
    EXPECT_EQ(recording, files.size() - 1);
    EXPECT_EQ(at, std::filesystem::file_size(files.back()));
    EXPECT_EQ(n, frames);
    EXPECT_EQ(events, 3 * frames);
    const double mean = static_cast<double>(total) / parts;
    for (const PlanPart& part : plan.parts) {
      EXPECT_LE(static_cast<double>(part.bytes), 1.2 * mean + static_cast<double>(largest)) << parts;
      EXPECT_GE(static_cast<double>(part.bytes), 0.8 * mean - static_cast<double>(largest)) << parts;
    }
  }
}

// One record in fifty is far larger than the mean: no part is empty, and every other bound still holds.
TEST_F(Plans, records_of_very_different_size) {
  std::mt19937_64 random(5);
  {
    Recorder recorder = Recorder::to_file(folder_ / "a.vrec");
    for (std::uint64_t i = 0; i < 200; ++i) recorder.write(simple_frame(1, 1, i, random() % 50 == 0 ? 100'000 : 30));
  }
  for (std::uint32_t parts = 1; parts <= 200; ++parts) {
    Plan plan = cut({folder_ / "a.vrec"}, parts);
    complete(plan);
    const double mean = static_cast<double>(plan.recordings[0].bytes) / parts;
    for (const PlanPart& part : plan.parts) {
      ASSERT_FALSE(part.ranges.empty());
      ASSERT_LE(static_cast<double>(part.bytes), 1.2 * mean + 100'400) << parts;
    }
    EXPECT_EQ(plan_from_json(to_json(plan), "p").parts, plan.parts);
  }
}

TEST_F(Plans, drops_stay_with_their_frame) {
  {
    Recorder recorder = Recorder::to_file(folder_ / "a.vrec");
    for (std::uint64_t i = 0; i < 100; ++i) {
      Frame frame = simple_frame(1, 1, 3 * i + 2, 100);
      frame.dropped_before = {labelled(1, 1, 3 * i), labelled(1, 1, 3 * i + 1)};
      recorder.write(frame);
    }
  }
  const Plan plan = cut({folder_ / "a.vrec"}, 9);
  for (const PlanPart& part : plan.parts) {
    ReplaySource source(stretches(plan, part.part));
    for (const Frame& frame : read_all(source)) EXPECT_FALSE(frame.parts.empty());
  }
}

TEST_F(Plans, equal_input_gives_equal_bytes) {
  const std::string first = to_json(planned(7));
  EXPECT_EQ(to_json(planned(7)), first);
  const auto parsed = nlohmann::json::parse(first);
  EXPECT_EQ(parsed.dump(), first);  // sorted, no blanks
  EXPECT_EQ(parsed["format"], "vigil-plan");
  EXPECT_EQ(parsed["version"], 1);
  EXPECT_TRUE(parsed["recordings"][0]["path"].get<std::string>().starts_with("/"));
  EXPECT_EQ(plan_from_json(first, "p"), planned(7));
}

TEST_F(Plans, a_number_of_parts_that_cannot_be_is_named_with_the_records) {
  const auto file = record("a.vrec", 1, 10);  // ten frames and the index
  EXPECT_TRUE(contains(what_of([&] { cut({file}, 0); }), "1 to 11"));
  EXPECT_TRUE(contains(what_of([&] { cut({file}, 12); }), "12, expected 1 to 11"));
  EXPECT_NO_THROW(cut({file}, 11));
  EXPECT_TRUE(contains(what_of([&] { cut({folder_ / "none"}, 1); }), "none"));
  write_bytes(folder_ / "empty.vrec", encode_file_header());
  EXPECT_TRUE(contains(what_of([&] { cut({folder_ / "empty.vrec"}, 1); }), "1 to 0"));
}

TEST_F(Plans, a_changed_recording_is_named) {
  const Plan plan = planned(5);
  EXPECT_NO_THROW(check_recordings(plan, std::nullopt));
  const std::string good = bytes_of(folder_ / "b.vrec");
  // Another record in the place of one, of the same length: only its CRCs tell.
  const auto items = items_of(folder_ / "b.vrec");
  {
    std::string bytes = good;
    const RecordingItem& item = items.at(20).item;
    Recorder recorder = Recorder::to_file(folder_ / "other.vrec");
    for (std::uint64_t i = 0; i < 30; ++i) {
      Frame frame;
      frame.header = items.at(i).item.header;
      frame.parts = items.at(i).parts;
      if (i == 20) frame.parts.back().front() ^= 1;
      recorder.write(frame);
    }
    recorder.close();
    const std::string other = bytes_of(folder_ / "other.vrec");
    ASSERT_EQ(other.size(), good.size());
    ASSERT_NE(other.substr(item.offset, item.length), good.substr(item.offset, item.length));
    write_bytes(folder_ / "b.vrec", other);
    EXPECT_TRUE(contains(what_of([&] { check_recordings(plan, std::nullopt); }), "b.vrec"));
    int changed = 0;
    for (const PlanPart& part : plan.parts) {
      const std::string what = what_of([&] { check_recordings(plan, part.part); });
      const bool holds = std::any_of(part.ranges.begin(), part.ranges.end(), [&](const PlanStretch& range) {
        return range.recording == 1 && range.first <= item.offset && item.offset < range.end;
      });
      EXPECT_EQ(!what.empty(), holds) << what;
      changed += holds;
    }
    EXPECT_EQ(changed, 1);
  }
  write_bytes(folder_ / "b.vrec", good.substr(0, good.size() - 1));
  EXPECT_TRUE(contains(what_of([&] { check_recordings(plan, std::nullopt); }), "b.vrec"));
  EXPECT_TRUE(contains(what_of([&] { check_recordings(plan, 4); }), "b.vrec"));
  EXPECT_NO_THROW(check_recordings(plan, 0));
  std::filesystem::remove(folder_ / "b.vrec");
  EXPECT_TRUE(contains(what_of([&] { check_recordings(plan, std::nullopt); }), "b.vrec"));
}

TEST_F(Plans, every_member_taken_away_or_changed_is_refused) {
  const std::string good = to_json(planned(3));
  const auto json = nlohmann::json::parse(good);
  int refused = 0;
  const auto refuse = [&](const nlohmann::json& changed) {
    const std::string text = changed.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text == good) return;
    ++refused;
    EXPECT_TRUE(what_of([&] { plan_from_json(text, "here"); }).starts_with("here")) << text;
  };
  const std::vector<nlohmann::json> values = {
      nullptr, true, -1, 0.5, "", "x", nlohmann::json::array(), nlohmann::json::object(), 18446744073709551615u};
  for (const auto& [key, value] : json.items()) {
    auto without = json;
    without.erase(key);
    refuse(without);
    for (const auto& other : values) {
      auto changed = json;
      changed[key] = other;
      if (key == "configuration" && other.is_object()) continue;  // what it holds is not the plan's
      refuse(changed);
    }
  }
  for (const char* list : {"recordings", "parts", "models"}) {
    for (const auto& [key, value] : json[list][0].items()) {
      auto without = json;
      without[list][0].erase(key);
      refuse(without);
      for (const auto& other : values) {
        const bool free = std::string(list) == "models" ? key != "path" && other == "x" : false;
        const bool count = key == "records" || key == "frames" || key == "events";
        auto changed = json;
        changed[list][0][key] = other;
        if (!free && !(count && other.is_number_unsigned())) refuse(changed);
      }
    }
    auto more = json;
    more[list][0]["more"] = 1;
    refuse(more);
  }
  auto more = json;
  more["more"] = 1;
  refuse(more);
  EXPECT_GT(refused, 150);
}

TEST_F(Plans, stretches_that_overlap_leave_gaps_or_lie_outside_are_refused) {
  const Plan good = planned(6);
  const auto refuse = [&](const std::function<void(Plan&)>& change, const std::string& words) {
    Plan plan = good;
    change(plan);
    for (PlanPart& part : plan.parts) {
      part.bytes = 0;
      for (const PlanStretch& range : part.ranges) part.bytes += range.end - range.first;
    }
    const std::string what = what_of([&] { plan_from_json(to_json(plan), "here"); });
    EXPECT_TRUE(what.starts_with("here") && contains(what, words)) << what;
  };
  refuse([](Plan& p) { p.parts[1].ranges[0].first -= 1; }, "parts[1]");
  refuse([](Plan& p) { p.parts[1].ranges[0].first += 1; }, "parts[1]");
  refuse([](Plan& p) { p.parts[0].ranges[0].first = 0; }, "parts[0]");
  refuse([](Plan& p) { p.parts.back().ranges.back().end += 1; }, "parts[5]");
  refuse([](Plan& p) { p.parts.back().ranges.back().end -= 1; }, "no part has");
  refuse([](Plan& p) { p.parts.pop_back(); }, "no part has");
  refuse([](Plan& p) { std::swap(p.parts[1].ranges, p.parts[2].ranges); }, "parts[1]");
  refuse([](Plan& p) { p.parts[2].ranges[0].recording = 7; }, "parts[2]");
  refuse([](Plan& p) { p.parts[2].ranges.push_back(p.parts[2].ranges[0]); }, "parts[2]");
  refuse([](Plan& p) { std::swap(p.parts[1].part, p.parts[2].part); }, "parts[1]");
  refuse([](Plan& p) { p.recordings[1].bytes += 1; }, "no part has");
  refuse([](Plan& p) { p.recordings.pop_back(); }, "parts[");
  refuse([](Plan& p) { p.parts[3].ranges.clear(); }, "ranges");
}

TEST_F(Plans, hostile_texts) {
  const std::string good = to_json(planned(2));
  const auto refused = [&](const std::string& text) {
    const std::string what = what_of([&] { plan_from_json(text, "here"); });
    return what.starts_with("here") && what.find('\n') == std::string::npos;
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("{}"));
  EXPECT_TRUE(refused(std::string(1'000'000, '[')));
  EXPECT_TRUE(refused(R"({"format":"vigil-plan","configuration":)" + std::string(100'000, '[') +
                      std::string(100'000, ']') + "}"));
  EXPECT_TRUE(refused(good + " "));
  EXPECT_TRUE(refused(" " + good));
  EXPECT_TRUE(refused(good.substr(0, good.size() - 1) + R"(,"version":1})"));  // twice
  for (std::size_t at = 0; at < good.size(); at += 3) EXPECT_TRUE(refused(good.substr(0, at))) << at;
  EXPECT_TRUE(
      contains(what_of([&] { plan_from_json(R"({"format":"vigil-plan","version":2})", "here"); }), "version 2"));
}

TEST_F(Plans, a_file_is_loaded_with_its_digest) {
  const Plan plan = planned(4);
  write_bytes(folder_ / "p.json", to_json(plan));
  const PlanFile file = load_plan(folder_ / "p.json");
  EXPECT_EQ(file.plan, plan);
  EXPECT_EQ(file.sha256, sha256_of(to_json(plan)));
  EXPECT_EQ(file.path, folder_ / "p.json");
  EXPECT_EQ(part_path(file.path, 7), folder_.path() / "p.json.parts" / "00007.vsum");
  EXPECT_EQ(part_path(file.path, 123456), folder_.path() / "p.json.parts" / "123456.vsum");
  EXPECT_TRUE(contains(what_of([&] { load_plan(folder_ / "none"); }), "none"));
  EXPECT_TRUE(contains(what_of([&] { load_plan(folder_.path()); }), folder_.path().string()));
}

}  // namespace
}  // namespace vigil::replay
