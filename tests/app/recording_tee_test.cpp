#include "app/recording_tee.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "core/error.h"
#include "core/lhc.h"

namespace vigil::app {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Frame frame(std::uint32_t ls, std::uint64_t seq, std::size_t bytes = 100'000) {
  Frame f;
  f.parts = {"scouting/m", std::string(bytes, 'x')};
  f.header.topic = "scouting/m";
  f.header.stream = "scouting";
  f.header.model = "m";
  f.header.source = "a";
  f.header.epoch = 1;
  f.header.seq = seq;
  f.header.run = 1;
  f.header.ls = ls;
  f.header.first_orbit = lhc::first_orbit(ls);
  f.header.last_orbit = lhc::last_orbit(ls);
  return f;
}

class RecordingTeeTest : public ::testing::Test {
 protected:
  RecordingTeeTest() { fs::remove_all(folder_); }
  ~RecordingTeeTest() override { fs::remove_all(folder_); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  const fs::path folder_ = fs::temp_directory_path() / ("vigil-tee-" + std::to_string(getpid()));
  std::vector<std::string> log_;
  std::function<void(const std::string&)> say_ = [this](const std::string& fact) { log_.push_back(fact); };
};

TEST_F(RecordingTeeTest, WhatItCannotRecordIntoFromTheStartIsAnError) {
  EXPECT_THROW(RecordingTee("/proc/no/such", {}, say_), Error);
}

// A limit on the size of files is what a full disk is to write(): the recording stops, and goes on with room.
TEST_F(RecordingTeeTest, AFullDiskStopsTheRecordingAloneAndItIsTriedAgain) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  {
    RecordingTee tee(folder_, {}, say_);
    for (std::uint32_t ls = 1; ls <= 5; ++ls) tee.write(frame(ls, ls - 1));
    const rlimit full{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
    for (std::uint32_t ls = 6; ls <= 20; ++ls) tee.write(frame(ls, ls - 1));
    EXPECT_FALSE(tee.is_recording());
    EXPECT_GE(tee.left_out_frames(), 14u);
    ASSERT_EQ(log_.size(), 1u);
    EXPECT_THAT(log_[0], HasSubstr("recording stopped: "));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    tee.write(frame(20, 20));  // the same lumisection: not yet
    EXPECT_FALSE(tee.is_recording());
    tee.write(frame(21, 21));
    EXPECT_TRUE(tee.is_recording());
    tee.write(frame(22, 22));
    tee.close();
  }
  EXPECT_EQ(files(), 2u);
  ASSERT_EQ(log_.size(), 3u);
  EXPECT_THAT(log_[1], HasSubstr("recording again into "));
  EXPECT_THAT(log_[2], HasSubstr(" frames were not recorded"));
}

}  // namespace
}  // namespace vigil::app
