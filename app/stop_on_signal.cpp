#include "app/stop_on_signal.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

namespace vigil::app {

struct StopOnSignal::State {
  std::mutex mutex;
  std::function<void()> stop;
  std::atomic<bool> stopped{false};
  std::atomic<bool> done{false};
  std::thread thread;
  pthread_t owner{};
};

StopOnSignal::StopOnSignal(std::chrono::milliseconds same_signal) : state_(std::make_shared<State>()) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  state_->thread = std::thread([state = state_, signals, same_signal] {
    int signal = 0;
    std::chrono::steady_clock::time_point first{};
    while (sigwait(&signals, &signal) == 0) {
      if (state->done) return;
      const auto now = std::chrono::steady_clock::now();
      if (state->stopped.exchange(true)) {
        if (now - first <= same_signal) continue;
        _exit(128 + signal);
      }
      first = now;
      std::lock_guard lock(state->mutex);
      if (state->stop) state->stop();
    }
  });
}

StopOnSignal::~StopOnSignal() {
  state_->done = true;
  pthread_kill(state_->thread.native_handle(), SIGTERM);
  state_->thread.join();
}

void StopOnSignal::watch(std::function<void()> stop) {
  std::lock_guard lock(state_->mutex);
  state_->stop = std::move(stop);
  if (state_->stopped && state_->stop) state_->stop();
}

void StopOnSignal::watch(Source& source) {
  watch([&source] { source.request_stop(); });
}

void StopOnSignal::wait() {
  auto stop = std::make_shared<std::promise<void>>();
  watch([stop, once = std::make_shared<std::once_flag>()] { std::call_once(*once, [&] { stop->set_value(); }); });
  stop->get_future().wait();
  watch(std::function<void()>{});
}

bool StopOnSignal::stopped() const { return state_->stopped; }

}  // namespace vigil::app
