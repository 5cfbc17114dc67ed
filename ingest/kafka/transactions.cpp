#include "ingest/kafka/transactions.h"

#include <librdkafka/rdkafka.h>

#include <thread>
#include <utility>

#include "core/error.h"
#include "ingest/kafka/group_state.h"
#include "ingest/kafka/transaction_call.h"

namespace vigil::ingest::kafka {

struct Transactions::State {
  State(const Settings& given, std::string name, Log to) : settings(given), id(std::move(name)), log(std::move(to)) {}

  // A new producer; throws Error where the settings make none.
  void make() {
    refusal = std::make_shared<Refusal>();
    Hooks hooks;
    hooks.delivered = [refused = refusal](const rd_kafka_message_s& message) { refused->note(message.err); };
    const Properties own{
        {"transactional.id", id}, {"transaction.timeout.ms", "10000"}, {"enable.idempotence", "true"}, {"acks", "all"}};
    client = std::make_unique<Client>(settings, Kind::producer, own, log, std::move(hooks));
    client->handle()->is_asking_rights = !is_checked;
    is_ready = false;
  }

  void drop() {
    client.reset();
    is_ready = is_begun = is_doomed = false;
  }

  // Sleeps up to so long; false: stopped.
  static bool pause(std::chrono::milliseconds time, const std::atomic<bool>& stop) {
    for (const auto end = Clock::now() + time; !stop && Clock::now() < end;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return !stop;
  }

  void say(const std::string& text) const {
    if (log) log("kafka: transactions of '" + id + "': " + escaped(text));
  }

  bool begin() {
    if (is_begun) return !is_doomed;
    if (!is_ready) {
      failure.said = "no producer";
      return false;
    }
    refusal->clear();
    const auto called =
        call(*client, std::chrono::seconds(5), [](rd_kafka_t* rk) { return rd_kafka_begin_transaction(rk); });
    if (called.is_ok()) {
      is_begun = true;
      return true;
    }
    failure.said = called.text;
    (void)failed(called);
    return false;
  }

  // What a failed call leaves behind: a producer that may begin anew, or none.
  Outcome failed(const Called& called) {
    failure.said = called.text;
    failure.no_member = called.is_no_member();
    failure.refused = refusal->is_permanent();
    is_begun = is_doomed = false;
    ++failures;
    if (called.is_fenced()) {
      drop();
      return Outcome::fenced;
    }
    const bool may_abort = called.returned && !called.is_fatal && called.needs_abort;
    if (!may_abort || !aborted()) drop();
    return Outcome::again;
  }

  bool aborted() {
    const auto called =
        call(*client, std::chrono::seconds(8), [](rd_kafka_t* rk) { return rd_kafka_abort_transaction(rk, 5000); });
    return called.is_ok();
  }

  Outcome commit(const std::shared_ptr<rd_kafka_consumer_group_metadata_t>& membership,
                 const std::shared_ptr<rd_kafka_topic_partition_list_t>& offsets) {
    failure = {};
    if (is_doomed) {
      Called refused;
      refused.returned = refused.needs_abort = true;
      refused.text = doom;
      return failed(refused);
    }
    if (!is_begun && offsets->cnt == 0) return Outcome::done;
    if (!begin()) return Outcome::again;
    auto called = call(*client, std::chrono::seconds(25), [membership, offsets](rd_kafka_t* rk) {
      if (offsets->cnt > 0) {
        if (auto* error = rd_kafka_send_offsets_to_transaction(rk, offsets.get(), membership.get(), 8000)) return error;
      }
      return rd_kafka_commit_transaction(rk, 10000);
    });
    if (!called.is_ok()) return failed(called);
    is_begun = false;
    failures = 0;
    return Outcome::done;
  }

  Settings settings;
  std::string id;
  Log log;
  std::unique_ptr<Client> client;
  std::shared_ptr<Refusal> refusal;
  bool is_ready = false;   // init_transactions is done
  bool is_begun = false;   // a transaction is open
  bool is_doomed = false;  // and will not commit: `doom`
  std::string doom;
  bool was_ready = false;   // once, ever
  bool is_checked = false;  // rights were asked for
  int failures = 0;         // since the last commit
  Failure failure;
};

Transactions::Transactions(const Settings& settings, std::string transactional_id, Log log)
    : state_(std::make_unique<State>(settings, std::move(transactional_id), sparing(std::move(log)))) {}

Transactions::~Transactions() { abort(); }

Transactions::Outcome Transactions::open(const std::atomic<bool>& stop) {
  State& my = *state_;
  if (my.is_ready) return Outcome::done;
  const int shift = std::min(my.failures, 5);
  if (my.failures > 0 && !State::pause(std::chrono::milliseconds(std::min(50 << shift, 2000)), stop)) {
    return Outcome::stopped;
  }
  const std::string resource = "transactional id '" + my.id + "'";
  while (!stop) {
    try {
      my.make();
    } catch (const Error& error) {
      if (!my.was_ready) throw;
      my.say(error.what());
      if (!State::pause(std::chrono::seconds(2), stop)) break;
      continue;
    }
    // In slices, so that a stop is noticed. A producer that gets nowhere for long may have lived through a broker's
    // crash: a new one works then.
    Called called;
    for (const auto end = Clock::now() + std::chrono::seconds(30); !stop && Clock::now() < end;) {
      called = call(*my.client, std::chrono::seconds(6),
                    [](rd_kafka_t* rk) { return rd_kafka_init_transactions(rk, 1000); });
      rd_kafka_poll(my.client->rk(), 0);
      if (called.is_ok()) {
        my.is_ready = my.was_ready = true;
        return Outcome::done;
      }
      const auto trouble = my.client->trouble();
      if (!my.was_ready && is_missing_right(called.code)) throw_missing_right(my.settings, resource, "Write");
      if (!my.was_ready && is_refused_connection(trouble)) throw_refused_connection(my.settings, *trouble);
      if (!called.returned || called.is_fatal || !called.is_retriable) break;
    }
    if (stop) break;
    my.failure = {};
    my.failure.said = called.text;
    my.say(is_missing_right(called.code) ? missing_right(my.settings, resource, "Write") : called.text);
    my.drop();
    if (called.is_fenced()) return Outcome::fenced;
    if (!State::pause(std::chrono::seconds(1), stop)) break;
  }
  my.drop();
  return Outcome::stopped;
}

bool Transactions::send(const std::string& topic, std::int32_t partition, const std::string& key,
                        const std::optional<std::string>& value, const Headers& headers) {
  State& my = *state_;
  if (my.is_doomed || !my.begin()) return false;
  my.client->know(topic, std::chrono::seconds(1));
  const auto end = Clock::now() + std::chrono::seconds(10);
  for (;;) {
    const int code = produce(my.client->rk(), topic, partition, key, value, headers, nullptr);
    rd_kafka_poll(my.client->rk(), code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 50 : 0);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && Clock::now() < end) continue;
    my.refusal->note(code);
    my.is_doomed = true;
    my.doom = "topic '" + topic + "': " + error_text(code);
    return false;
  }
}

Transactions::Outcome Transactions::commit(const GroupReader& reader,
                                           const std::map<std::int32_t, std::int64_t>& offsets) {
  const std::shared_ptr<rd_kafka_topic_partition_list_t> list(
      rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())), rd_kafka_topic_partition_list_destroy);
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), reader.state_->topic.c_str(), partition)->offset = offset;
  }
  if (!reader.state_->membership && list->cnt > 0) {
    abort();
    ++state_->failures;
    state_->failure = {"no member of the group any more", true, false};
    return Outcome::again;
  }
  return state_->commit(reader.state_->membership, list);
}

