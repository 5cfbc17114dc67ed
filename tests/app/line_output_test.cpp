#include "app/line_output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/error.h"

namespace vigil::app {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

struct Pipe {
  Pipe() {
    if (::pipe(ends.data()) != 0) std::abort();
  }
  ~Pipe() {
    close_reader();
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) ::close(std::exchange(ends[0], -1));
  }
  void close_writer() { ::close(std::exchange(ends[1], -1)); }
  std::string all() {
    std::string text;
    char block[65536];
    for (ssize_t n = 0; (n = ::read(ends[0], block, sizeof block)) > 0;)
      text.append(block, static_cast<std::size_t>(n));
    return text;
  }
  std::array<int, 2> ends{-1, -1};
};

std::string line(int number, std::size_t bytes = 1000) {
  std::string text = std::to_string(number);
  text.resize(bytes - 1, '.');
  return text + "\n";
}

OutputSettings settings(int fd, bool may_wait = false) {
  return {.may_wait = may_wait, .queue_bytes = 100'000, .patience = std::chrono::milliseconds(300), .descriptor = fd};
}

TEST(LineOutput, EveryLineOnceInOrder) {
  Pipe pipe;
  std::string read;
  std::thread reader([&] { read = pipe.all(); });
  std::string expected;
  {
    LineOutput output(settings(pipe.ends[1], true), {});
    for (int i = 0; i < 2000; ++i) {
      expected += line(i);
      output.put(line(i));
    }
    output.finish();
    EXPECT_EQ(output.left_out(), 0u);
  }
  pipe.close_writer();
  reader.join();
  EXPECT_EQ(read, expected);
}

TEST(LineOutput, NobodyReadingHoldsNothingUpAndIsCounted) {
  Pipe pipe;
  std::vector<std::string> log;
  LineOutput output(settings(pipe.ends[1]), [&](const std::string& fact) { log.push_back(fact); });
  const auto began = Clock::now();
  for (int i = 0; i < 1000; ++i) output.put(line(i));
  output.finish();
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(5));
  pipe.close_writer();
  const std::string read = pipe.all();
  EXPECT_GE(output.left_out(), 1000 - 100 - 66);  // the queue and the pipe took some, the last one perhaps in part
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(read.begin(), read.end(), '\n')) + output.left_out(), 1000u);
  ASSERT_FALSE(log.empty());
  EXPECT_THAT(log[0], HasSubstr("standard output: nobody reads it; result lines are left out"));
}

TEST(LineOutput, AReaderThatComesBackGetsWhatThereIsRoomFor) {
  Pipe pipe;
  LineOutput output(settings(pipe.ends[1]), {});
  for (int i = 0; i < 1000; ++i) output.put(line(i));
  std::string read;
  std::thread reader([&] { read = pipe.all(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  output.put(line(1000));
  output.finish();
  pipe.close_writer();
  reader.join();
  EXPECT_TRUE(read.starts_with(line(0)));
  EXPECT_TRUE(read.ends_with(line(1000)));
}

TEST(LineOutput, AClosedPipeIsSaidAndTheRestCounted) {
  Pipe pipe;
  pipe.close_reader();
  std::vector<std::string> log;
  LineOutput output(settings(pipe.ends[1]), [&](const std::string& fact) { log.push_back(fact); });
  for (int i = 0; i < 10; ++i) output.put(line(i));
  output.finish();
  EXPECT_EQ(output.left_out(), 10u);
  ASSERT_FALSE(log.empty());
  EXPECT_THAT(log[0], HasSubstr("Broken pipe"));
}

TEST(LineOutput, WhereItMayWaitAClosedPipeEndsIt) {
  Pipe pipe;
  pipe.close_reader();
  LineOutput output(settings(pipe.ends[1], true), {});
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) output.put(line(i));
      },
      Error);
}

TEST(LineOutput, WaitingForAReaderEndsWhenItIsTold) {
  Pipe pipe;
  LineOutput output(settings(pipe.ends[1], true), {});
  std::thread signal([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    output.stop_waiting();
  });
  const auto began = Clock::now();
  for (int i = 0; i < 1000; ++i) output.put(line(i));
  EXPECT_GE(Clock::now() - began, std::chrono::milliseconds(150));  // until then it waited
  output.finish();
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(5));
  EXPECT_GT(output.left_out(), 0u);
  signal.join();
}

TEST(LineOutput, AFileGoesOnWhereItStands) {
  const auto path = std::filesystem::temp_directory_path() / ("vigil-output-" + std::to_string(getpid()));
  std::ofstream(path) << "before\n";
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND);
  {
    LineOutput output(settings(fd), {});
    output.put("after\n");
    output.finish();
  }
  ::close(fd);
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "before\nafter\n");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace vigil::app
