// Argo Workflows: one workflow an action, named after it. The server takes a name once, so what may be done is posted
// again: 409 says that it is there.
#include <nlohmann/json.hpp>

#include "alerting/http_sink.h"
#include "alerting/pipeline_runs.h"
#include "core/json_text.h"
#include "core/percent_encoded.h"

namespace vigil::alerting {
namespace {

class ArgoSink : public WaitingSink {
 public:
  explicit ArgoSink(const SinkSettings& settings)
      : name_(settings.name),
        namespace_(settings.text("namespace")),
        template_(settings.text("template")),
        service_account_(settings.text("service_account")),
        cluster_(settings.flag("cluster_template")),
        workflows_("/api/v1/workflows/" + percent_encoded(namespace_)),
        parameters_(settings.maps.at("parameters")),
        peer_(settings) {}

  std::string name() const override { return name_; }
  void abandon() override { peer_.abandon(); }
  RenderedRequest render(const OutgoingAction& action) const override {
    return {name_, "POST", peer_.url(workflows_ + "/submit"), kJson, body(action)};
  }

  Answer send(const OutgoingAction& action, const Begin& begin) override {
    peer_.begin_attempt();
    const HttpAnswer answer = peer_.post(workflows_ + "/submit", kJson, body(action), begin);
    if (answer.end == HttpAnswer::End::answered && (answer.status == 200 || answer.status == 409)) {
      return peer_.delivered(workflow(action.id));
    }
    return peer_.class_of(answer);
  }

  std::optional<Progress> poll(const std::string& run) override {
    peer_.begin_attempt();
    const HttpAnswer answer = peer_.get(workflows_ + "/" + percent_encoded(run));
    const auto json = json_of(answer);
    if (answer.end != HttpAnswer::End::answered || answer.status != 200 || !json || !json->is_object()) {
      return Progress{};
    }
    return progress_of(text_in(json->value("status", nlohmann::json::object()), "phase"),
                       {{"Running", "running"}, {"Succeeded", "succeeded"}, {"Failed", "failed"}, {"Error", "failed"}});
  }

 private:
  static std::string workflow(const std::string& id) { return "vigil-" + id; }

  std::string body(const OutgoingAction& action) const {
    nlohmann::ordered_json options = {{"name", workflow(action.id)}, {"parameters", nlohmann::ordered_json::array()}};
    for (const auto& [name, value] : filled(parameters_, ActionText(action))) {
      options["parameters"].push_back(name + "=" + value);
    }
    if (!service_account_.empty()) options["serviceAccount"] = service_account_;
    return json_text(nlohmann::ordered_json{{"namespace", namespace_},
                                            {"resourceKind", cluster_ ? "ClusterWorkflowTemplate" : "WorkflowTemplate"},
                                            {"resourceName", template_},
                                            {"submitOptions", std::move(options)}});
  }

  std::string name_, namespace_, template_, service_account_;
  bool cluster_;
  std::string workflows_;
  NamedTexts parameters_;
  HttpPeer peer_;
};

}  // namespace

std::unique_ptr<Sink> make_argo_sink(const SinkSettings& settings) { return std::make_unique<ArgoSink>(settings); }

}  // namespace vigil::alerting
