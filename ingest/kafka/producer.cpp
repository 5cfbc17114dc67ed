#include "ingest/kafka/producer.h"

#include <librdkafka/rdkafka.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "core/error.h"
#include "ingest/kafka/answers.h"
#include "ingest/kafka/transaction_call.h"

namespace vigil::ingest::kafka {

// Asks for numbers of partitions in a thread of its own, so that a broker that is away holds nobody up.
class PartitionCounts {
 public:
  explicit PartitionCounts(const Settings& settings) : settings_(settings) {}
  ~PartitionCounts() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  PartitionCounts(const PartitionCounts&) = delete;
  PartitionCounts& operator=(const PartitionCounts&) = delete;

  std::optional<std::int32_t> of(const std::string& topic) {
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    const auto [at, is_new] = counts_.try_emplace(topic);
    if (is_new) wake_.notify_all();
    return at->second;
  }

 private:
  void run() {
    // A consumer's questions create no topic; a producer's would, where the brokers allow it.
    std::unique_ptr<Client> client;
    std::unique_lock lock(mutex_);
    while (!is_over_) {
      bool is_known = true;
      for (auto& [topic, count] : counts_) {
        const std::string name = topic;
        lock.unlock();
        std::optional<std::vector<std::int32_t>> found;
        try {
          if (!client) client = std::make_unique<Client>(settings_, Kind::consumer, Properties{}, Log{});
          found = ask_partitions(*client, name, std::chrono::seconds(1));
          rd_kafka_poll(client->rk(), 0);
        } catch (const Error&) {
          // A file of a secret that is being replaced: the producer itself says so.
        }
        lock.lock();
        if (found) count = static_cast<std::int32_t>(found->size());
        is_known = is_known && count.has_value();
        if (is_over_) return;
      }
      wake_.wait_for(lock, is_known ? std::chrono::seconds(10) : std::chrono::milliseconds(200));
    }
  }

  Settings settings_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::optional<std::int32_t>> counts_;
  bool is_over_ = false;
  std::thread thread_;
};

struct Producer::State {
  // A message that is to be sent again.
  struct Parked {
    std::string topic;
    Message message;
    std::uint64_t token = 0;
  };
  struct Told {
    std::uint64_t token = 0;
    bool delivered = false;
    std::string why;
  };

  State(const Settings& given, Report to, Log log_to, std::uint32_t mb)
      : settings(given), report(std::move(to)), log(sparing(std::move(log_to))), queue_mb(mb), counts(given) {
    make();
  }

  void make() {
    const Properties own{{"enable.idempotence", "true"},
                         {"acks", "all"},
                         {"message.timeout.ms", "0"},
                         {"queue.buffering.max.messages", "0"},
                         {"queue.buffering.max.kbytes", std::to_string(std::uint64_t{queue_mb} * 1024)}};
    Hooks hooks;
    hooks.delivered = [this](const rd_kafka_message_t& message) { delivered(message); };
    client = std::make_unique<Client>(settings, Kind::producer, own, log, std::move(hooks));
  }

  static std::uint64_t token_of(const rd_kafka_message_t& message) {
    return reinterpret_cast<std::uintptr_t>(message._private);
  }

  void delivered(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      refusal.clear();
      refusal_code = RD_KAFKA_RESP_ERR_NO_ERROR;
      was_served = true;
      told.push_back({token_of(message), true, {}});
    } else if (is_refused_for_good(message.err)) {
      told.push_back({token_of(message), false, error_text(message.err)});
    } else {
      refuse(rd_kafka_topic_name(message.rkt), message.err);
      park({rd_kafka_topic_name(message.rkt), to_message(message), token_of(message)});
    }
  }

  void park(Parked message) {
    parked_bytes += bytes_of(message);
    parked.push_back(std::move(message));
  }

  static std::uint64_t bytes_of(const Parked& parked) {
    std::uint64_t bytes = parked.message.key.size() + 256;  // and what it costs to keep
    if (parked.message.value) bytes += parked.message.value->size();
    for (const auto& [name, value] : parked.message.headers) bytes += name.size() + value.size() + 64;
    return bytes;
  }

