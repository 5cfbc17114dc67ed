// Prometheus Alertmanager: an alert for each action from its first sending until its episode ends, told again and
// again, for it forgets what it is not told of. What it groups and routes by stays the same: no id, value, run or
// lumisection.
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "alerting/http_sink.h"
#include "alerting/sink_reading.h"
#include "alerting/templates.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/utc_time.h"

namespace vigil::alerting {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kAlerts = "/api/v2/alerts";
constexpr std::int64_t kLingerMs = 5 * 60 * 1000;

class AlertmanagerSink : public RepeatingSink {
 public:
  explicit AlertmanagerSink(const SinkSettings& settings)
      : name_(settings.name),
        labels_(settings.maps.at("labels")),
        guidance_(settings.guidance),
        resend_ms_(settings.number("resend_s") * 1000),
        peer_(settings) {}

  std::string name() const override { return name_; }
  void abandon() override { peer_.abandon(); }
  std::int64_t repeat_ms() const override { return resend_ms_; }
  std::int64_t linger_ms() const override { return kLingerMs; }

  RenderedRequest render(const OutgoingAction& action) const override {
    return {name_, "POST", peer_.url(kAlerts), kJson, json_text(Json::array({alert(action)}))};
  }

  Answer send(const OutgoingAction& action, const Begin& begin) override {
    const std::int64_t now =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    return tell({{action, now, 0}}, now, begin);
  }

  Answer tell(const std::vector<OpenAlert>& alerts, std::int64_t now_ns, const Begin& begin) override {
    peer_.begin_attempt();
    // Two actions with the same labels are one alert there: what goes on outweighs what has ended, the newer the older.
    std::map<std::string, std::pair<bool, Json>> by_labels;
    for (const OpenAlert& told : alerts) {
      Json json = alert(told.action);
      json["startsAt"] = rfc3339(told.starts_ns);
      json["endsAt"] = rfc3339(told.ended_ns != 0 ? told.ended_ns : now_ns + 3 * resend_ms_ * 1'000'000);
      auto& kept = by_labels[json_text(json["labels"])];
      if (told.ended_ns == 0 || !kept.first) kept = {told.ended_ns == 0, std::move(json)};
    }
    Json body = Json::array();
    for (auto& [labels, kept] : by_labels) body.push_back(std::move(kept.second));
    const HttpAnswer answer = peer_.post(kAlerts, kJson, json_text(body), begin);
    if (answer.end == HttpAnswer::End::answered && answer.status == 200) return peer_.delivered();
    Answer out = peer_.class_of(answer);
    out.server_error = false;  // told again, it is the same alert
    return out;
  }

 private:
  Json alert(const OutgoingAction& action) const {
    const ActionText text(action);
    std::string kind = text.kind;
    for (char& c : kind) c = c == '-' ? '_' : c;
    Json labels = Json::object();
    for (const auto& [label, value] : labels_) labels[label] = value;
    labels["alertname"] = "vigil_" + kind;
    labels["model"] = text.model;
    labels["stream"] = text.stream;
    labels["cause"] = text.cause;
    if (!text.subject.empty()) labels["subject"] = text.subject;
    const bool critical =
        text.kind == to_string(ActionKind::revalidate) || text.kind == to_string(ActionKind::rollback);
    labels["severity"] = critical ? "critical" : "warning";
    Json annotations = {{"summary", text.reason},
                        {"action_id", text.id},
                        {"run", std::to_string(text.run)},
                        {"first_ls", std::to_string(text.first_ls)},
                        {"last_ls", std::to_string(text.last_ls)}};
    const std::string guidance = guidance_ ? guidance_(text.model, text.stream, text.first_monitor) : std::string{};
    if (!guidance.empty()) annotations["guidance"] = guidance;
    return {{"labels", std::move(labels)}, {"annotations", std::move(annotations)}};
  }

  std::string name_;
  NamedTexts labels_;
  std::function<std::string(const std::string&, const std::string&, const std::string&)> guidance_;
  std::int64_t resend_ms_;
  HttpPeer peer_;
};

}  // namespace

void check_labels(const SinkSettings& settings, const SinkKey& key) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  for (const auto& [label, value] : settings.maps.at(key.name)) {
    const bool valid = !label.empty() && kLetters.find(label.front()) != std::string_view::npos &&
                       label.find_first_not_of(std::string(kLetters) + "0123456789") == std::string::npos;
    if (!valid || value.empty()) {
      throw Error(settings.place(key.name),
                  std::string("key '") + key.name + "': label '" + shown(label) + "'" + (valid ? " without value" : ""),
                  "names of letters, digits and _, not beginning with a digit, each with a value");
    }
  }
}

std::unique_ptr<Sink> make_alertmanager_sink(const SinkSettings& settings) {
  return std::make_unique<AlertmanagerSink>(settings);
}

}  // namespace vigil::alerting