Transactions::Outcome Transactions::commit() {
  const std::shared_ptr<rd_kafka_topic_partition_list_t> none(rd_kafka_topic_partition_list_new(0),
                                                              rd_kafka_topic_partition_list_destroy);
  return state_->commit(nullptr, none);
}
Transactions::Outcome Transactions::commit(const std::string& group, const std::string& topic, std::int32_t partition,
                                           std::int64_t offset, const std::string& metadata) {
  const std::shared_ptr<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1),
                                                              rd_kafka_topic_partition_list_destroy);
  put_offset(*list, topic, partition, offset, metadata);
  const std::shared_ptr<rd_kafka_consumer_group_metadata_t> nobody(rd_kafka_consumer_group_metadata_new(group.c_str()),
                                                                   rd_kafka_consumer_group_metadata_destroy);
  return state_->commit(nobody, list);
}

Transactions::Outcome Transactions::check_rights(const std::string& topic, const std::string& group,
                                                 const std::string& group_topic) {
  State& my = *state_;
  my.failure = {};
  if (!my.begin()) return Outcome::again;
  my.client->know(topic, std::chrono::seconds(1));
  produce(my.client->rk(), topic, 0, {}, std::nullopt, {}, nullptr);
  const std::shared_ptr<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1),
                                                              rd_kafka_topic_partition_list_destroy);
  put_offset(*list, group_topic, 0, 0, {});
  const std::shared_ptr<rd_kafka_consumer_group_metadata_t> nobody(rd_kafka_consumer_group_metadata_new(group.c_str()),
                                                                   rd_kafka_consumer_group_metadata_destroy);
  const auto called = call(*my.client, std::chrono::seconds(20), [=, refusal = my.refusal](rd_kafka_t* rk) {
    // The message waits for its partition to be one of the transaction, and then for the broker.
    for (const auto end = Clock::now() + std::chrono::seconds(8); !refusal->is_any() && Clock::now() < end;) {
      rd_kafka_poll(rk, 50);
      // An error of the transaction shows in the next call only.
      if (auto* error = rd_kafka_begin_transaction(rk)) {
        if (rd_kafka_error_txn_requires_abort(error) || rd_kafka_error_is_fatal(error)) return error;
        rd_kafka_error_destroy(error);
      }
    }
    if (group.empty()) return static_cast<rd_kafka_error_t*>(nullptr);
    return rd_kafka_send_offsets_to_transaction(rk, list.get(), nobody.get(), 8000);
  });
  if (is_missing_right(called.code) || is_missing_right(my.refusal->code())) {
    const int code = is_missing_right(called.code) ? called.code : my.refusal->code();
    abort();
    if (code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED) {
      throw_missing_right(my.settings, "transactional id '" + my.id + "'", "Write");
    }
    if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
      throw_missing_right(my.settings, "group '" + group + "'", "Read");
    }
    // The message was there before its group was asked for.
    const bool is_written = my.refusal->is_delivered();
    throw_missing_right(my.settings, "topic '" + (is_written ? group_topic : topic) + "'",
                        is_written ? "Read" : "Write");
  }
  my.is_checked = true;
  my.client->handle()->is_asking_rights = false;
  if (!called.is_ok() || !my.refusal->is_delivered()) {
    return my.failed(called.is_ok() ? Called{true, false, true, true, 0, "no answer"} : called);
  }
  abort();
  return Outcome::done;
}

void Transactions::abort() {
  State& my = *state_;
  if (!std::exchange(my.is_begun, false)) return;
  my.is_doomed = false;
  if (!my.aborted()) my.drop();
}

const Transactions::Failure& Transactions::failure() const { return state_->failure; }

}  // namespace vigil::ingest::kafka
