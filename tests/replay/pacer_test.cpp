#include "replay/pacer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/error.h"
#include "core/lhc.h"
#include "tests/replay/recording_frames.h"

namespace vigil::replay {
namespace {

// Time that passes only while someone sleeps.
struct FakeTime {
  double now = 50;
  std::vector<double> sleeps;
  PaceClock clock() {
    return {[this] { return now; },
            [this](double seconds) {
              sleeps.push_back(seconds);
              now += seconds;
            }};
  }
};

TEST(Pacer, speeds) {
  EXPECT_EQ(parse_speed("max"), 0);
  EXPECT_EQ(parse_speed("realtime"), 1);
  EXPECT_EQ(parse_speed("4x"), 4);
  EXPECT_EQ(parse_speed("50x"), 50);
  EXPECT_EQ(parse_speed("0.5x"), 0.5);
  for (const char* text : {"", "x", "4", "fast", "-1x", "0x", "nanx", "infx", "4xx", "4 x", "1e400x", "Max"}) {
    EXPECT_THROW(parse_speed(text), Error) << text;
  }
}

TEST(Pacer, a_lumisection_takes_its_time_divided_by_the_speed) {
  for (const double speed : {1.0, 4.0, 50.0}) {
    FakeTime time;
    Pacer pacer(speed, time.clock());
    for (std::uint32_t ls = 10; ls <= 20; ++ls) ASSERT_TRUE(pacer.wait(labelled(1, ls)));
    EXPECT_EQ(time.sleeps.size(), 10u);  // the first is due at once
    EXPECT_NEAR(time.now - 50, 10 * lhc::kLumisectionSeconds / speed, 1e-6);
  }
}

TEST(Pacer, late_frames_and_slow_callers_do_not_wait) {
  FakeTime time;
  Pacer pacer(1, time.clock());
  pacer.wait(labelled(1, 5));
  pacer.wait(labelled(1, 4));
  time.now += 100;  // the caller took its time: four lumisections are due
  for (std::uint32_t ls = 6; ls <= 9; ++ls) pacer.wait(labelled(1, ls));
  EXPECT_TRUE(time.sleeps.empty());
  pacer.wait(labelled(1, 10));
  EXPECT_NEAR(time.now - 50, 5 * lhc::kLumisectionSeconds, 1e-6);
}

TEST(Pacer, new_run_and_long_gap_start_again_and_one_outlier_is_ignored) {
  FakeTime time;
  Pacer pacer(1, time.clock());
  pacer.wait(labelled(1, 1));
  pacer.wait(labelled(1, 9000));  // alone: nothing
  pacer.wait(labelled(77, 1));
  pacer.wait(labelled(1, 2));
  EXPECT_NEAR(time.now - 50, lhc::kLumisectionSeconds, 1e-6);
  pacer.wait(labelled(2, 500));
  pacer.wait(labelled(2, 500));
  EXPECT_NEAR(time.now - 50, lhc::kLumisectionSeconds, 1e-6);
  pacer.wait(labelled(2, 501));
  EXPECT_NEAR(time.now - 50, 2 * lhc::kLumisectionSeconds, 1e-6);
  pacer.wait(labelled(2, 5000));
  pacer.wait(labelled(2, 5001));
  EXPECT_NEAR(time.now - 50, 3 * lhc::kLumisectionSeconds, 1e-6);
}

TEST(Pacer, frames_without_time_pass_and_lumisection_alone_is_enough) {
  FakeTime time;
  Pacer pacer(2, time.clock());
  FrameHeader bare;
  EXPECT_TRUE(pacer.wait(bare));
  FrameHeader only_ls;
  for (std::uint32_t ls = 3; ls <= 5; ++ls) {
    only_ls.ls = ls;
    EXPECT_TRUE(pacer.wait(only_ls));
    EXPECT_TRUE(pacer.wait(bare));
  }
  EXPECT_NEAR(time.now - 50, lhc::kLumisectionSeconds, 1e-6);
}

TEST(Pacer, stop_interrupts_a_sleep) {
  Pacer pacer(1);
  ASSERT_TRUE(pacer.wait(labelled(1, 1)));
  std::jthread stopper([&pacer] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pacer.request_stop();
  });
  EXPECT_FALSE(pacer.wait(labelled(1, 50)));  // due in twenty minutes
  EXPECT_FALSE(pacer.wait(labelled(1, 1)));
}

}  // namespace
}  // namespace vigil::replay
