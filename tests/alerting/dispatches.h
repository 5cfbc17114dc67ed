// What the tests of the dispatcher share: sinks that answer as told, events collected from its threads. Tests only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "alerting/dispatcher.h"
#include "alerting/sinks.h"
#include "journals.h"
#include "scripted_receiver.h"

namespace vigil::alerting {

using nlohmann::json;
using Kind = DispatchEvent::Kind;
inline constexpr std::int64_t kMs = 1'000'000;

// Waits for a condition of another thread, ten seconds at most.
inline bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

class Events {
 public:
  std::function<void(const DispatchEvent&)> sink() {
    return [this](const DispatchEvent& e) {
      std::lock_guard lock(mutex_);
      events_.push_back(e);
    };
  }
  std::vector<DispatchEvent> all() const {
    std::lock_guard lock(mutex_);
    return events_;
  }
  std::size_t count(Kind kind) const {
    std::size_t n = 0;
    for (const DispatchEvent& e : all()) n += e.kind == kind ? 1 : 0;
    return n;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<DispatchEvent> events_;
};

// Answers as told; remembers the ids it was sent.
class ScriptedSink : public Sink {
 public:
  ScriptedSink(std::string name, std::function<Answer(const std::string&, std::size_t)> script)
      : name_(std::move(name)), script_(std::move(script)) {}
  std::string name() const override { return name_; }
  RenderedRequest render(const OutgoingAction& action) const override {
    return {name_, "POST", "script:", "application/json", action.line};
  }
  Answer send(const OutgoingAction& action, const Begin& begin) override {
    if (!begin()) return {};
    std::size_t before = 0;
    {
      std::lock_guard lock(mutex_);
      before = sent_.size();
      sent_.push_back(action.id);
    }
    return script_(action.id, before);
  }
  std::vector<std::string> sent() const {
    std::lock_guard lock(mutex_);
    return sent_;
  }

 private:
  std::string name_;
  std::function<Answer(const std::string&, std::size_t)> script_;
  mutable std::mutex mutex_;
  std::vector<std::string> sent_;
};

inline std::vector<Outlet> outlets(std::unique_ptr<Sink> sink, SendWhen when = SendWhen::approved) {
  std::vector<Outlet> all;
  all.push_back({std::move(sink), {when, {}, {}}});
  return all;
}
inline std::vector<Outlet> zeromq(const std::string& endpoint, int timeout_ms = 300) {
  SinkSettings s;
  s.type = "zeromq";
  s.own = {{"endpoint", endpoint}, {"reply_timeout_ms", std::to_string(timeout_ms)}};
  return outlets(make_sink(s));
}
inline DispatchSettings fast() {
  DispatchSettings s;
  s.first_back_off_ms = 5;
  s.longest_back_off_ms = 40;
  return s;
}
inline DeliveryState delivery(const Journal& journal, std::size_t index = 0) {
  return journal.actions().at(index).delivery;
}

}  // namespace vigil::alerting
