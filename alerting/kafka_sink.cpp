// Apache Kafka (librdkafka): each event one message of a topic, keyed by model, so that a model's events keep their
// order. Idempotent, acknowledged by all replicas in sync; the delivery report is the answer.
#include <librdkafka/rdkafkacpp.h>

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "alerting/sink_reading.h"
#include "core/error.h"
#include "core/secrets.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kSliceMs = 50;  // how soon abandon() is noticed
constexpr const char* kContentType = "application/cloudevents+json; charset=UTF-8";
constexpr std::string_view kFile = "_file";

// Never in a configuration in clear.
const std::set<std::string> kSecretProperties{
    "sasl.password",          "ssl.key.password",    "ssl.key.pem",
    "ssl.keystore.password",  "ssl.certificate.pem", "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.config"};
// What makes the sink what it is.
const std::set<std::string> kOwnProperties{
    "bootstrap.servers",     "metadata.broker.list", "enable.idempotence",  "acks",
    "request.required.acks", "message.timeout.ms",   "delivery.timeout.ms", "sasl.kerberos.kinit.cmd",
    "plugin.library.paths"};

// An event without a line of its own names its model in `subject`: model@hash.
std::string model_of(const std::string& cloudevent) {
  const auto event = nlohmann::json::parse(cloudevent, nullptr, false);
  const std::string subject = event.is_object() ? event.value("subject", std::string{}) : std::string{};
  return subject.substr(0, subject.rfind('@'));
}

bool is_permanent(RdKafka::ErrorCode code) {
  switch (code) {
    case RdKafka::ERR_UNKNOWN_TOPIC_OR_PART:
    case RdKafka::ERR__UNKNOWN_TOPIC:
    case RdKafka::ERR_TOPIC_AUTHORIZATION_FAILED:
    case RdKafka::ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RdKafka::ERR_MSG_SIZE_TOO_LARGE:
    case RdKafka::ERR_INVALID_MSG_SIZE:
      return true;
    default:
      return false;
  }
}

class Report : public RdKafka::DeliveryReportCb {
 public:
  void dr_cb(RdKafka::Message& message) override {
    done = true;
    code = message.err();
  }
  bool done = false;
  RdKafka::ErrorCode code = RdKafka::ERR_NO_ERROR;
};

// What the library would write to stderr; the newest says why there is no connection.
class Happened : public RdKafka::EventCb {
 public:
  void event_cb(RdKafka::Event& event) override {
    if (event.type() == RdKafka::Event::EVENT_ERROR) last = event.str();
  }
  std::string last;
};

// Sets one property; what is wrong with it, without its value, or empty.
std::string set_property(RdKafka::Conf& conf, const std::string& name, const std::string& value) {
  std::string error;
  switch (conf.set(name, value, error)) {
    case RdKafka::Conf::CONF_OK:
      return {};
    case RdKafka::Conf::CONF_UNKNOWN:
      return "no property of librdkafka";
    default:
      return "a value that librdkafka does not take";
  }
}

class KafkaSink : public WaitingSink {
 public:
  explicit KafkaSink(const SinkSettings& settings)
      : name_(settings.name),
        brokers_(settings.text("brokers")),
        topic_(settings.text("topic")),
        timeout_ms_(settings.number("timeout_ms")),
        properties_(settings.maps.at("properties")) {}

  std::string name() const override { return name_; }
  void abandon() override { abandoned_ = true; }
  RenderedRequest render(const OutgoingAction& action) const override {
    return {name_, "KAFKA", topic_, kContentType, action.cloudevent};
  }

