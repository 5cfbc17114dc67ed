#include "app/stop_on_signal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace vigil::app {
namespace {

constexpr auto kSame = std::chrono::milliseconds(500);

// Runs `body` with the signals' owner in a process of its own; its exit code.
template <class Body>
int in_child(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    StopOnSignal signals(kSame);
    std::atomic<int> stops{0};
    signals.watch([&] { ++stops; });
    body();
    for (int i = 0; i < 100 && stops == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    _exit(signals.stopped() && stops == 1 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void pause_for(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

TEST(StopOnSignal, ASecondSignalSoonAfterIsTheFirstAgain) {
  EXPECT_EQ(in_child([] {
              ::kill(::getpid(), SIGTERM);
              pause_for(std::chrono::milliseconds(50));
              ::kill(::getpid(), SIGTERM);
              ::kill(::getpid(), SIGINT);
              pause_for(std::chrono::milliseconds(200));
            }),
            0);
}

TEST(StopOnSignal, ALaterOneEndsAtOnceWithItsNumber) {
  const auto twice = [](int second) {
    ::kill(::getpid(), SIGTERM);
    pause_for(kSame + std::chrono::milliseconds(300));
    ::kill(::getpid(), second);
    pause_for(std::chrono::seconds(5));
  };
  EXPECT_EQ(in_child([&] { twice(SIGTERM); }), 128 + SIGTERM);
  EXPECT_EQ(in_child([&] { twice(SIGINT); }), 128 + SIGINT);
}

TEST(StopOnSignal, WaitingEndsWithASignalAlsoWithOneThatCameBefore) {
  const auto waits = [](bool before) {
    const pid_t child = ::fork();
    if (child == 0) {
      StopOnSignal signals(kSame);
      if (before) ::kill(::getpid(), SIGTERM);
      std::thread later([&] {
        pause_for(std::chrono::milliseconds(100));
        if (!before) ::kill(::getpid(), SIGINT);
      });
      signals.wait();
      later.join();
      _exit(signals.stopped() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  };
  EXPECT_EQ(waits(false), 0);
  EXPECT_EQ(waits(true), 0);
}

}  // namespace
}  // namespace vigil::app
