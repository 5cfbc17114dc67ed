// One line in the program's log: what a person learns of actions where no other sink is configured.
#include <nlohmann/json.hpp>

#include "alerting/sinks.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

// The action line as a sentence.
std::string sentence(const OutgoingAction& action) {
  const auto line = nlohmann::json::parse(action.line);
  const auto text = [&](const char* key) { return line.at(key).get<std::string>(); };
  const auto number = [&](const char* key) { return line.at(key).dump(); };
  const std::string range = number("first_ls") + (line["first_ls"] == line["last_ls"] ? "" : "-" + number("last_ls"));
  return "action " + action.id + ": " + text("kind") + " of " + shown(text("model")) + " on stream " +
         shown(text("stream")) + " proposed, run " + number("run") + " LS " + range + ": " + shown(text("reason"), 200);
}

class LogSink : public Sink {
 public:
  explicit LogSink(const SinkSettings& settings) : name_(settings.name), log_(settings.log) {
    if (!log_) throw Error("sink " + shown(name_), "no log to write to", "a callback");
  }
  std::string name() const override { return name_; }
  RenderedRequest render(const OutgoingAction& action) const override {
    return {name_, "LOG", "", "text/plain", sentence(action)};
  }
  Answer send(const OutgoingAction& action, const Begin& begin) override {
    if (begin()) log_(sentence(action));
    return {Delivery::delivered, {}};
  }

 private:
  std::string name_;
  std::function<void(const std::string&)> log_;
};

}  // namespace

std::unique_ptr<Sink> make_log_sink(const SinkSettings& settings) { return std::make_unique<LogSink>(settings); }

}  // namespace vigil::alerting
