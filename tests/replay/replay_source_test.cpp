#include "replay/replay_source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/error.h"
#include "core/lhc.h"
#include "replay/crc32c.h"
#include "replay/recorder.h"
#include "replay/recording.h"
#include "tests/replay/recording_frames.h"

namespace vigil::replay {
namespace {

TEST(ReplaySource, files_and_folders_in_order_with_growing_positions) {
  const Folder folder;
  std::vector<Frame> frames;
  const auto record = [&](const std::filesystem::path& path, bool single, int count) {
    Recorder recorder = single ? Recorder::to_file(path) : Recorder(path);
    for (int i = 0; i < count; ++i) {
      frames.push_back(simple_frame(1, 1, frames.size()));
      recorder.write(frames.back());
    }
  };
  record(folder / "z.vrec", true, 4);
  record(folder / "run", false, 3);
  record(folder / "run", false, 2);
  write_bytes(folder / "run/notes.txt", "not a recording");
  write_bytes(folder / "run/000009.vrec", "");  // a recorder killed while making it
  ReplaySource source({folder / "z.vrec", folder / "run"});
  const auto read = read_all(source);
  EXPECT_EQ(read, frames);
  for (std::size_t i = 1; i < read.size(); ++i)
    EXPECT_GT(std::stoull(read[i].position), std::stoull(read[i - 1].position));
  EXPECT_LT(std::stoull(read.back().position), source.total_bytes());
  EXPECT_EQ(source.stats().bytes, source.total_bytes());
}

TEST(ReplaySource, recordings_appended_to_one_file_are_read_through) {
  const Folder folder;
  std::string both;
  std::vector<Frame> frames;
  for (int k = 0; k < 3; ++k) {
    {
      Recorder recorder = Recorder::to_file(folder / "one.vrec");
      for (int i = 0; i < 5 + k; ++i) {
        frames.push_back(simple_frame(1, 1, frames.size()));
        recorder.write(frames.back());
      }
    }
    both += bytes_of(folder / "one.vrec");
  }
  write_bytes(folder / "both.vrec", both);
  ReplaySource source({folder / "both.vrec"});
  EXPECT_EQ(read_all(source), frames);
  EXPECT_EQ(source.stats().bytes_lost, 0u);
  ReplayOptions options;
  options.from_ls = 2;
  EXPECT_TRUE(read_all(folder / "both.vrec", options).empty());
}

TEST(ReplaySource, from_and_to_lumisection_pass_frames_without_one) {
  const Folder folder;
  std::vector<Frame> frames;
  for (std::uint32_t ls = 1; ls <= 10; ++ls) frames.push_back(simple_frame(1, ls, ls));
  frames[6].header.ls.reset();
  frames[3].dropped_before = {labelled(1, 1, 90), labelled(1, 5, 91)};
  {
    Recorder recorder = Recorder::to_file(folder / "a.vrec");
    for (const Frame& frame : frames) recorder.write(frame);
  }
  ReplayOptions options;
  options.from_ls = 4;
  options.to_ls = 5;
  auto expected = std::vector<Frame>{frames[3], frames[4], frames[6]};
  expected[0].dropped_before = {labelled(1, 5, 91)};
  EXPECT_EQ(read_all(folder / "a.vrec", options), expected);
  options.from_ls = 6;
  EXPECT_THROW(ReplaySource({folder / "a.vrec"}, options), Error);
}

TEST(ReplaySource, paces_and_stops) {
  const Folder folder;
  {
    Recorder recorder = Recorder::to_file(folder / "a.vrec");
    for (std::uint32_t ls = 1; ls <= 5; ++ls) recorder.write(simple_frame(1, ls, ls));
  }
  double now = 0;
  ReplayOptions options;
  options.speed = 4;
  options.clock = {[&now] { return now; }, [&now](double seconds) { now += seconds; }};
  EXPECT_EQ(read_all(folder / "a.vrec", options).size(), 5u);
  EXPECT_NEAR(now, 4 * lhc::kLumisectionSeconds / 4, 1e-6);

  options.clock = {};
  options.speed = 1;
  ReplaySource source({folder / "a.vrec"}, options);
  EXPECT_TRUE(source.next());
  std::jthread stopper([&source] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    source.request_stop();
  });
  EXPECT_FALSE(source.next());  // due in 23 s
  EXPECT_FALSE(source.next());
  EXPECT_EQ(source.stats().frames, 1u);
}

TEST(ReplaySource, a_recording_of_nothing_but_drops_comes_in_pieces) {
  const Folder folder;
  {
    Frame frame;
    for (std::uint64_t i = 0; i < 10'000; ++i) frame.dropped_before.push_back(labelled(1, 1, i));
    Recorder recorder = Recorder::to_file(folder / "a.vrec");
    recorder.write(frame);
  }
  const auto frames = read_all(folder / "a.vrec");
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[2].dropped_before.size(), 10'000u - 2 * 4096u);
  EXPECT_EQ(frames[2].dropped_before.back(), labelled(1, 1, 9999));
}

// What is left of a recording after some bytes changed: the records that no change touched, in order.
class Damage : public ::testing::Test {
 protected:
  void SetUp() override {
    std::mt19937_64 random(11);
    RecorderOptions options;
    options.compress = true;  // some records compress, some do not
    Recorder recorder = Recorder::to_file(folder_ / "good.vrec", options);
    for (std::uint64_t i = 0; i < 25; ++i) recorder.write(random_frame(random, i));
    recorder.close();
    good_ = bytes_of(folder_ / "good.vrec");
    items_ = items_of(folder_ / "good.vrec");
  }

  std::vector<Frame> survivors(const std::function<bool(std::uint64_t, std::uint64_t)>& intact) const {
    std::vector<Frame> frames;
    std::vector<FrameHeader> dropped;
    for (const KeptItem& kept : items_) {
      if (!intact(kept.item.offset, kept.item.offset + kept.item.length)) continue;
      if (kept.item.kind == RecordingItem::Kind::drop) dropped.push_back(kept.item.header);
      if (kept.item.kind != RecordingItem::Kind::frame) continue;
      Frame frame;
      frame.header = kept.item.header;
      frame.parts = kept.parts;
      frame.dropped_before.swap(dropped);
      frames.push_back(frame);
    }
    if (!dropped.empty()) frames.emplace_back().dropped_before = dropped;
    return frames;
  }

  // Reads `bytes` as a recording and compares; returns the counts.
  ReplayStats expect_read(const std::string& bytes, const std::vector<Frame>& expected) {
    write_bytes(folder_ / "bad.vrec", bytes);
    ReplaySource source({folder_ / "bad.vrec"});
    EXPECT_EQ(read_all(source), expected);
    EXPECT_EQ(source.stats().bytes, bytes.size());
    EXPECT_LE(source.stats().bytes_lost, bytes.size());
    return source.stats();
  }

  Folder folder_;
  std::string good_;
  std::vector<KeptItem> items_;
};

TEST_F(Damage, torn_at_every_byte) {
  for (std::size_t cut = kFileHeaderBytes; cut <= good_.size(); ++cut) {
    const auto stats = expect_read(good_.substr(0, cut), survivors([cut](auto, auto end) { return end <= cut; }));
    bool boundary = cut == kFileHeaderBytes;
    for (const KeptItem& kept : items_) boundary |= kept.item.offset + kept.item.length == cut;
    EXPECT_EQ(stats.damaged_regions, boundary ? 0u : 1u) << cut;
    EXPECT_EQ(stats.bytes_lost > 0, !boundary) << cut;
    if (HasFailure()) FAIL() << "cut at " << cut;
  }
}

TEST_F(Damage, every_byte_flipped_loses_one_record_and_counts_exactly_its_bytes) {
  for (std::size_t at = kFileHeaderBytes; at < good_.size(); ++at) {
    std::string bytes = good_;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
    const auto stats = expect_read(bytes, survivors([at](auto begin, auto end) { return at < begin || at >= end; }));
    std::uint64_t length = 0;
    for (const KeptItem& kept : items_) {
      if (at >= kept.item.offset && at < kept.item.offset + kept.item.length) length = kept.item.length;
    }
    EXPECT_EQ(stats.bytes_lost, length);
    EXPECT_EQ(stats.damaged_regions, 1u);
    if (HasFailure()) FAIL() << "flipped at " << at;
  }
}

TEST_F(Damage, twelve_thousand_damaged_files) {
  std::mt19937_64 random(2024);
  const std::size_t size = good_.size();
  const auto somewhere = [&] { return kFileHeaderBytes + random() % (size - kFileHeaderBytes); };
  int read = 0;
  for (int i = 0; read < 12'000; ++i) {
    std::string bytes = good_;
    std::vector<Frame> expected;
    const std::size_t at = somewhere();
    bool aligned = false;  // whole records are gone, and nothing else is wrong
    switch (i % 4) {
      case 0: {  // several bytes changed
        std::vector<std::size_t> places = {at};
        while (random() % 3 != 0) places.push_back(somewhere());
        for (const std::size_t place : places) bytes[place] = static_cast<char>(good_[place] ^ (1 + random() % 255));
        expected = survivors([&](auto begin, auto end) {
          return std::none_of(places.begin(), places.end(), [&](auto p) { return p >= begin && p < end; });
        });
        break;
      }
      case 1: {  // random bytes, or a copy of what came before, put in
        std::string extra(1 + random() % 300, '\0');
        for (char& c : extra) c = static_cast<char>(random());
        if (random() % 2 == 0) extra = good_.substr(kFileHeaderBytes, at - kFileHeaderBytes).substr(0, 900) + "+";
        // The same bytes may be had by putting others in elsewhere: not a case whose truth is known.
        if (extra.back() == good_[at - 1] || extra.front() == good_[at]) continue;
        bytes.insert(at, extra);
        expected = survivors([at](auto begin, auto end) { return at <= begin || at >= end; });
        break;
      }
      case 2: {  // bytes taken out
        const std::size_t count = std::min<std::size_t>(1 + random() % 400, size - at);
        if (good_[at - 1] == good_[at + count - 1] || good_[at] == good_[at + count]) continue;  // likewise
        bytes.erase(at, count);
        expected = survivors([=](auto begin, auto end) { return at + count <= begin || at >= end; });
        bool begins = false, ends = false;
        for (const KeptItem& kept : items_) {
          begins |= kept.item.offset == at;
          ends |= kept.item.offset + kept.item.length == at + count;
        }
        aligned = begins && ends;
        break;
      }
      default: {  // a stretch overwritten with zeros, then cut
        const std::size_t count = std::min<std::size_t>(1 + random() % 200, size - at);
        const std::size_t cut = at + count + random() % (size - at - count + 1);
        bytes.replace(at, count, count, '\xEE');
        bytes.resize(cut);
        expected = survivors([=](auto begin, auto end) { return end <= cut && (at + count <= begin || at >= end); });
      }
    }
    ++read;
    const auto stats = expect_read(bytes, expected);
    EXPECT_TRUE(stats.bytes_lost > 0 || aligned);
    if (HasFailure()) FAIL() << "file " << i << ", damaged at " << at;
  }
}

TEST_F(Damage, any_bytes_after_a_valid_header_are_read_to_the_end) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = good_.substr(0, kFileHeaderBytes);
    for (std::size_t k = random() % 3000; k > 0; --k) bytes.push_back(static_cast<char>(random()));
    for (int k = 0; k < 8 && bytes.size() > kFileHeaderBytes + 8; ++k) {
      bytes.replace(kFileHeaderBytes + random() % (bytes.size() - kFileHeaderBytes - 4), 4, kRecordMagic);
    }
    expect_read(bytes, {});
  }
}