  Answer send(const OutgoingAction& action, const Begin& begin) override {
    const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms_);
    open();
    Answer answer = deliver(action, begin, deadline);
    // What is still on its way in this producer must not arrive behind the next attempt's back.
    if (answer.delivery != Delivery::delivered) close();
    answer.reason = shown(without_secrets(answer.reason, secrets_), 200);
    return answer;
  }

 private:
  void open() {
    std::vector<std::string> secrets;
    NamedTexts values;
    for (const auto& [name, value] : properties_) {
      if (!name.ends_with(kFile)) {
        values.emplace_back(name, value);
        continue;
      }
      secrets.push_back(read_secret(value, false));
      values.emplace_back(name.substr(0, name.size() - kFile.size()), secrets.back());
    }
    if (producer_ && secrets == secrets_) return;
    close();
    secrets_ = secrets;
    const std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
    const NamedTexts own = {{"bootstrap.servers", brokers_},
                            {"enable.idempotence", "true"},
                            {"acks", "all"},
                            {"message.timeout.ms", std::to_string(timeout_ms_)},
                            {"linger.ms", "0"},
                            {"log_level", "0"}};
    for (const NamedTexts* some : {&own, &std::as_const(values)}) {
      for (const auto& [name, value] : *some) {
        if (const std::string problem = set_property(*conf, name, value); !problem.empty()) {
          throw Error("sink " + shown(name_) + ", property '" + name + "'", problem);
        }
      }
    }
    std::string error;
    conf->set("dr_cb", static_cast<RdKafka::DeliveryReportCb*>(&report_), error);
    conf->set("event_cb", static_cast<RdKafka::EventCb*>(&happened_), error);
    producer_.reset(RdKafka::Producer::create(conf.get(), error));
    if (!producer_) throw Error("sink " + shown(name_), without_secrets(error, secrets_));
    handle_.reset(RdKafka::Topic::create(producer_.get(), topic_, nullptr, error));
    if (!handle_) throw Error("sink " + shown(name_) + ", topic '" + shown(topic_) + "'", error);
  }

  void close() {
    if (producer_) (void)producer_->purge(RdKafka::Producer::PURGE_QUEUE | RdKafka::Producer::PURGE_INFLIGHT);
    handle_.reset();
    producer_.reset();
  }

  Answer failed(RdKafka::ErrorCode code, const std::string& what) const {
    const std::string cause = happened_.last.empty() ? "" : " (" + happened_.last + ")";
    return {is_permanent(code) ? Delivery::refused : Delivery::retry, what + ": " + RdKafka::err2str(code) + cause};
  }

  // A connection, and what the topic is: before anything of the action can leave. nullopt: it may.
  std::optional<Answer> not_ready(Clock::time_point deadline) {
    happened_.last.clear();
    RdKafka::ErrorCode code = RdKafka::ERR__TRANSPORT;
    while (!abandoned_ && Clock::now() < deadline) {
      RdKafka::Metadata* found = nullptr;
      code = producer_->metadata(false, handle_.get(), &found, 4 * kSliceMs);
      const std::unique_ptr<RdKafka::Metadata> metadata(found);
      producer_->poll(0);
      if (code != RdKafka::ERR_NO_ERROR) continue;
      const auto* topics = metadata->topics();
      code = topics->empty() ? RdKafka::ERR__UNKNOWN_TOPIC : topics->front()->err();
      if (code == RdKafka::ERR_NO_ERROR) return std::nullopt;
      if (is_permanent(code)) break;
    }
    if (abandoned_) return Answer{Delivery::retry, "abandoned: vigil is ending"};
    return failed(code, "topic " + topic_ + " at " + brokers_);
  }

  Answer deliver(const OutgoingAction& action, const Begin& begin, Clock::time_point deadline) {
    if (auto answer = not_ready(deadline)) return *answer;
    if (!begin()) return {};
    report_.done = false;
    const std::string key = model_of(action.cloudevent);
    std::unique_ptr<RdKafka::Headers> headers(RdKafka::Headers::create());
    headers->add("content-type", std::string(kContentType));
    const RdKafka::ErrorCode code =
        producer_->produce(topic_, RdKafka::Topic::PARTITION_UA, RdKafka::Producer::RK_MSG_COPY,
                           const_cast<char*>(action.cloudevent.data()), action.cloudevent.size(), key.data(),
                           key.size(), 0, headers.get(), nullptr);
    if (code != RdKafka::ERR_NO_ERROR) return failed(code, "not taken");
    (void)headers.release();  // the message's now
    // The library's own time-out reports a little after its time.
    const auto last = deadline + std::chrono::seconds(2);
    while (!report_.done && !abandoned_ && Clock::now() < last) producer_->poll(kSliceMs);
    if (!report_.done) return {Delivery::maybe_done, abandoned_ ? "abandoned: vigil is ending" : "no delivery report"};
    if (report_.code == RdKafka::ERR_NO_ERROR) return {Delivery::delivered, {}};
    return failed(report_.code, "not delivered");
  }

  std::string name_, brokers_, topic_;
  std::int64_t timeout_ms_;
  NamedTexts properties_;
  std::atomic<bool> abandoned_ = false;
  std::vector<std::string> secrets_;
  Report report_;
  Happened happened_;
  std::unique_ptr<RdKafka::Producer> producer_;  // after what it calls back
  std::unique_ptr<RdKafka::Topic> handle_;
};

}  // namespace

void check_producer_properties(const SinkSettings& settings, const SinkKey& key) {
  const std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
  for (const auto& [given, value] : settings.maps.at(key.name)) {
    const bool from_file = given.ends_with(kFile);
    const std::string name = from_file ? given.substr(0, given.size() - kFile.size()) : given;
    const std::string what = std::string("key '") + key.name + "', '" + shown(given) + "'";
    if (kOwnProperties.contains(name)) {
      throw Error(settings.place(key.name), what, "properties that vigil does not set itself");
    }
    if (!from_file && kSecretProperties.contains(name)) {
      throw Error(settings.place(key.name), what + ": a secret in clear", name + "_file, the path of its file");
    }
    const std::string content = from_file ? read_secret(value, false) : value;
    if (const std::string problem = set_property(*conf, name, content); !problem.empty()) {
      throw Error(settings.place(key.name), what + ": " + problem, "properties of librdkafka");
    }
  }
}

std::unique_ptr<Sink> make_kafka_sink(const SinkSettings& settings) { return std::make_unique<KafkaSink>(settings); }

}  // namespace vigil::alerting
