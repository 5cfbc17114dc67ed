#include "alerting/dispatcher.h"

#include <array>
#include <chrono>
#include <set>
#include <utility>

#include "alerting/sink_worker.h"
#include "core/error.h"

namespace vigil::alerting {

struct Dispatcher::Loop {
  Loop(Journal& journal, DispatchSettings settings, std::function<void(const DispatchEvent&)> on_event)
      : dispatch(journal, std::move(settings), std::move(on_event)) {}
  Dispatch dispatch;
  std::vector<std::unique_ptr<SinkWorker>> workers;  // destroyed, and so joined, before what they share
  bool started = false;
};

Dispatcher::Dispatcher(Journal& journal, std::vector<Outlet> outlets, DispatchSettings settings,
                       std::function<void(const DispatchEvent&)> on_event)
    : loop_(std::make_unique<Loop>(journal, std::move(settings), std::move(on_event))) {
  Dispatch& dispatch = loop_->dispatch;
  std::vector<SinkSpec> specs;
  std::set<std::string> names;
  for (Outlet& outlet : outlets) {
    const std::string name = outlet.sink->name();
    if (!names.insert(name).second) {
      throw Error("sinks", "two sinks named '" + shown(name) + "'", "names that differ");
    }
    // The journal renders with it, and may outlive the dispatcher.
    const std::shared_ptr<Sink> sink = std::move(outlet.sink);
    loop_->workers.push_back(
        std::make_unique<SinkWorker>(dispatch, sink, outlet.pacing, dispatch.settings.seed + specs.size()));
    specs.push_back({name, std::move(outlet.routing),
                     [sink](const OutgoingAction& action) { return sink->render(action); }, outlet.type});
  }
  journal.set_sinks(std::move(specs));
}

std::string_view to_string(SinkHealth::State state) {
  constexpr std::array kNames = {"ok", "broken", "stopped"};
  return kNames[static_cast<std::size_t>(state)];
}

std::vector<SinkHealth> Dispatcher::health() const {
  std::vector<SinkHealth> all;
  for (const auto& worker : loop_->workers) all.push_back(worker->health());
  return all;
}

Dispatcher::~Dispatcher() { stop(0); }

void Dispatcher::start() {
  if (loop_->started) return;
  loop_->started = true;
  for (const auto& worker : loop_->workers) worker->start();
}

void Dispatcher::wake() {
  {
    std::lock_guard lock(loop_->dispatch.mutex);
    ++loop_->dispatch.wakes;
  }
  loop_->dispatch.changed.notify_all();
}

void Dispatcher::stop(std::int64_t grace_ms) {
  Dispatch& dispatch = loop_->dispatch;
  {
    std::unique_lock lock(dispatch.mutex);
    if (dispatch.stopping) return;
    dispatch.stopping = true;
    dispatch.give_up = Dispatch::Steady::now() + std::chrono::milliseconds(grace_ms);
    dispatch.changed.notify_all();
    dispatch.changed.wait_until(lock, dispatch.give_up, [&] { return dispatch.running == 0; });
  }
  // Time is up: a sink that still waits for an answer gives up, and its action stays pending.
  for (const auto& worker : loop_->workers) worker->abandon();
  for (const auto& worker : loop_->workers) worker->join();
}

}  // namespace vigil::alerting
