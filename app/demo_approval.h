// The people and the pipeline of `vigil demo`: two experts approve what must not be sent without them, and the pipeline
// claims what it got and reports how far it is, all at the desk of the running monitor's journal, as `vigil actions`
// does. Used by the demo alone. Owns one thread, joined in its destructor.
// Tests: tests/contract/demo_test.py.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "alerting/approval.h"
#include "alerting/desk.h"

namespace vigil::app {

class DemoApproval {
 public:
  // What the demo's configuration says: a retraining goes to the pipeline at once, a threshold needs two people.
  static alerting::ApprovalRules rules();

  // `journal`: the file of a running monitor. `say` gets lines for people, on this object's thread. Throws Error where
  // there is no such journal.
  DemoApproval(const std::string& journal, std::function<void(const std::string&)> say);
  ~DemoApproval();
  DemoApproval(const DemoApproval&) = delete;
  DemoApproval& operator=(const DemoApproval&) = delete;

  // The pipeline has this action. From any thread.
  void received(const std::string& id);
  // Reports what the pipeline still has to, then ends. Once; idle afterwards.
  void finish();
  // After finish(): every action that somebody approved or claimed, by id: its state, who approved, who was refused and
  // why, the pipeline's claim and all that happened to it.
  nlohmann::ordered_json decided() const;

 private:
  void work();
  void approve(const std::string& id);
  void report(const std::string& id);
  nlohmann::ordered_json act(const alerting::Asker& asker, const std::string& id, const std::string& verb,
                             const nlohmann::ordered_json& body);
  bool pause();  // a moment; true: no time is left

  const std::unique_ptr<alerting::Desk> desk_;
  const std::function<void(const std::string&)> say_;
  std::map<std::string, nlohmann::ordered_json> refused_;  // action -> what its approvers were refused
  std::vector<std::string> seen_;                          // in order
  int jobs_ = 0;                                           // that the pipeline has begun
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> received_;
  bool ends_ = false;
  std::thread thread_;
};

// One of decided() in a line for people.
std::string decided_text(const nlohmann::ordered_json& decided);

}  // namespace vigil::app
