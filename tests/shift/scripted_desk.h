// A desk that records what it is asked and answers as told. Used by the tests of the routes and of the server.
#pragma once

#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "alerting/desk.h"

namespace vigil::shift {

class ScriptedDesk : public alerting::Desk {
 public:
  using Json = nlohmann::ordered_json;
  using Asker = alerting::Asker;
  using Answer = alerting::DeskAnswer;

  std::vector<std::string> calls;
  Answer answer{.status = 200, .body = {{"x", 0.1}}, .problem = {}};
  bool fails = false;

  Answer list(const alerting::ActionFilter& f) override {
    const auto text = [](const auto& value) { return value.value_or("-"); };
    return called("list " + text(f.state) + " " + text(f.kind) + " " + text(f.model) + " " + text(f.stream) + " " +
                  (f.open ? *f.open ? "open" : "closed" : "-") + " " + text(f.after) + " " + std::to_string(f.limit));
  }
  Answer show(const std::string& id) override { return called("show " + id); }
  Answer propose(const Asker& asker, const Json& body) override {
    return called("propose " + who(asker) + body.dump());
  }
  Answer act(const Asker& asker, const std::string& id, const std::string& verb, const Json& body) override {
    return called(verb + " " + id + " " + who(asker) + body.dump());
  }
  Answer alarms(const std::string& node) override { return called("alarms " + node); }
  Answer act_on_alarms(const Asker& asker, const std::string& verb, const Json& body) override {
    return called("alarms/" + verb + " " + who(asker) + body.dump());
  }
  Answer audit(std::uint64_t after, std::uint32_t limit) override {
    return called("audit " + std::to_string(after) + " " + std::to_string(limit));
  }
  Answer sinks() override { return called("sinks"); }

 private:
  static std::string who(const Asker& asker) {
    return asker.actor + (asker.shifter ? " shifter" : "") + (asker.expert ? " expert" : "") +
           (asker.pipeline ? " pipeline" : "") + " ";
  }
  Answer called(const std::string& call) {
    const std::lock_guard lock(mutex_);
    calls.push_back(call);
    if (fails) throw std::runtime_error("disk full at /secret/path");
    return answer;
  }
  std::mutex mutex_;
};

}  // namespace vigil::shift
