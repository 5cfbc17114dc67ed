// Stretches of recordings: what parts read one after the other is what the whole reading gives.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "replay/plan.h"
#include "replay/recorder.h"
#include "replay/recording.h"
#include "replay/replay_source.h"
#include "tests/replay/recording_frames.h"

namespace vigil::replay {
namespace {

struct Reading {
  std::vector<Frame> frames;
  std::vector<ReplayDamage> damage;
  ReplayStats stats;
};

Reading read_source(ReplaySource& source) {
  Reading out;
  out.frames = read_all(source);
  out.damage = source.damage();
  out.stats = source.stats();
  return out;
}

Reading whole(const std::vector<std::filesystem::path>& paths, const ReplayOptions& options = {}) {
  ReplaySource source(paths, options);
  return read_source(source);
}

// Every part of the plan by a source of its own, put together.
Reading by_parts(const Plan& plan, const ReplayOptions& options = {}) {
  Reading out;
  for (const PlanPart& part : plan.parts) {
    ReplaySource source(stretches(plan, part.part), options);
    Reading one = read_source(source);
    EXPECT_EQ(one.stats.bytes, source.total_bytes());
    EXPECT_EQ(source.total_bytes(), part.bytes);
    std::move(one.frames.begin(), one.frames.end(), std::back_inserter(out.frames));
    out.damage.insert(out.damage.end(), one.damage.begin(), one.damage.end());
    out.stats.frames += one.stats.frames;
    out.stats.drops += one.stats.drops;
    out.stats.bytes_lost += one.stats.bytes_lost;
    out.stats.damaged_regions += one.stats.damaged_regions;
    out.stats.records_lost += one.stats.records_lost;
  }
  return out;
}

// Drops that a cut parted from their frame go back to it: what a merger sees is one order of drops and frames.
std::vector<Frame> joined(std::vector<Frame> frames) {
  std::vector<Frame> out;
  std::vector<FrameHeader> drops;
  for (Frame& frame : frames) {
    drops.insert(drops.end(), frame.dropped_before.begin(), frame.dropped_before.end());
    if (frame.parts.empty()) continue;
    frame.dropped_before.swap(drops);
    drops.clear();
    out.push_back(std::move(frame));
  }
  if (!drops.empty()) out.emplace_back().dropped_before = drops;
  return out;
}

void expect_same(const Reading& parts, const Reading& all, bool same_cut) {
  const auto a = joined(parts.frames), b = joined(all.frames);
  ASSERT_EQ(a, b);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!a[i].parts.empty()) {
      EXPECT_EQ(a[i].position, b[i].position);
    }
  }
  EXPECT_EQ(parts.stats.frames, all.stats.frames);
  EXPECT_EQ(parts.stats.drops, all.stats.drops);
  EXPECT_EQ(parts.stats.bytes_lost, all.stats.bytes_lost);
  EXPECT_EQ(parts.stats.records_lost, all.stats.records_lost);
  if (!same_cut) return;  // where a part had to begin within damage, one region is two
  EXPECT_EQ(parts.stats.damaged_regions, all.stats.damaged_regions);
  ASSERT_EQ(parts.damage.size(), all.damage.size());
  for (std::size_t i = 0; i < all.damage.size(); ++i) {
    EXPECT_EQ(parts.damage[i].file, all.damage[i].file);
    EXPECT_EQ(parts.damage[i].offset, all.damage[i].offset);
    EXPECT_EQ(parts.damage[i].length, all.damage[i].length);
    EXPECT_EQ(parts.damage[i].reason, all.damage[i].reason);
  }
}

class Stretches : public ::testing::Test {
 protected:
  std::filesystem::path record(const std::string& name, std::uint64_t seed, std::uint64_t count, bool compress = true) {
    std::mt19937_64 random(seed);
    RecorderOptions options;
    options.compress = compress;
    Recorder recorder = Recorder::to_file(folder_ / name, options);
    for (std::uint64_t i = 0; i < count; ++i) recorder.write(random_frame(random, i));
    recorder.close();
    return folder_ / name;
  }

  Folder folder_;
};