  void refuse(const std::string& topic, int code) {
    const std::string resource = "topic '" + topic + "'";
    // Of a producer that is broken for good the messages only say that they were purged.
    if (const int fatal = rd_kafka_fatal_error(client->rk(), nullptr, 0)) code = fatal;
    const bool is_cluster = code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    const std::string right = is_cluster ? "Write (before Kafka 2.8: IdempotentWrite on the cluster)" : "Write";
    const std::string now =
        is_missing_right(code) ? missing_right(settings, resource, right) : resource + ": " + error_text(code);
    refusal_code = code;
    const bool is_said = was_served || !is_missing_right(code);
    if (std::exchange(refusal, now) != now && is_said) client->say(now);
    again = Clock::now() + std::chrono::seconds(1);
  }

  // What was refused for a reason that may be gone; in a new producer where this one is broken for good.
  void send_again() {
    if (parked.empty() || Clock::now() < again) return;
    if (rd_kafka_fatal_error(client->rk(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (rd_kafka_outq_len(client->rk()) > 0) return;  // the rest comes back too
      try {
        client.reset();
        make();
      } catch (const Error& error) {
        if (log) log("kafka: " + std::string(error.what()));
        again = Clock::now() + std::chrono::seconds(1);
        return;
      }
    }
    while (!parked.empty()) {
      const Parked& first = parked.front();
      const Message& message = first.message;
      const int code = produce(client->rk(), first.topic, message.partition, message.key, message.value,
                               message.headers, reinterpret_cast<void*>(static_cast<std::uintptr_t>(first.token)));
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) refuse(first.topic, code);
        return;
      }
      parked_bytes -= bytes_of(first);
      parked.pop_front();
    }
  }

  void tell() {
    while (!told.empty()) {
      const Told first = std::move(told.front());
      told.pop_front();
      --waiting;
      if (report) report(first.token, first.delivered, first.why);
    }
  }

  void serve(std::chrono::milliseconds timeout) {
    if (client) rd_kafka_poll(client->rk(), static_cast<int>(timeout.count()));
    send_again();
    tell();
  }

  Settings settings;
  Report report;
  Log log;
  std::uint32_t queue_mb;
  PartitionCounts counts;
  std::string refusal;
  int refusal_code = 0;
  bool was_served = false;  // something was delivered, ever
  Clock::time_point again;
  std::uint64_t waiting = 0;
  std::uint64_t parked_bytes = 0;
  std::deque<Parked> parked;
  std::deque<Told> told;  // to be reported
  std::unique_ptr<Client> client;
};

Producer::Producer(const Settings& settings, Report report, Log log, std::uint32_t queue_mb)
    : state_(std::make_unique<State>(settings, std::move(report), std::move(log), queue_mb)) {}

Producer::~Producer() = default;

bool Producer::send(const std::string& topic, std::int32_t partition, const std::string& key,
                    const std::optional<std::string>& value, const Headers& headers, std::uint64_t token) {
  State& my = *state_;
  if (my.parked_bytes >= std::uint64_t{my.queue_mb} << 20) return false;
  const int code = produce(my.client->rk(), topic, partition, key, value, headers,
                           reinterpret_cast<void*>(static_cast<std::uintptr_t>(token)));
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  ++my.waiting;
  if (is_refused_for_good(code)) {
    my.told.push_back({token, false, error_text(code)});
  } else if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    my.refuse(topic, code);
    my.park({topic, {partition, 0, key, value, headers}, token});
  }
  return true;
}

void Producer::poll(std::chrono::milliseconds timeout) { state_->serve(timeout); }

std::uint64_t Producer::waiting() const { return state_->waiting; }

bool Producer::flush(std::chrono::milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  do {
    state_->serve(std::chrono::milliseconds(20));
  } while (state_->waiting > 0 && Clock::now() < end);
  return state_->waiting == 0;
}

std::optional<std::int32_t> Producer::partitions(const std::string& topic) { return state_->counts.of(topic); }

std::string Producer::refusal() const { return state_->refusal; }

bool Producer::lacks_right() const { return is_missing_right(state_->refusal_code); }

}  // namespace vigil::ingest::kafka
