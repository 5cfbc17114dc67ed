#include "ingest/kafka/transaction_call.h"

#include <librdkafka/rdkafka.h>

#include <cstdlib>
#include <cstring>

namespace vigil::ingest::kafka {

bool Called::is_fenced() const {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

bool Called::is_no_member() const {
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID || code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
         code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

Called call(const Client& client, std::chrono::milliseconds bound, std::function<rd_kafka_error_s*(rd_kafka_s*)> made) {
  auto result = std::make_shared<Called>();
  const bool returned = within(bound, [handle = client.handle(), result, made = std::move(made)] {
    rd_kafka_error_t* error = made(handle->rk);
    if (!error) return;
    result->code = rd_kafka_error_code(error);
    result->text = rd_kafka_error_string(error);
    result->is_fatal = rd_kafka_error_is_fatal(error) != 0;
    result->is_retriable = rd_kafka_error_is_retriable(error) != 0;
    result->needs_abort = rd_kafka_error_txn_requires_abort(error) != 0;
    rd_kafka_error_destroy(error);
  });
  Called called;
  if (!returned) {
    called.code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    called.text = "a call did not return";
    return called;
  }
  called = *result;
  called.returned = true;
  return called;
}

void Refusal::note(int code) {
  const std::lock_guard lock(mutex_);
  ++reports_;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) ++delivered_;
  const bool is_purged = code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
  if (code_ == 0 && !is_purged) code_ = code;
}

void Refusal::clear() {
  const std::lock_guard lock(mutex_);
  code_ = reports_ = delivered_ = 0;
}

int Refusal::code() const {
  const std::lock_guard lock(mutex_);
  return code_;
}

bool Refusal::is_any() const {
  const std::lock_guard lock(mutex_);
  return reports_ > 0;
}

bool Refusal::is_delivered() const {
  const std::lock_guard lock(mutex_);
  return delivered_ > 0 && code_ == 0;
}

bool Refusal::is_permanent() const { return is_refused_for_good(code()); }

bool is_refused_for_good(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
      return true;
    default:
      return false;
  }
}

int produce(rd_kafka_s* rk, const std::string& topic, std::int32_t partition, const std::string& key,
            const std::optional<std::string>& value, const Headers& headers, void* opaque) {
  rd_kafka_headers_t* list = rd_kafka_headers_new(headers.size());
  for (const auto& [name, content] : headers) {
    rd_kafka_header_add(list, name.data(), static_cast<ssize_t>(name.size()), content.data(),
                        static_cast<ssize_t>(content.size()));
  }
  const void* bytes = value ? value->data() : nullptr;
  const std::size_t size = value ? value->size() : 0;
  const rd_kafka_resp_err_t code = rd_kafka_producev(
      rk, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_VALUE(const_cast<void*>(bytes), size),
      RD_KAFKA_V_HEADERS(list), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(list);
  return code;
}

void put_offset(rd_kafka_topic_partition_list_s& list, const std::string& topic, std::int32_t partition,
                std::int64_t offset, const std::string& metadata) {
  rd_kafka_topic_partition_t* place = rd_kafka_topic_partition_list_add(&list, topic.c_str(), partition);
  place->offset = offset;
  if (metadata.empty()) return;
  place->metadata = std::malloc(metadata.size());  // the list frees it
  std::memcpy(place->metadata, metadata.data(), metadata.size());
  place->metadata_size = metadata.size();
}

}  // namespace vigil::ingest::kafka
