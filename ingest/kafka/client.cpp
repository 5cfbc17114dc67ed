#include "ingest/kafka/client.h"

#include <arpa/inet.h>
#include <librdkafka/rdkafka.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <future>
#include <thread>

#include "core/error.h"
#include "core/secrets.h"

namespace vigil::ingest::kafka {
namespace {

// Before the settings: what may be chosen otherwise.
const Properties kDefaults{
    {"client.id", "vigil"},
    {"socket.keepalive.enable", "true"},
    {"reconnect.backoff.max.ms", "2000"},             // a broker that is back is noticed soon
    {"topic.metadata.refresh.interval.ms", "10000"},  // so are partitions that were added
};
const Properties kConsumerDefaults{{"check.crcs", "true"}, {"session.timeout.ms", "10000"}};
// Frames of 64 MiB, with their headers.
const Properties kProducerDefaults{{"message.max.bytes", "68157440"}};
// After them: the law rests on these.
const Properties kAlways{{"enable.ssl.certificate.verification", "true"},
                         {"ssl.endpoint.identification.algorithm", "https"}};
const Properties kConsumerAlways{{"isolation.level", "read_committed"}, {"enable.auto.commit", "false"},
                                 {"enable.auto.offset.store", "false"}, {"enable.partition.eof", "true"},
                                 {"auto.offset.reset", "error"},        {"allow.auto.create.topics", "false"}};

// librdkafka says the same with other numbers each time: "[thrd:...]: TEXT (after 3ms in state CONNECT)".
std::string essence(std::string_view text) {
  if (text.starts_with("[thrd:")) {
    const std::size_t end = text.find("]: ");
    if (end != std::string_view::npos) text.remove_prefix(end + 3);
  }
  return std::string(text.substr(0, text.find(" (after ")));
}

// What librdkafka says about a right that is missing, and about what comes of it.
bool is_about_rights(std::string_view text) {
  return text.find("uthorization failed") != std::string_view::npos ||
         text.find("invalid state") != std::string_view::npos;
}

Handle* handle_of(const rd_kafka_t* rk) { return static_cast<Handle*>(rd_kafka_opaque(rk)); }

void on_log(const rd_kafka_t* rk, int level, const char* facility, const char* text) {
  constexpr int warning = 4;
  // Properties of the other kind of client are no news: one set of properties serves both.
  const Handle* handle = handle_of(rk);
  if (!handle || std::string_view(facility) == "CONFWARN") return;
  if (handle->is_asking_rights && is_about_rights(text)) return;
  if (level <= warning || handle->is_debugging) handle->say(essence(text));
}

void on_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;  // why each is down was said before
  auto* handle = static_cast<Handle*>(opaque);
  const std::string text = essence(reason);
  // A peer that answers in another language is a lost connection now and then.
  if (code == RD_KAFKA_RESP_ERR__TRANSPORT && text.find("SSL routines") != std::string::npos) {
    code = RD_KAFKA_RESP_ERR__SSL;
  }
  {
    const std::lock_guard lock(handle->mutex);
    const bool goes_on = handle->trouble && handle->trouble->code == code;
    handle->trouble =
        Trouble{code, without_secrets(text, handle->secrets), goes_on ? handle->trouble->since : Clock::now()};
  }
  if (!handle->is_asking_rights || !is_about_rights(text)) handle->say(text);
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  const auto* handle = static_cast<Handle*>(opaque);
  if (!handle->is_left && handle->hooks.delivered) handle->hooks.delivered(*message);
}

void on_rebalance(rd_kafka_t* rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  const auto* handle = static_cast<Handle*>(opaque);
  if (!handle->is_left && handle->hooks.rebalanced) {
    handle->hooks.rebalanced(code, partitions);
  } else {
    rd_kafka_assign(rk, nullptr);
  }
}

// A name, or what a broker advertises, may lead elsewhere than the settings look: no secret leaves in clear for it.
int connect_on_loopback(int socket, const struct sockaddr* address, int length, const char*, void*) {
  bool is_loopback = false;
  if (address->sa_family == AF_INET) {
    is_loopback = (ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr) >> 24) == 127;
  } else if (address->sa_family == AF_INET6) {
    is_loopback = IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr) != 0;
  }
  if (!is_loopback) return EACCES;
  if (::connect(socket, address, static_cast<socklen_t>(length)) == 0 || errno == EINPROGRESS) return 0;
  return errno;
}

using Conf = std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)>;

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> error{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) != RD_KAFKA_CONF_OK) {
    throw Error("kafka.properties", "'" + name + "': a value that librdkafka does not take");
  }
}

}  // namespace

void Handle::say(const std::string& text) const {
  const std::lock_guard lock(mutex);
  if (log) log("kafka: " + escaped(without_secrets(text, secrets)));
}