TEST_F(Stretches, parts_together_are_the_whole) {
  const std::vector<std::filesystem::path> files = {record("a.vrec", 1, 30), record("b.vrec", 2, 1),
                                                    record("c.vrec", 3, 50, false)};
  const Reading all = whole(files);
  for (const std::uint32_t parts : {1u, 2u, 3u, 7u, 16u, 40u}) expect_same(by_parts(cut(files, parts)), all, true);
}

TEST_F(Stretches, every_record_a_part) {
  const std::vector<std::filesystem::path> files = {record("a.vrec", 4, 25)};
  const Plan one = cut(files, 1);
  const auto records = static_cast<std::uint32_t>(one.recordings[0].records);
  const Plan plan = cut(files, records);
  ASSERT_EQ(plan.parts.size(), records);
  expect_same(by_parts(plan), whole(files), true);
}

TEST_F(Stretches, appended_files_and_files_without_records) {
  const std::string both = bytes_of(record("a.vrec", 5, 20)) + bytes_of(record("b.vrec", 6, 20));
  write_bytes(folder_ / "both.vrec", both);
  write_bytes(folder_ / "none.vrec", encode_file_header());
  write_bytes(folder_ / "rubbish.vrec", encode_file_header() + std::string(500, 'x'));
  const std::vector<std::filesystem::path> files = {folder_ / "rubbish.vrec", folder_ / "both.vrec",
                                                    folder_ / "none.vrec", folder_ / "rubbish.vrec",
                                                    folder_ / "a.vrec"};
  for (const std::uint32_t parts : {1u, 2u, 5u, 9u, 30u}) expect_same(by_parts(cut(files, parts)), whole(files), true);
}

TEST_F(Stretches, lumisection_ranges_and_their_indices) {
  RecorderOptions options;
  Recorder recorder = Recorder::to_file(folder_ / "a.vrec", options);
  for (std::uint64_t i = 0; i < 60; ++i) recorder.write(simple_frame(1, 1 + static_cast<std::uint32_t>(i / 6), i));
  recorder.close();
  ReplayOptions range;
  range.from_ls = 3;
  range.to_ls = 7;
  const Reading all = whole({folder_ / "a.vrec"}, range);
  ASSERT_EQ(all.frames.size(), 30u);
  for (const std::uint32_t parts : {1u, 2u, 7u, 13u, 61u}) {
    expect_same(by_parts(cut({folder_ / "a.vrec"}, parts), range), all, true);
  }
}

// Damage of every kind, cut into every number of parts.
TEST_F(Stretches, damaged_recordings) {
  const std::string good = bytes_of(record("good.vrec", 7, 40));
  std::mt19937_64 random(8);
  const auto somewhere = [&](std::size_t size) { return kFileHeaderBytes + random() % (size - kFileHeaderBytes); };
  int cuts = 0, damaged = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string bytes = good;
    for (int n = 1 + static_cast<int>(random() % 4); n > 0; --n) {
      const std::size_t at = somewhere(bytes.size());
      const std::size_t count = std::min<std::size_t>(1 + random() % 300, bytes.size() - at);
      switch (random() % 6) {
        case 0:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
          break;
        case 1:
          bytes.insert(at, good.substr(somewhere(good.size()), 1 + random() % 300));
          break;
        case 2:
          bytes.erase(at, count);
          break;
        case 3:
          bytes.replace(at, count, count, '\0');
          break;
        case 4:
          bytes.insert(at, good.substr(0, random() % 400));
          break;
        default:
          if (random() % 4 == 0) bytes.resize(at + 1);
      }
    }
    write_bytes(folder_ / "bad.vrec", bytes);
    const std::vector<std::filesystem::path> files = {folder_ / "bad.vrec", folder_ / "good.vrec"};
    const Reading all = whole(files);
    damaged += all.stats.damaged_regions > 0;
    const auto parts = static_cast<std::uint32_t>(1 + random() % 20);
    Plan plan = cut(files, parts);
    plan.settings = std::string(64, '0');
    plan.models = {{"/m", "m", "h"}};
    plan.configuration = "{}";
    cuts += static_cast<int>(parts) - 1;
    // A region that ends and another that begins at one place are one where no record is between them.
    expect_same(by_parts(plan), all, false);
    check_recordings(plan, std::nullopt);
    for (std::uint32_t part = 0; part < parts; ++part) check_recordings(plan, part);
    EXPECT_EQ(plan_from_json(to_json(plan), "p"), plan);
    if (HasFailure()) FAIL() << "case " << i << " in " << parts;
  }
  EXPECT_GT(damaged, 1000);
  EXPECT_GT(cuts, 10'000);
}

