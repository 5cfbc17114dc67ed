#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

#include "app/session.h"

namespace vigil::app {

struct StopOnSignal::State {
  std::mutex mutex;
  std::function<void()> stop;
  std::atomic<bool> stopped{false};
  std::atomic<bool> done{false};
  std::thread thread;
  pthread_t owner{};
};

StopOnSignal::StopOnSignal() : state_(std::make_shared<State>()) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  state_->thread = std::thread([state = state_, signals] {
    int signal = 0;
    while (sigwait(&signals, &signal) == 0) {
      if (state->done) return;
      if (state->stopped.exchange(true)) _exit(128 + signal);
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

bool StopOnSignal::stopped() const { return state_->stopped; }

}  // namespace vigil::app
