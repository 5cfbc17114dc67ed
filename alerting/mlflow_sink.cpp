// MLflow's model registry: a rollback moves an alias to the version that holds the model gone back to, every other
// action leaves a tag at the version it is about. Which version holds a model says its tag vigil.model_hash. Both
// writes may be repeated.
#include <nlohmann/json.hpp>

#include "alerting/http_sink.h"
#include "alerting/sink_reading.h"
#include "alerting/templates.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/percent_encoded.h"

namespace vigil::alerting {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kApi = "/api/2.0/mlflow/";
constexpr int kPages = 10000;       // of a list that must end some day
constexpr int kVersionsAPage = 20;  // a page fits into what is read of an answer

class MlflowSink : public WaitingSink {
 public:
  explicit MlflowSink(const SinkSettings& settings)
      : name_(settings.name),
        registered_(settings.text("registered_model")),
        alias_(settings.text("alias")),
        peer_(settings) {}

  std::string name() const override { return name_; }
  void abandon() override { peer_.abandon(); }
  RenderedRequest render(const OutgoingAction& action) const override {
    const ActionText text(action);
    return {name_, "POST", peer_.url(path(text)), kJson, json_text(body(text, {}))};
  }

  Answer send(const OutgoingAction& action, const Begin& begin) override {
    peer_.begin_attempt();
    const ActionText text(action);
    Answer failed;
    const std::string version = version_of(registered(text), is_rollback(text) ? text.to : text.model_hash, failed);
    if (version.empty()) return failed;
    if (is_rollback(text)) {
      const HttpAnswer now =
          peer_.get(std::string(kApi) + "registered-models/alias?name=" + percent_encoded(registered(text)) +
                    "&alias=" + percent_encoded(alias_));
      const bool missing = now.end == HttpAnswer::End::answered && error_code(now) == "INVALID_PARAMETER_VALUE";
      if (!missing && (now.end != HttpAnswer::End::answered || now.status != 200)) return by_code(now, true);
      const auto json = json_of(now);
      if (!missing && json && text_in(json->value("model_version", nlohmann::json::object()), "version") == version) {
        return done(text);
      }
    }
    const HttpAnswer answer = peer_.post(path(text), kJson, json_text(body(text, version)), begin);
    if (answer.end == HttpAnswer::End::answered && answer.status == 200) return done(text);
    return by_code(answer, false);
  }

 private:
  static bool is_rollback(const ActionText& text) { return text.kind == to_string(ActionKind::rollback); }
  const std::string& registered(const ActionText& text) const { return registered_.empty() ? text.model : registered_; }
  static std::string path(const ActionText& text) {
    return std::string(kApi) + (is_rollback(text) ? "registered-models/alias" : "model-versions/set-tag");
  }

  // Without a version: as people approve it.
  Json body(const ActionText& text, const std::string& version) const {
    Json json = {{"name", registered(text)}};
    if (is_rollback(text)) json["alias"] = alias_;
    if (!version.empty()) json["version"] = version;
    if (!is_rollback(text)) {
      json["key"] = "vigil." + text.kind;
      json["value"] = text.id;
    }
    return json;
  }

  Answer done(const ActionText& text) const {
    Answer out = peer_.delivered();
    out.done = is_rollback(text);
    return out;
  }

  static std::string error_code(const HttpAnswer& answer) {
    const auto json = json_of(answer);
    return answer.status != 200 && json ? text_in(*json, "error_code") : std::string{};
  }

  // Errors go by their code, not by their status. `looking`: nothing of the action has left.
  Answer by_code(const HttpAnswer& answer, bool looking) const {
    if (answer.end != HttpAnswer::End::answered) return looking ? peer_.failed_look(answer) : peer_.class_of(answer);
    Answer out = looking ? peer_.failed_look(answer) : peer_.class_of(answer);
    out.server_error = false;
    const std::string code = error_code(answer);
    out.delivery = code == "RESOURCE_DOES_NOT_EXIST" || code == "INVALID_PARAMETER_VALUE" ||
                           code == "PERMISSION_DENIED" || code == "BAD_REQUEST"
                       ? Delivery::refused
                       : Delivery::retry;
    return out;
  }

  static bool holds(const nlohmann::json& version, const std::string& hash) {
    const auto tags = version.find("tags");
    if (tags == version.end() || !tags->is_array()) return false;
    for (const auto& tag : *tags) {
      if (text_in(tag, "key") == "vigil.model_hash" && text_in(tag, "value") == hash) return true;
    }
    return false;
  }

  // Empty: `failed` says why.
  std::string version_of(const std::string& name, const std::string& hash, Answer& failed) {
    failed.delivery = Delivery::refused;
    if (hash.empty()) {
      failed.reason = "the action names no model hash";
      return {};
    }
    if (name.find('\'') != std::string::npos) {
      failed.reason = "a model name with a quote cannot be looked for";
      return {};
    }
    std::string page;
    for (int n = 0; n < kPages; ++n) {
      std::string path = std::string(kApi) + "model-versions/search?filter=" + percent_encoded("name='" + name + "'") +
                         "&max_results=" + std::to_string(kVersionsAPage);
      if (!page.empty()) path += "&page_token=" + percent_encoded(page);
      const HttpAnswer answer = peer_.get(path);
      const auto json = json_of(answer);
      if (answer.end != HttpAnswer::End::answered || answer.status != 200 || !json || !json->is_object()) {
        failed = by_code(answer, true);
        return {};
      }
      if (const auto versions = json->find("model_versions"); versions != json->end() && versions->is_array()) {
        for (const auto& version : *versions) {
          if (version.is_object() && holds(version, hash)) return text_in(version, "version");
        }
      }
      page = text_in(*json, "next_page_token");
      if (page.empty()) break;
    }
    failed.reason = "no version of '" + peer_.clean(name) + "' has the tag vigil.model_hash " + hash;
    return {};
  }

  std::string name_, registered_, alias_;
  HttpPeer peer_;
};

}  // namespace

std::unique_ptr<Sink> make_mlflow_sink(const SinkSettings& settings) { return std::make_unique<MlflowSink>(settings); }

}  // namespace vigil::alerting
