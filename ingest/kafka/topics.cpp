#include "ingest/kafka/topics.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>
#include <thread>

#include "core/error.h"
#include "ingest/kafka/client.h"

namespace vigil::ingest::kafka {
namespace {

constexpr int kSliceMs = 500;                        // how soon a stop is noticed
constexpr const char* kTopicMostBytes = "68157440";  // 64 MiB and the headers of a frame

using TopicHandle = std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)>;

std::string named(const std::string& topic) { return "topic '" + topic + "'"; }

// One start: how long, and what is said while it lasts.
class Opening {
 public:
  Opening(const Settings& settings, const std::atomic<bool>& stop, std::optional<std::chrono::seconds> patience,
          const Log& log)
      : settings_(settings),
        stop_(stop),
        log_(log),
        client_(settings, Kind::consumer, {{"fetch.wait.max.ms", "100"}}, {}) {
    if (patience) end_ = Clock::now() + *patience;
  }

  bool open(const std::vector<Need>& needs) {
    for (const Need& need : needs) {
      const auto found = partitions(need);
      if (!found) return false;
      if (*found == 0) continue;  // missing, and may be
      if (need.exactly_partitions > 0 && *found != need.exactly_partitions) {
        throw Error(place(settings_), named(need.topic) + " has " + std::to_string(*found) + " partitions",
                    std::to_string(need.exactly_partitions));
      }
      if (need.what == Need::What::read && !try_read(need.topic)) return false;
    }
    if (has_waited_ && log_) log_("kafka: " + place(settings_) + " answers");
    return true;
  }

 private:
  // False: stopped, or no patience left. Throws where no waiting helps.
  bool may_wait(const std::string& why) {
    const auto trouble = client_.trouble();
    if (is_refused_connection(trouble)) throw_refused_connection(settings_, *trouble);
    const std::string reason = trouble ? trouble->text : why;
    const bool is_said = !may_be_refused(trouble) && (!has_waited_ || reason != said_);
    if (log_ && Clock::now() - begin_ > std::chrono::seconds(1) && is_said) {
      log_("kafka: waiting for " + place(settings_) + ": " + escaped(reason));
      has_waited_ = true;
      said_ = reason;
    }
    return !stop_ && (!end_ || Clock::now() < *end_);
  }

  // Their number; 0: the topic is missing, and may be.
  std::optional<std::uint32_t> partitions(const Need& need) {
    const TopicHandle topic(rd_kafka_topic_new(client_.rk(), need.topic.c_str(), nullptr), rd_kafka_topic_destroy);
    for (bool was_made = false;;) {
      const rd_kafka_metadata_t* found = nullptr;
      rd_kafka_resp_err_t code = rd_kafka_metadata(client_.rk(), 0, topic.get(), &found, kSliceMs);
      const std::unique_ptr<const rd_kafka_metadata_t, decltype(&rd_kafka_metadata_destroy)> owned(
          found, rd_kafka_metadata_destroy);
      rd_kafka_poll(client_.rk(), 0);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        client_.answered();
        code = found->topic_cnt == 1 ? found->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return static_cast<std::uint32_t>(found->topics[0].partition_cnt);
        if (is_missing_right(code)) throw_missing_right(settings_, named(need.topic), "Describe");
        if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART && !was_made) {
          if (need.may_be_missing) return 0;
          was_made = make(need);
          if (!was_made && code != RD_KAFKA_RESP_ERR_NO_ERROR && !may_wait("no answer")) return std::nullopt;
          continue;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));  // answers come at once
      }
      if (!may_wait(error_text(code))) return std::nullopt;
    }
  }

  // False: no answer now.
  bool make(const Need& need) {
    if (settings_.create_partitions == 0) {
      throw Error(place(settings_), named(need.topic) + " is not there",
                  "a topic that exists, or kafka.create_partitions above 0");
    }
    const bool is_frames = need.topic == settings_.prefix + ".frames";
    const int partitions = static_cast<int>(is_frames ? settings_.create_partitions : 1);
    std::array<char, 512> error{};
    rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(
        need.topic.c_str(), partitions, static_cast<int>(settings_.replication), error.data(), error.size());
    if (!topic) throw Error(place(settings_), named(need.topic) + " cannot be created: " + error.data());
    rd_kafka_NewTopic_set_config(topic, "max.message.bytes", kTopicMostBytes);
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client_.rk());
    rd_kafka_CreateTopics(client_.rk(), &topic, 1, nullptr, queue);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 5000);
    rd_kafka_resp_err_t code = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    std::string said;
    std::size_t count = 0;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
      code = rd_kafka_topic_result_error(results[0]);
      if (const char* text = rd_kafka_topic_result_error_string(results[0])) said = text;
    }
    if (event) rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
    if (is_missing_right(code)) throw_missing_right(settings_, named(need.topic), "Create");
    if (count > 0 && code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      throw Error(place(settings_),
                  named(need.topic) + " cannot be created: " + (said.empty() ? error_text(code) : said));
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && log_) {
      log_("kafka: " + named(need.topic) + " created, partitions: " + std::to_string(partitions));
    }
    return count > 0;
  }

  // A right shows in use: its end is read, until the broker answers.
  bool try_read(const std::string& name) {
    const TopicHandle topic(rd_kafka_topic_new(client_.rk(), name.c_str(), nullptr), rd_kafka_topic_destroy);
    rd_kafka_consume_start(topic.get(), 0, RD_KAFKA_OFFSET_END);
    std::optional<rd_kafka_resp_err_t> answer;
    bool goes_on = true;
    while (goes_on && !answer) {
      rd_kafka_message_t* message = rd_kafka_consume(topic.get(), 0, kSliceMs);
      rd_kafka_poll(client_.rk(), 0);
      if (message) {
        const bool is_answer = message->err == RD_KAFKA_RESP_ERR_NO_ERROR ||
                               message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF || is_missing_right(message->err);
        if (is_answer) answer = message->err;
        rd_kafka_message_destroy(message);
      }
      if (!answer) goes_on = may_wait("partition 0 of " + named(name) + " does not answer");
    }
    rd_kafka_consume_stop(topic.get(), 0);
    if (answer && is_missing_right(*answer)) throw_missing_right(settings_, named(name), "Read");
    return goes_on;
  }

  const Settings& settings_;
  const std::atomic<bool>& stop_;
  const Log& log_;
  Client client_;
  const Clock::time_point begin_ = Clock::now();
  std::optional<Clock::time_point> end_;
  bool has_waited_ = false;
  std::string said_;
};

}  // namespace

bool open_topics(const Settings& settings, const std::vector<Need>& needs, const std::atomic<bool>& stop,
                 std::optional<std::chrono::seconds> patience, const Log& log) {
  return Opening(settings, stop, patience, log).open(needs);
}

}  // namespace vigil::ingest::kafka
