#include "replay/recording.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/error.h"
#include "replay/recorder.h"
#include "tests/replay/recording_frames.h"

namespace vigil::replay {
namespace {

std::vector<Frame> random_frames(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<Frame> frames;
  for (std::size_t i = 0; i < count; ++i) frames.push_back(random_frame(random, i));
  return frames;
}

void record(const std::filesystem::path& file, const std::vector<Frame>& frames, bool compress = false) {
  RecorderOptions options;
  options.compress = compress;
  Recorder recorder = Recorder::to_file(file, options);
  for (const Frame& frame : frames) recorder.write(frame);
  recorder.close();
}

TEST(Recording, round_trip_keeps_every_field_part_and_drop_in_order) {
  const Folder folder;
  for (const bool compress : {false, true}) {
    const auto frames = random_frames(7, 3000);
    record(folder / "a.vrec", frames, compress);
    ReplaySource source({folder / "a.vrec"});
    EXPECT_EQ(read_all(source), frames);
    const ReplayStats stats = source.stats();
    EXPECT_EQ(stats.frames, frames.size());
    EXPECT_EQ(stats.bytes, source.total_bytes());
    EXPECT_EQ(stats.bytes_lost, 0u);
    EXPECT_EQ(stats.damaged_regions, 0u);
  }
}

TEST(Recording, equal_frames_give_equal_bytes) {
  const Folder folder;
  record(folder / "a.vrec", random_frames(3, 50), true);
  record(folder / "b.vrec", random_frames(3, 50), true);
  EXPECT_EQ(bytes_of(folder / "a.vrec"), bytes_of(folder / "b.vrec"));
}

TEST(Recording, large_and_many_parts) {
  const Folder folder;
  Frame large = simple_frame(1, 1, 0, 5 << 20);
  Frame many = simple_frame(1, 1, 1);
  many.parts.assign(70'000, "p");
  Frame empty_parts = simple_frame(1, 1, 2);
  empty_parts.parts = {"", "", ""};
  const std::vector<Frame> frames = {large, many, empty_parts, large};
  for (const bool compress : {false, true}) {
    record(folder / "a.vrec", frames, compress);
    EXPECT_EQ(read_all(folder / "a.vrec"), frames);
    if (compress) {
      EXPECT_LT(std::filesystem::file_size(folder / "a.vrec"), 2u << 20);
    }
  }
}

TEST(Recording, frame_beyond_the_part_limit_becomes_a_drop) {
  const Folder folder;
  Frame frame = simple_frame(1, 1, 5);
  frame.parts.assign(kPartLimit + 1, "");
  Recorder recorder = Recorder::to_file(folder / "a.vrec");
  recorder.write(frame);
  recorder.close();
  EXPECT_EQ(recorder.stats().oversized, 1u);
  const auto read = read_all(folder / "a.vrec");
  ASSERT_EQ(read.size(), 1u);
  EXPECT_TRUE(read[0].parts.empty());
  EXPECT_EQ(read[0].dropped_before, std::vector<FrameHeader>{frame.header});
}

TEST(Recording, drops_at_the_end_come_in_a_frame_without_parts) {
  const Folder folder;
  Frame drops;
  drops.dropped_before = {labelled(1, 2, 8), labelled(1, 2, 9)};
  record(folder / "a.vrec", {simple_frame(1, 1, 0), drops});
  const auto read = read_all(folder / "a.vrec");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[1], drops);
  EXPECT_GT(std::stoull(read[1].position), std::stoull(read[0].position));
}

TEST(Recording, rotates_by_lumisection_and_continues_in_a_folder) {
  const Folder folder;
  std::vector<Frame> frames;
  for (std::uint32_t ls = 1; ls <= 7; ++ls) {
    for (int i = 0; i < 3; ++i) frames.push_back(simple_frame(1, ls, frames.size()));
  }
  RecorderOptions options;
  options.rotate_ls = 3;
  {
    Recorder recorder(folder / "sub/deep", options);
    for (const Frame& frame : frames) recorder.write(frame);
    recorder.close();
    EXPECT_EQ(recorder.stats().files, 3u);
    std::uint64_t bytes = 0;
    for (const auto& file : recording_files({folder / "sub/deep"})) bytes += std::filesystem::file_size(file);
    EXPECT_EQ(recorder.stats().bytes, bytes);
  }
  EXPECT_EQ(read_all(folder / "sub/deep/000002.vrec").front(), frames[9]);
  EXPECT_EQ(read_all(folder / "sub/deep/000003.vrec").size(), 3u);
  {
    Recorder recorder(folder / "sub/deep", options);
    for (const Frame& frame : frames) recorder.write(frame);
    EXPECT_EQ(recorder.current_file().filename(), "000006.vrec");
  }
  auto twice = frames;
  twice.insert(twice.end(), frames.begin(), frames.end());
  EXPECT_EQ(read_all(folder / "sub/deep"), twice);
}

TEST(Recording, rotates_by_size_and_one_outlier_rotates_nothing) {
  const Folder folder;
  RecorderOptions options;
  options.rotate_bytes = 10'000;
  options.rotate_ls = 2;
  std::vector<Frame> frames;
  {
    Recorder recorder(folder / "size", options);
    for (std::uint64_t i = 0; i < 40; ++i) {
      frames.push_back(simple_frame(1, 1, i, 1500));
      recorder.write(frames.back());
    }
  }
  for (const auto& file : recording_files({folder / "size"})) EXPECT_LE(std::filesystem::file_size(file), 10'300u);
  EXPECT_EQ(recording_files({folder / "size"}).size(), 8u);  // five records of 1.7 kB each
  EXPECT_EQ(read_all(folder / "size"), frames);
  Recorder recorder(folder / "outlier", options);
  for (std::uint32_t i = 0; i < 10; ++i) recorder.write(simple_frame(1, i % 2 == 1 ? 9000 + 500 * i : 1, i));
  recorder.close();
  EXPECT_EQ(recorder.stats().files, 1u);
}

TEST(Recording, index_describes_the_file_and_seeking_yields_the_same_frames) {
  const Folder folder;
  std::vector<Frame> frames;
  for (std::uint32_t ls = 1; ls <= 30; ++ls) {
    frames.push_back(simple_frame(1, ls, frames.size()));
    frames.push_back(simple_frame(1, std::max(1u, ls - 1), frames.size()));
    frames.back().dropped_before = {labelled(1, ls, 1000 + ls)};
  }
  record(folder / "a.vrec", frames);
  const auto index = RecordingReader(folder / "a.vrec").read_index();
  ASSERT_TRUE(index);
  EXPECT_EQ(index->number, 90u);
  ASSERT_EQ(index->entries.size(), 30u);
  EXPECT_EQ(index->entries[4].min_ls, 4u);
  EXPECT_EQ(index->entries[4].max_ls, 5u);
  EXPECT_EQ(index->entries[4].frames, 2u);
  EXPECT_EQ(index->entries[4].drops, 1u);
  for (const auto& [from, to] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{1, 30}, {7, 9}, {30, 30}, {31, 40}}) {
    ReplayOptions options;
    options.from_ls = from;
    options.to_ls = to;
    ReplaySource with({folder / "a.vrec"}, options);
    options.use_index = false;
    ReplaySource without({folder / "a.vrec"}, options);
    const auto read = read_all(with);
    EXPECT_EQ(read, read_all(without));
    EXPECT_EQ(with.stats().damaged_regions, 0u);
    EXPECT_EQ(with.stats().records_lost, 0u);
    std::size_t expected = 0;
    for (const Frame& frame : frames) expected += *frame.header.ls >= from && *frame.header.ls <= to;
    EXPECT_EQ(with.stats().frames, expected);
  }
}

TEST(Recording, to_file_replaces_and_errors_name_the_file) {
  const Folder folder;
  record(folder / "a.vrec", random_frames(1, 100));
  record(folder / "a.vrec", {simple_frame(1, 1, 0)});
  EXPECT_EQ(read_all(folder / "a.vrec").size(), 1u);
  EXPECT_THROW(Recorder::to_file(folder / "missing/a.vrec"), Error);
  EXPECT_THROW(Recorder::to_file(folder.path()), Error);
  EXPECT_THROW(Recorder(folder / "a.vrec"), Error);
  Recorder recorder(folder / "r");
  recorder.close();
  recorder.close();
  EXPECT_THROW(recorder.write(simple_frame(1, 1, 0)), Error);
}

TEST(Recording, full_device_is_an_error) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "needs /dev/full";
  try {
    Recorder::to_file("/dev/full");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/dev/full"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos);
  }
}

// In a child: the limit is for the whole process. SIGXFSZ keeps its default action, which would end it.
TEST(Recording, file_size_limit_is_an_error_and_what_was_written_stays_readable) {
  const Folder folder;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit limit{200'000, 200'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_DFL);
    int code = 1;
    try {
      Recorder recorder(folder / "r");
      for (std::uint64_t i = 0; i < 4000; ++i) recorder.write(simple_frame(1, 1, i, 1000));
      recorder.close();
    } catch (const Error& error) {
      const std::string what = error.what();
      code = what.find("000001.vrec") != std::string::npos && what.find("File too large") != std::string::npos ? 0 : 2;
    }
    ::_exit(code);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ReplaySource source({folder / "r"});
  const auto frames = read_all(source);
  EXPECT_GT(frames.size(), 100u);
  for (std::size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(frames[i], simple_frame(1, 1, i, 1000));
  EXPECT_GT(source.stats().bytes_lost, 0u);
}

TEST(Recording, flush_reaches_the_file_at_each_new_lumisection) {
  const Folder folder;
  Recorder recorder(folder / "r");
  recorder.write(simple_frame(1, 1, 0));
  recorder.write(simple_frame(1, 1, 1));
  recorder.write(simple_frame(1, 2, 2));
  EXPECT_EQ(read_all(folder / "r").size(), 2u);  // the third is still buffered
  recorder.flush();
  EXPECT_EQ(read_all(folder / "r").size(), 3u);
}

TEST(Recording, no_recording_is_an_error) {
  const Folder folder;
  write_bytes(folder / "empty", "");
  write_bytes(folder / "text", "this is no recording, but longer than a header would be");
  record(folder / "good.vrec", {simple_frame(1, 1, 0)});
  for (std::size_t i = 0; i < kFileHeaderBytes; ++i) {
    std::string bytes = bytes_of(folder / "good.vrec");
    bytes[i] = static_cast<char>(bytes[i] ^ 4);
    write_bytes(folder / "flipped", bytes);
    EXPECT_THROW(ReplaySource({folder / "flipped"}), Error);
    write_bytes(folder / "short", bytes_of(folder / "good.vrec").substr(0, i));
    EXPECT_THROW(ReplaySource({folder / "short"}), Error);
  }
  std::filesystem::create_directory(folder / "none");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  for (const char* name : {"empty", "text", "none", "missing", "fifo"}) {
    try {
      ReplaySource({folder / name});
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace vigil::replay