TEST_F(Damage, records_inside_a_damaged_message_are_not_taken_for_frames) {
  // A message whose body is itself a recording, as large as the one around it.
  Frame carrier = simple_frame(1, 1, 0);
  carrier.parts.push_back(good_);
  std::string later;  // a valid record with a high number, at a place where it is not one
  append_record_head({1, 0, 1000, 0, 0, 0, 0}, later);
  carrier.parts.push_back(later + good_);
  const std::vector<Frame> frames = {simple_frame(1, 1, 1), carrier, simple_frame(1, 1, 2), simple_frame(1, 2, 3)};
  {
    Recorder recorder = Recorder::to_file(folder_ / "carrier.vrec");
    for (const Frame& frame : frames) recorder.write(frame);
  }
  const std::string bytes = bytes_of(folder_ / "carrier.vrec");
  expect_read(bytes, frames);
  const auto items = items_of(folder_ / "carrier.vrec");
  for (std::uint64_t at = items[1].item.offset + kRecordHeadBytes; at < items[2].item.offset; at += 7) {
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    const auto stats = expect_read(bad, {frames[0], frames[2], frames[3]});
    EXPECT_EQ(stats.bytes_lost, items[1].item.length);
    EXPECT_EQ(stats.records_lost, 1u);
    if (HasFailure()) FAIL() << at;
  }
}