// A record whose payload is wrong is passed over by its length; a cut beside it must not divide the damage.
TEST_F(Stretches, a_part_begins_with_a_whole_record) {
  const std::filesystem::path file = record("a.vrec", 9, 130);
  std::string bytes = bytes_of(file);
  const auto items = items_of(file);
  for (std::size_t i = 0; i + 1 < items.size(); ++i) {
    if (i % 3 != 0) bytes[items[i].item.offset + items[i].item.length - 1] ^= 1;
  }
  write_bytes(folder_ / "bad.vrec", bytes);
  const Reading all = whole({folder_ / "bad.vrec"});
  ASSERT_GT(all.stats.damaged_regions, 40u);
  ASSERT_LE(all.stats.damaged_regions, 64u);  // so many are told
  for (const std::uint32_t parts : {2u, 3u, 7u, 12u})
    expect_same(by_parts(cut({folder_ / "bad.vrec"}, parts)), all, true);
}

TEST_F(Stretches, drops_at_the_end_come_in_a_frame_without_parts) {
  {
    Recorder recorder = Recorder::to_file(folder_ / "a.vrec");
    Frame frame = simple_frame(1, 1, 1);
    frame.dropped_before = {labelled(1, 1, 0)};
    recorder.write(frame);
  }
  const auto items = items_of(folder_ / "a.vrec");
  const RecordingItem& drop = items.at(0).item;
  ASSERT_EQ(drop.kind, RecordingItem::Kind::drop);
  ReplaySource source(std::vector<Stretch>{{folder_ / "a.vrec", 1000, drop.offset, drop.offset + drop.length}});
  const auto frames = read_all(source);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_TRUE(frames[0].parts.empty());
  EXPECT_EQ(frames[0].dropped_before.size(), 1u);
  EXPECT_EQ(frames[0].position, std::to_string(1000 + drop.offset + drop.length));
}

TEST_F(Stretches, bytes_that_are_not_there_are_refused) {
  const std::filesystem::path file = record("a.vrec", 10, 5);
  const std::uint64_t size = std::filesystem::file_size(file);
  const auto open = [&](std::uint64_t first, std::uint64_t end) {
    ReplaySource source(std::vector<Stretch>{{file, 0, first, end}});
  };
  EXPECT_NO_THROW(open(32, size));
  EXPECT_THROW(open(32, size + 1), Error);
  EXPECT_THROW(open(31, size), Error);
  EXPECT_THROW(open(100, 99), Error);
}

TEST_F(Stretches, a_record_is_read_again) {
  const std::filesystem::path file = record("a.vrec", 11, 40);
  std::size_t n = 0;
  std::string bytes = bytes_of(file);
  for (const KeptItem& kept : items_of(file)) {
    const auto frame = read_frame_at(file, kept.item.offset);
    EXPECT_EQ(frame.has_value(), kept.item.kind == RecordingItem::Kind::frame);
    EXPECT_FALSE(read_frame_at(file, kept.item.offset + 1));
    if (!frame) continue;
    ++n;
    EXPECT_EQ(frame->header, kept.item.header);
    EXPECT_EQ(frame->parts, kept.parts);
    EXPECT_EQ(frame->position, std::to_string(kept.item.offset));
    bytes[kept.item.offset + kept.item.length - 1] ^= 1;
  }
  EXPECT_EQ(n, 40u);
  EXPECT_FALSE(read_frame_at(file, 0));
  EXPECT_FALSE(read_frame_at(file, bytes.size()));
  EXPECT_FALSE(read_frame_at(file, ~std::uint64_t{0}));
  write_bytes(folder_ / "bad.vrec", bytes);
  for (const KeptItem& kept : items_of(file)) EXPECT_FALSE(read_frame_at(folder_ / "bad.vrec", kept.item.offset));
}

}  // namespace
}  // namespace vigil::replay
