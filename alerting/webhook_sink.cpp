// POST of the event to any HTTP server, signed as Standard Webhooks say where there are secrets: over id, time and
// body.
#include <chrono>

#include "alerting/http_sink.h"
#include "alerting/sink_reading.h"
#include "core/error.h"
#include "core/hmac.h"
#include "core/secrets.h"

namespace vigil::alerting {
namespace {

constexpr const char* kSigningSecret = "whsec_ and base64 of 24 to 64 bytes";
constexpr const char* kContentType = "application/cloudevents+json; charset=utf-8";

// The bytes of a whsec_ text; nullopt: it is none.
std::optional<std::string> signing_key(const std::string& text) {
  constexpr std::string_view kPrefix = "whsec_";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  const auto key = from_base64(text.substr(kPrefix.size()));
  if (!key || key->size() < 24 || key->size() > 64) return std::nullopt;
  return key;
}

class WebhookSink : public WaitingSink {
 public:
  explicit WebhookSink(const SinkSettings& settings)
      : name_(settings.name), secret_files_(settings.lists.at("secret_files")), peer_(settings) {}

  std::string name() const override { return name_; }
  void abandon() override { peer_.abandon(); }
  RenderedRequest render(const OutgoingAction& action) const override {
    return {name_, "POST", peer_.url(), kContentType, action.cloudevent};
  }

  Answer send(const OutgoingAction& action, const Begin& begin) override {
    peer_.begin_attempt();
    const std::string now = std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
    std::vector<std::string> headers{"webhook-id: " + action.id, "webhook-timestamp: " + now};
    std::string signatures;
    for (const std::string& file : secret_files_) {
      const auto key = signing_key(peer_.secret(file));
      if (!key) throw Error("secret file '" + file + "'", "malformed", kSigningSecret);
      const std::string mac = hmac_sha256(*key, action.id + "." + now + "." + action.cloudevent);
      signatures += (signatures.empty() ? "v1," : " v1,") + base64(mac);
    }
    if (!signatures.empty()) headers.push_back("webhook-signature: " + signatures);
    const HttpAnswer answer = peer_.post({}, kContentType, action.cloudevent, begin, headers);
    if (answer.end == HttpAnswer::End::answered && answer.status / 100 == 2) return peer_.delivered();
    Answer out = peer_.class_of(answer);
    out.server_error = false;  // the same id and body do no harm twice
    out.stop = answer.end == HttpAnswer::End::answered && answer.status == 410;
    return out;
  }

 private:
  std::string name_;
  std::vector<std::string> secret_files_;
  HttpPeer peer_;
};

}  // namespace

void check_signing_secrets(const SinkSettings& settings, const SinkKey& key) {
  for (const std::string& file : settings.lists.at(key.name)) {
    if (!signing_key(read_secret(file))) {
      throw Error(settings.place(key.name), std::string("key '") + key.name + "': '" + file + "': malformed",
                  kSigningSecret);
    }
  }
}

std::unique_ptr<Sink> make_webhook_sink(const SinkSettings& settings) {
  return std::make_unique<WebhookSink>(settings);
}

}  // namespace vigil::alerting
