#include "app/kafka_bridge.h"

#include <algorithm>
#include <utility>

#include "app/command.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using ingest::FrameMessage;

constexpr std::uint64_t kMark = std::uint64_t{1} << 63;  // tokens of marks; below: n
constexpr std::size_t kAnyTopicTakes = 900'000;          // bytes; Kafka's own max.message.bytes is 1 MiB
constexpr std::uint32_t kBesideFramesMb = 256;           // of lost messages and what the producer adds
constexpr auto kTurn = std::chrono::milliseconds(10);
constexpr int kBetweenReports = 256;

}  // namespace

KafkaBridge::KafkaBridge(const ingest::kafka::Settings& kafka, ingest::BridgeBuffer& buffer, std::uint32_t buffer_mb,
                         ingest::kafka::Log log)
    : buffer_(buffer),
      topic_(kafka.prefix + ".frames"),
      place_("Kafka at " + shown(kafka.brokers, 200)),
      log_(log),
      proven_(kAnyTopicTakes),
      producer_(
          kafka, [this](std::uint64_t token, bool delivered, const std::string& why) { report(token, delivered, why); },
          std::move(log), buffer_mb + buffer_mb / 8 + kBesideFramesMb) {}

// Earlier sessions end where these lie, so the first frame goes out when all of them do.
void KafkaBridge::begin() {
  if (!marks_sent_) {
    const auto partitions = producer_.partitions(topic_);
    if (partitions && *partitions > 0) {
      const FrameMessage mark = ingest::begin_message(buffer_.name(), buffer_.session());
      for (; partitions_ < *partitions; ++partitions_) {
        if (!producer_.send(topic_, partitions_, mark.key, mark.value, mark.headers, kMark | partitions_)) break;
        ++marks_;
      }
      marks_sent_ = partitions_ == *partitions;
    }
  }
  producer_.poll(kTurn);
  if (producer_.lacks_right()) throw Error(place_, producer_.refusal(), "the right (ACL) Write");
  if (!refused_mark_.empty()) throw FailedRunning("topic " + topic_ + " refuses the begin mark: " + refused_mark_);
}

void KafkaBridge::report(std::uint64_t token, bool delivered, const std::string& why) {
  if ((token & kMark) != 0) {
    --marks_;
    if (!delivered) refused_mark_ = why;
    return;
  }
  const bool was_alone = alone_ && alone_->n == token;
  if (delivered) {
    if (was_alone) proven_ = std::max(proven_, alone_->bytes);
    buffer_.delivered(token);
  } else {
    if (log_) log_("kafka refuses frame " + std::to_string(token) + ", which counts as dropped: " + why);
    if (auto instead = buffer_.refused(token)) {
      const auto partition =
          was_alone ? alone_->partition : static_cast<std::int32_t>(token % static_cast<std::uint64_t>(partitions_));
      const std::size_t bytes = bytes_of(*instead);
      again_.push_back({{token, partition, bytes}, std::move(*instead)});
    }
  }
  if (was_alone) alone_.reset();
}

bool KafkaBridge::send(const Place& place, const FrameMessage& message) {
  return producer_.send(topic_, place.partition, message.key, message.value, message.headers, place.n);
}

// False: nothing can be sent now.
bool KafkaBridge::send_next() {
  // What is refused at present would come back, and be sent again behind later ones.
  if (alone_ || (producer_.waiting() > 0 && !producer_.refusal().empty())) return false;
  if (!again_.empty()) {
    if (!send(again_.front().place, again_.front().message)) return false;
    again_.pop_front();
    return true;
  }
  if (!next_ && !(next_ = buffer_.next())) return false;
  const Place place{next_->n, static_cast<std::int32_t>(next_->n % static_cast<std::uint64_t>(partitions_)),
                    next_->bytes};
  if (!send(place, next_->message)) return false;
  // Numbers grow within a partition, those of frames that are refused for their size, too.
  if (place.bytes > proven_) alone_ = place;
  next_.reset();
  return true;
}

void KafkaBridge::turn() {
  if (!has_begun()) return begin();
  // More of them need no mark: earlier sessions had ended before.
  partitions_ = std::max(partitions_, producer_.partitions(topic_).value_or(0));
  int sent = 0;
  while (send_next()) {
    if (++sent % kBetweenReports == 0) producer_.poll(std::chrono::milliseconds(0));
  }
  if (producer_.waiting() == 0 && again_.empty()) {
    buffer_.wait(kTurn);
    producer_.poll(std::chrono::milliseconds(0));
  } else {
    producer_.poll(sent > 0 ? std::chrono::milliseconds(0) : kTurn);
  }
}

}  // namespace vigil::app
