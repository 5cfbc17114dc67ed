// GitLab's pipeline triggers: one pipeline an action. What an attempt without an answer made is found again by the name
// that the project gives its pipelines (workflow: name: vigil-$[[ inputs.action_id ]]), which takes an API token.
#include <nlohmann/json.hpp>

#include "alerting/http_sink.h"
#include "alerting/pipeline_runs.h"
#include "core/json_text.h"
#include "core/percent_encoded.h"

namespace vigil::alerting {
namespace {

constexpr const char* kForm = "application/x-www-form-urlencoded";

class GitlabSink : public WaitingSink {
 public:
  explicit GitlabSink(const SinkSettings& settings)
      : name_(settings.name),
        project_("/api/v4/projects/" + percent_encoded(settings.text("project"))),
        ref_(settings.text("ref")),
        token_file_(settings.text("token_file")),
        api_token_file_(settings.text("api_token_file")),
        throttle_ms_(settings.number("throttle_s") * 1000),
        inputs_(settings.maps.at("inputs")),
        peer_(settings) {}

  std::string name() const override { return name_; }
  void abandon() override { peer_.abandon(); }
  RenderedRequest render(const OutgoingAction& action) const override {
    return {name_, "POST", peer_.url(project_ + "/trigger/pipeline"), kForm, body(action, "***")};
  }

  Answer send(const OutgoingAction& action, const Begin& begin) override {
    peer_.begin_attempt();
    peer_.keep_out_file(api_token_file_);
    const std::string token = percent_encoded(peer_.secret(token_file_));
    const HttpAnswer answer = peer_.post(project_ + "/trigger/pipeline", kForm, body(action, token), begin, {}, false);
    if (answer.end == HttpAnswer::End::answered && answer.status == 201) {
      const auto json = json_of(answer);
      const std::string run = json ? text_in(*json, "id") : std::string{};
      return run.empty() ? peer_.not_understood(answer) : peer_.delivered(run, text_in(*json, "web_url"));
    }
    Answer out = peer_.class_of(answer);
    // The one refusal that is not for good.
    if (answer.end == HttpAnswer::End::answered && answer.status == 400 &&
        answer.body.find("Too many pipelines created") != std::string::npos) {
      out.delivery = Delivery::retry;
      out.not_before_ms = throttle_ms_;
    }
    return out;
  }

  std::optional<Answer> look_up(const OutgoingAction& action) override {
    if (api_token_file_.empty()) return std::nullopt;
    const std::string wanted = "vigil-" + action.id;
    const HttpAnswer answer = look("/pipelines?source=trigger&name=" + percent_encoded(wanted));
    const auto json = json_of(answer);
    if (answer.end != HttpAnswer::End::answered || answer.status != 200 || !json || !json->is_array()) {
      return peer_.failed_look(answer);
    }
    for (const auto& pipeline : *json) {
      if (text_in(pipeline, "name") == wanted) {
        return peer_.delivered(text_in(pipeline, "id"), text_in(pipeline, "web_url"));
      }
      // A GitLab that does not know the filter lists them all, and may have it on another page.
      if (pipeline.is_object() && !pipeline.contains("name")) {
        Answer blind;
        blind.reason = "look-up: this GitLab gives its pipelines no names";
        return blind;
      }
    }
    Answer none;
    none.delivery = Delivery::refused;
    return none;
  }

  std::optional<Progress> poll(const std::string& run) override {
    if (api_token_file_.empty()) return std::nullopt;
    const HttpAnswer answer = look("/pipelines/" + percent_encoded(run));
    const auto json = json_of(answer);
    if (answer.end != HttpAnswer::End::answered || answer.status != 200 || !json) return Progress{};
    return progress_of(text_in(*json, "status"), {{"running", "running"},
                                                  {"success", "succeeded"},
                                                  {"failed", "failed"},
                                                  {"canceled", "failed"},
                                                  {"skipped", "failed"}});
  }

 private:
  HttpAnswer look(const std::string& path) {
    peer_.begin_attempt();
    peer_.keep_out_file(token_file_);
    return peer_.get(project_ + path, {"PRIVATE-TOKEN: " + peer_.secret(api_token_file_)}, false);
  }

  // `token` as it stands in a form.
  std::string body(const OutgoingAction& action, const std::string& token) const {
    std::string form = "token=" + token + "&ref=" + percent_encoded(ref_);
    for (const auto& [name, value] : filled(inputs_, ActionText(action))) {
      form += "&" + percent_encoded("inputs[" + name + "]") + "=" + percent_encoded(value);
    }
    return form;
  }

  std::string name_, project_, ref_, token_file_, api_token_file_;
  std::int64_t throttle_ms_;
  NamedTexts inputs_;
  HttpPeer peer_;
};

}  // namespace

std::unique_ptr<Sink> make_gitlab_sink(const SinkSettings& settings) { return std::make_unique<GitlabSink>(settings); }

}  // namespace vigil::alerting
