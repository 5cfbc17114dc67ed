#include "ingest/kafka/group_reader.h"

#include <librdkafka/rdkafka.h>

#include <utility>

#include "ingest/kafka/group_state.h"

namespace vigil::ingest::kafka {

GroupReader::GroupReader(const Settings& settings, const std::string& group, const std::string& topic,
                         const std::string& start, Callbacks callbacks, Log log)
    : state_(std::make_unique<State>()) {
  state_->settings = settings;
  state_->group = group;
  state_->topic = topic;
  state_->is_latest = start == "latest";
  state_->callbacks = std::move(callbacks);
  state_->log = std::move(log);
  state_->join();
}

GroupReader::~GroupReader() { state_->leave(); }

std::optional<Message> GroupReader::poll(std::chrono::milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  if (std::exchange(state_->given_up, false)) state_->give_up(true);
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (state_->is_to_place()) state_->place(std::chrono::milliseconds(std::clamp<std::int64_t>(left, 50, 1000)));
    const int wait = static_cast<int>(std::clamp<std::int64_t>(left, 0, state_->is_placed ? 500 : 50));
    rd_kafka_message_t* message = rd_kafka_consumer_poll(state_->client->rk(), wait);
    if (!message) {
      if (left <= wait) return std::nullopt;
      continue;
    }
    const std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)> owned(message,
                                                                                         rd_kafka_message_destroy);
    if (auto taken = state_->take(*message)) return taken;
  }
}

const std::map<std::int32_t, std::int64_t>& GroupReader::reached() const { return state_->reached; }

std::vector<Removed> GroupReader::take_removed() { return std::exchange(state_->removed, {}); }

void GroupReader::seek_to_committed() {
  // Nothing of before is yielded while the committed offsets are asked for.
  state_->reached.clear();
  state_->stuck.clear();
  state_->is_placed = state_->mine.empty();
  if (!state_->is_placed) state_->assign({});
}

void GroupReader::rejoin() {
  state_->leave();
  state_->given_up = true;
  state_->join();
}

bool GroupReader::commit(const std::map<std::int32_t, std::int64_t>& offsets, std::chrono::milliseconds timeout) {
  return state_->commit(offsets, timeout);
}

void GroupReader::close(std::chrono::milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  rd_kafka_t* rk = state_->client ? state_->client->rk() : nullptr;
  if (!rk) return;
  if (std::exchange(state_->given_up, false)) state_->give_up(true);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(rk);
  rd_kafka_error_t* error = rd_kafka_consumer_close_queue(rk, queue);
  if (error) rd_kafka_error_destroy(error);
  while (!rd_kafka_consumer_closed(rk) && Clock::now() < end) {
    if (rd_kafka_message_t* message = rd_kafka_consumer_poll(rk, 100)) rd_kafka_message_destroy(message);
  }
  rd_kafka_queue_destroy(queue);
  state_->is_closed = true;
  state_->leave();
}

}  // namespace vigil::ingest::kafka