TEST_F(Damage, items_say_where_and_why_and_where_it_went_on) {
  std::string bytes = good_;
  const KeptItem& hit = items_[3];
  bytes[hit.item.offset + 1] = 0;
  write_bytes(folder_ / "bad.vrec", bytes);
  const auto items = items_of(folder_ / "bad.vrec");
  ASSERT_EQ(items.size(), items_.size());
  const RecordingItem& damage = items[3].item;
  EXPECT_EQ(damage.kind, RecordingItem::Kind::damage);
  EXPECT_EQ(damage.offset, hit.item.offset);
  EXPECT_EQ(damage.length, hit.item.length);
  EXPECT_TRUE(damage.resumed);
  EXPECT_EQ(damage.records_lost, 1u);
  EXPECT_FALSE(damage.reason.empty());
  EXPECT_EQ(items[4].item.offset, items_[4].item.offset);
  EXPECT_EQ(items.back().item.kind, RecordingItem::Kind::index);
}

TEST_F(Damage, records_of_other_types_are_passed_over_and_forged_payloads_are_counted) {
  std::string bytes = good_.substr(0, kFileHeaderBytes);
  const auto add = [&bytes](std::uint8_t type, std::uint8_t flags, std::uint64_t number, const std::string& meta,
                            const std::string& body, std::uint32_t raw) {
    RecordHead head{type,
                    flags,
                    number,
                    static_cast<std::uint32_t>(meta.size()),
                    static_cast<std::uint32_t>(body.size()),
                    raw,
                    crc32c(body, crc32c(meta))};
    append_record_head(head, bytes);
    bytes += meta + body;
  };
  std::string meta;
  append_meta(labelled(1, 1), {"topic", "body"}, meta);
  add(1, 0, 0, meta, "topicbody", 9);
  add(200, 0, 1, "future", "record", 6);                // unknown: no damage
  add(1, 0, 2, meta, "topicbod", 8);                    // parts beyond the body
  add(1, 0, 3, meta, "topicbody+", 10);                 // bytes left over
  add(1, kFlagZstd, 4, meta, "not zstd", 9);            // not compressed
  add(1, kFlagZstd, 5, meta, "topicbody", 0xffffffff);  // claims 4 GiB
  add(2, 0, 6, meta, "", 0);                            // a frame's meta in a drop
  add(1, 0, 7, "", "", 0);
  meta.replace(meta.size() - 12, 4, "\xff\xff\xff\xff");  // four billion parts
  add(1, 0, 8, meta, "topicbody", 9);
  Frame frame;
  frame.header = labelled(1, 1);
  frame.parts = {"topic", "body"};
  const auto stats = expect_read(bytes, {frame});
  EXPECT_EQ(stats.damaged_regions, 1u);
  EXPECT_GT(stats.bytes_lost, 7 * kRecordHeadBytes);
}

TEST_F(Damage, overlapping_heads_cost_linear_time) {
  // Each head is valid and claims all the rest of the file as its payload, of which the CRC is wrong.
  constexpr std::uint64_t kHeads = 400'000;
  std::string bytes = good_.substr(0, kFileHeaderBytes);
  const std::uint64_t size = kFileHeaderBytes + (kHeads + 1) * kRecordHeadBytes;
  for (std::uint64_t i = 0; i < kHeads; ++i) {
    const auto rest = static_cast<std::uint32_t>(size - kRecordHeadBytes - bytes.size() - kRecordHeadBytes);
    append_record_head({1, 0, i, 0, rest, rest, 1}, bytes);
  }
  bytes.append(kRecordHeadBytes, '-');
  const auto begin = std::chrono::steady_clock::now();
  const auto stats = expect_read(bytes, {});
  EXPECT_EQ(stats.bytes_lost, bytes.size() - kFileHeaderBytes);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));  // the square would take hours
}

}  // namespace
}  // namespace vigil::replay
