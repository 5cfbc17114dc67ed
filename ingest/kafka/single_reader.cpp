#include "ingest/kafka/single_reader.h"

#include <librdkafka/rdkafka.h>

#include <utility>

#include "ingest/kafka/client.h"

namespace vigil::ingest::kafka {

SingleReader::SingleReader(const Settings& settings, std::string topic, Log log)
    : settings_(settings), topic_(std::move(topic)), log_(std::move(log)) {}

SingleReader::~SingleReader() {
  stop();
  if (handle_) rd_kafka_topic_destroy(handle_);
}

void SingleReader::start(std::int32_t partition, std::int64_t offset) {
  if (!client_) {
    // Little is fetched ahead: who asks for one message mostly wants no more.
    const Properties little{
        {"fetch.wait.max.ms", "100"}, {"fetch.message.max.bytes", "65536"}, {"queued.min.messages", "1"}};
    client_ = std::make_unique<Client>(settings_, Kind::consumer, little, log_);
    handle_ = rd_kafka_topic_new(client_->rk(), topic_.c_str(), nullptr);
  }
  stop();
  if (rd_kafka_consume_start(handle_, partition, offset) == 0) partition_ = partition;
  next_ = offset;
}

void SingleReader::stop() {
  if (partition_ >= 0) rd_kafka_consume_stop(handle_, partition_);
  partition_ = -1;
}

Asked<Message> SingleReader::read(std::int32_t partition, std::int64_t offset, std::chrono::milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  if (partition != partition_ || offset != next_) start(partition, offset);
  Asked<Message> asked;
  asked.why = "no answer";
  for (;;) {
    rd_kafka_poll(client_->rk(), 0);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) break;
    rd_kafka_message_t* message =
        rd_kafka_consume(handle_, partition, static_cast<int>(std::min<std::int64_t>(left, 500)));
    if (!message) continue;
    const std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)> owned(message,
                                                                                         rd_kafka_message_destroy);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      asked.answered = true;
      asked.why.clear();
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset == offset) {
        asked.value = to_message(*message);
        next_ = offset + 1;
        return asked;
      }
      break;  // what comes next lies behind it
    }
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {  // before the first kept, or beyond the end
      asked.answered = true;
      asked.why.clear();
      break;
    }
    asked.refused = is_missing_right(message->err);
    asked.why =
        asked.refused ? missing_right(settings_, "topic '" + topic_ + "'", "Read") : rd_kafka_message_errstr(message);
    if (asked.refused) break;
  }
  stop();  // the place is not what the next one counts on
  return asked;
}

}  // namespace vigil::ingest::kafka