Handle::~Handle() {
  for (const auto& [name, topic] : topics) rd_kafka_topic_destroy(topic);
  // Consumers have left their group before; otherwise there is nobody to tell.
  if (rk) rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Client::Client(const Settings& settings, Kind kind, const Properties& own, Log log, Hooks hooks, bool with_brokers)
    : handle_(std::make_shared<Handle>()) {
  const bool is_producer = kind == Kind::producer;
  const Properties given = read_properties(settings, handle_->secrets), none;
  handle_->hooks = std::move(hooks);
  handle_->log = sparing(std::move(log));
  handle_->is_debugging = !property(given, "debug").empty();
  handle_->is_loopback_only = is_secret_in_clear(given);

  Conf conf(rd_kafka_conf_new(), rd_kafka_conf_destroy);
  for (const Properties* some : {&kDefaults, is_producer ? &kProducerDefaults : &kConsumerDefaults, &given, &kAlways,
                                 is_producer ? &none : &kConsumerAlways, &own}) {
    for (const auto& [name, value] : *some) set(conf.get(), name, value);
  }
  if (with_brokers) set(conf.get(), "bootstrap.servers", settings.brokers);
  rd_kafka_conf_set_opaque(conf.get(), handle_.get());
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  if (is_producer) rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
  if (handle_->hooks.rebalanced) rd_kafka_conf_set_rebalance_cb(conf.get(), on_rebalance);
  if (handle_->is_loopback_only) rd_kafka_conf_set_connect_cb(conf.get(), connect_on_loopback);

  std::array<char, 512> error{};
  handle_->rk =
      rd_kafka_new(is_producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf.get(), error.data(), error.size());
  if (!handle_->rk) throw Error("kafka.properties", without_secrets(error.data(), handle_->secrets));
  (void)conf.release();  // the client's now
}

Client::~Client() {
  handle_->is_left = true;
  {
    const std::lock_guard lock(handle_->mutex);
    handle_->log = {};
  }
  (void)within(std::chrono::seconds(3), [handle = std::move(handle_)]() mutable { handle.reset(); });
}

std::optional<Trouble> Client::trouble() const {
  const std::lock_guard lock(handle_->mutex);
  return handle_->trouble;
}

void Client::answered() {
  const std::lock_guard lock(handle_->mutex);
  handle_->trouble.reset();
}

void Client::know(const std::string& topic, std::chrono::milliseconds timeout) {
  const auto [at, is_new] = handle_->topics.try_emplace(topic, nullptr);
  if (!is_new) return;
  at->second = rd_kafka_topic_new(rk(), topic.c_str(), nullptr);
  const rd_kafka_metadata_t* found = nullptr;
  (void)rd_kafka_metadata(rk(), 0, at->second, &found, static_cast<int>(timeout.count()));
  if (found) rd_kafka_metadata_destroy(found);
}

bool within(std::chrono::milliseconds bound, std::function<void()> call) {
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  std::thread([call = std::move(call), done]() mutable {
    call();
    call = {};  // what it owns ends here, before anyone goes on
    done->set_value();
  }).detach();
  return future.wait_for(bound) == std::future_status::ready;
}

Message to_message(const rd_kafka_message_s& from) {
  Message message;
  message.partition = from.partition;
  message.offset = from.offset;
  if (from.key) message.key.assign(static_cast<const char*>(from.key), from.key_len);
  if (from.payload) message.value.emplace(static_cast<const char*>(from.payload), from.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&from, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return message;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t at = 0; rd_kafka_header_get_all(headers, at, &name, &value, &size) == 0; ++at) {
    message.headers.emplace_back(name, value ? std::string(static_cast<const char*>(value), size) : std::string{});
  }
  return message;
}

bool is_missing_right(int code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

bool may_be_refused(const std::optional<Trouble>& trouble) {
  return trouble && (trouble->code == RD_KAFKA_RESP_ERR__AUTHENTICATION || trouble->code == RD_KAFKA_RESP_ERR__SSL);
}

bool is_refused_connection(const std::optional<Trouble>& trouble) {
  // A broker that is just starting refuses for a moment what it takes afterwards.
  constexpr auto patience = std::chrono::seconds(3);
  return may_be_refused(trouble) && Clock::now() - trouble->since > patience;
}

std::string error_text(int code) { return rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code)); }

std::string place(const Settings& settings) { return "Kafka at " + shown(settings.brokers, 200); }

std::string missing_right(const Settings& settings, const std::string& resource, const std::string& operation) {
  const std::string user = property(settings.properties, "sasl.username");
  return resource + ": " + operation + " is not allowed for " + (user.empty() ? "this client" : "user '" + user + "'");
}

void throw_missing_right(const Settings& settings, const std::string& resource, const std::string& operation) {
  throw Error(place(settings), missing_right(settings, resource, operation), "the right (ACL) " + operation);
}

void throw_refused_connection(const Settings& settings, const Trouble& trouble) {
  const bool is_tls = trouble.code == RD_KAFKA_RESP_ERR__SSL;
  throw Error(place(settings), trouble.text,
              is_tls ? "TLS with a certificate that ssl.ca.location vouches for" : "credentials that the broker takes");
}

}  // namespace vigil::ingest::kafka
