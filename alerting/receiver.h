// The receiving end of docs/actions_wire.md: binds REP, answers every action. The demo's pipeline, and a pattern for a
// real one. Owns one thread, joined in its destructor.
// Tests: tests/alerting/dispatcher_test.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace vigil::alerting {

class ActionReceiver {
 public:
  // Binds `endpoint` (tcp://127.0.0.1:* takes a free port). `on_action` gets the CloudEvent on the receiver's thread;
  // each one is then accepted. Throws Error naming the endpoint when it cannot be bound.
  ActionReceiver(const std::string& endpoint, std::function<void(const std::string& cloudevent)> on_action);
  ~ActionReceiver();
  ActionReceiver(const ActionReceiver&) = delete;
  ActionReceiver& operator=(const ActionReceiver&) = delete;

  const std::string& endpoint() const;  // as bound

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::alerting
