// Kubeflow Pipelines, API v2beta1: one run an action. The server has no key that makes a second POST harmless (it
// starts a second workflow before it finds the id taken), so every attempt looks for the run first, by id and by
// description.
#include <nlohmann/json.hpp>

#include "alerting/http_sink.h"
#include "alerting/pipeline_runs.h"
#include "core/json_text.h"
#include "core/percent_encoded.h"

namespace vigil::alerting {
namespace {

constexpr const char* kRuns = "/apis/v2beta1/runs";

class KubeflowSink : public WaitingSink {
 public:
  explicit KubeflowSink(const SinkSettings& settings)
      : name_(settings.name),
        pipeline_(settings.text("pipeline_id")),
        version_(settings.text("pipeline_version_id")),
        experiment_(settings.text("experiment_id")),
        service_account_(settings.text("service_account")),
        parameters_(settings.maps.at("parameters")),
        peer_(settings) {}

  std::string name() const override { return name_; }
  void abandon() override { peer_.abandon(); }
  RenderedRequest render(const OutgoingAction& action) const override {
    return {name_, "POST", peer_.url(kRuns), kJson, body(action)};
  }

  Answer send(const OutgoingAction& action, const Begin& begin) override {
    const Answer found = look(action.id);
    if (found.delivery != Delivery::refused) return found;
    const HttpAnswer answer = peer_.post(kRuns, kJson, body(action), begin);
    if (answer.end != HttpAnswer::End::answered) return peer_.class_of(answer);
    if (answer.status == 200) {
      const auto json = json_of(answer);
      const std::string run = json ? text_in(*json, "run_id") : std::string{};
      return run.empty() ? peer_.not_understood(answer) : peer_.delivered(run);
    }
    Answer out = peer_.class_of(answer);
    if (answer.status == 409) out.delivery = Delivery::maybe_done;
    return out;
  }

  std::optional<Answer> look_up(const OutgoingAction& action) override { return look(action.id); }

  std::optional<Progress> poll(const std::string& run) override {
    peer_.begin_attempt();
    const HttpAnswer answer = peer_.get(std::string(kRuns) + "/" + percent_encoded(run));
    if (answer.end != HttpAnswer::End::answered) return Progress{};
    if (answer.status == 404) return Progress{"failed", "the run is no longer there"};
    const auto json = json_of(answer);
    if (answer.status != 200 || !json) return Progress{};
    return progress_of(text_in(*json, "state"), {{"RUNNING", "running"},
                                                 {"PAUSED", "running"},
                                                 {"CANCELING", "running"},
                                                 {"SUCCEEDED", "succeeded"},
                                                 {"FAILED", "failed"},
                                                 {"CANCELED", "failed"},
                                                 {"SKIPPED", "failed"}});
  }

 private:
  std::string body(const OutgoingAction& action) const {
    const ActionText text(action);
    nlohmann::ordered_json json = {
        {"run_id", action.id},
        {"display_name", "vigil " + text.kind + " " + text.model + " run " + std::to_string(text.run) + " LS " +
                             std::to_string(text.first_ls) + "-" + std::to_string(text.last_ls)},
        {"description", "vigil:" + action.id}};
    if (!experiment_.empty()) json["experiment_id"] = experiment_;
    json["pipeline_version_reference"] = {{"pipeline_id", pipeline_}, {"pipeline_version_id", version_}};
    nlohmann::ordered_json parameters = nlohmann::ordered_json::object();
    for (const auto& [name, value] : filled(parameters_, text)) parameters[name] = value;
    json["runtime_config"] = {{"parameters", std::move(parameters)}};
    if (!service_account_.empty()) json["service_account"] = service_account_;
    return json_text(json);
  }

  // Delivered: it is there; refused: it is not; retry: no telling.
  Answer look(const std::string& id) {
    peer_.begin_attempt();
    const HttpAnswer by_id = peer_.get(std::string(kRuns) + "/" + percent_encoded(id));
    // That it is there says the status; the body may be longer than what is read.
    if (by_id.end == HttpAnswer::End::answered && by_id.status == 200) return peer_.delivered(id);
    if (by_id.end != HttpAnswer::End::answered || by_id.status != 404) return peer_.failed_look(by_id);
    const std::string description = "vigil:" + id;
    const nlohmann::ordered_json filter = {
        {"predicates", {{{"key", "description"}, {"operation", "EQUALS"}, {"string_value", description}}}}};
    std::string path = std::string(kRuns) + "?filter=" + percent_encoded(json_text(filter));
    if (!experiment_.empty()) path += "&experiment_id=" + percent_encoded(experiment_);
    const HttpAnswer listed = peer_.get(path);
    const auto json = json_of(listed);
    if (listed.end != HttpAnswer::End::answered || listed.status != 200 || !json || !json->is_object()) {
      return peer_.failed_look(listed);
    }
    if (const auto runs = json->find("runs"); runs != json->end() && runs->is_array()) {
      for (const auto& run : *runs) {
        if (text_in(run, "description") == description) return peer_.delivered(text_in(run, "run_id"));
      }
    }
    Answer none;
    none.delivery = Delivery::refused;
    return none;
  }

  std::string name_, pipeline_, version_, experiment_, service_account_;
  NamedTexts parameters_;
  HttpPeer peer_;
};

}  // namespace

std::unique_ptr<Sink> make_kubeflow_sink(const SinkSettings& settings) {
  return std::make_unique<KubeflowSink>(settings);
}

}  // namespace vigil::alerting
