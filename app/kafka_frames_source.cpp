#include "app/kafka_frames_source.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "app/command.h"
#include "ingest/frame_message.h"
#include "ingest/partial_message.h"

namespace vigil::app {
namespace {

constexpr std::chrono::milliseconds kFramesPoll{20}, kBetweenEnds{20}, kEndsSpared{1000}, kEndsAnswer{5000};
constexpr std::size_t kFramesAtOnce = 256;

}  // namespace

KafkaFramesSource::KafkaFramesSource(FramesSettings settings, std::optional<ResumePoint> from, ingest::kafka::Log log)
    : settings_(std::move(settings)),
      say_(log),
      reader_(settings_.kafka, settings_.kafka.prefix + ".frames", log),
      start_(from ? *from : ResumePoint{}),
      is_resumed_(from.has_value()),
      order_(start_.places),
      log_([&] {
        ResumePoint point = start_;
        point.prefix = settings_.kafka.prefix;
        return point;
      }()) {}

void KafkaFramesSource::begin_at(std::int32_t partition, std::int64_t offset) {
  assigned_[partition] = offset;
  unsaved_[partition] = offset;
  order_.reach(partition, offset);
}

void KafkaFramesSource::begin() {
  const auto ranges = reader_.ranges(kEndsAnswer);
  if (!ranges) return;
  const bool latest = settings_.start == "latest" && !is_resumed_ && !settings_.is_bounded;
  for (const auto& [partition, range] : *ranges) {
    const auto known = start_.read_from.find(partition);
    if (known == start_.read_from.end()) {
      const std::int64_t at = latest ? range.end : range.low;
      if (at > 0) order_.removed(partition);
      begin_at(partition, at);
    } else {
      if (known->second < range.low) {
        if (say_) {
          say_("partition " + std::to_string(partition) + ": frames " + std::to_string(known->second) + " to " +
               std::to_string(range.low - 1) + " were removed unread");
        }
        order_.removed(partition);
      }
      begin_at(partition, std::max(known->second, range.low));
    }
  }
  if (settings_.is_bounded) until_ = *ranges;
  reader_.assign(assigned_);
  has_begun_ = true;
}

std::optional<Frame> KafkaFramesSource::next() {
  for (;;) {
    if (stop_ && (!settings_.closes_on_stop || settings_.is_bounded)) return std::nullopt;
    if (!has_begun_) {
      begin();
      if (stop_ && !has_begun_) (void)is_over();
      continue;
    }
    if (auto frame = taken()) return frame;
    if (is_finished_ && order_.empty()) return std::nullopt;
    if (!is_finished_ && is_over()) {
      order_.finish();
      is_finished_ = true;
      continue;
    }
    if (!read_some() || Clock::now() - asked_ >= kEndsSpared) ask_ends();
  }
}

std::optional<Frame> KafkaFramesSource::taken() {
  auto next = order_.take();
  if (!next) return std::nullopt;
  Frame frame = std::move(*std::static_pointer_cast<Frame>(next->payload));
  ResumeChange change;
  static_cast<ingest::StrandStep&>(change.step.emplace()) = std::move(static_cast<ingest::StrandStep&>(*next));
  change.read_from = std::exchange(unsaved_, {});
  auto& waiting = waiting_[next->partition];
  const bool was_first = waiting.empty() || *waiting.begin() == next->offset;
  waiting.erase(next->offset);
  if (was_first) change.read_from[next->partition] = waiting.empty() ? next->offset + 1 : *waiting.begin();
  frame.order = log_.taken(std::move(change));
  return frame;
}

void KafkaFramesSource::add(ingest::kafka::Message&& message) {
  const std::int32_t partition = message.partition;
  const std::int64_t offset = message.offset;
  std::string problem;
  std::optional<Frame> frame = ingest::frame_of(std::move(message), problem);
  if (!frame) {
    if (std::has_single_bit(++passed_over_) && say_) {
      say_("message " + ingest::frame_position(partition, offset) + " is passed over: " + problem + " (" +
           std::to_string(passed_over_) + " so far)");
    }
    return;
  }
  if (frame->strand && frame->strand->begins) {
    order_.begin(partition, offset, frame->strand->name, frame->strand->session);
    return;
  }
  ingest::Arrival arrival;
  if (frame->strand) {
    arrival.strand = ingest::StrandId{frame->strand->name, frame->strand->session};
    arrival.n = frame->strand->n;
  }
  arrival.partition = partition;
  arrival.offset = offset;
  arrival.run = frame->header.run;
  arrival.ls = frame->header.ls;
  arrival.payload = std::make_shared<Frame>(std::move(*frame));
  switch (order_.add(std::move(arrival))) {
    case ingest::StrandOrder::Added::waits:
      waiting_[partition].insert(offset);
      break;
    case ingest::StrandOrder::Added::fenced:
      if (std::has_single_bit(++fenced_frames_) && say_) {
        say_(std::to_string(fenced_frames_) + " frames behind the begin of a later session are passed over");
      }
      break;
    case ingest::StrandOrder::Added::repeated:
      break;
  }
}

// False: nothing is there now.
bool KafkaFramesSource::read_some() {
  bool any = false;
  for (std::size_t i = 0; i < kFramesAtOnce; ++i) {
    auto message = reader_.poll(any ? std::chrono::milliseconds(0) : kFramesPoll);
    if (!message) break;
    any = true;
    const bool is_beyond =
        until_ && until_->contains(message->partition) && message->offset >= until_->at(message->partition).end;
    if (!is_beyond) add(std::move(*message));
  }
  for (const auto& removed : reader_.take_removed()) {
    order_.removed(removed.partition);
    if (say_) {
      say_("partition " + std::to_string(removed.partition) + ": frames " + std::to_string(removed.first) + " to " +
           std::to_string(removed.next - 1) + " were removed unread");
    }
  }
  for (const auto& [partition, offset] : reader_.reached()) order_.reach(partition, offset);
  return any;
}

void KafkaFramesSource::ask_ends() {
  if (Clock::now() - asked_ < kBetweenEnds) return;
  const auto ranges = reader_.ranges(kEndsAnswer);
  asked_ = Clock::now();
  if (!ranges) return;
  std::map<std::int32_t, std::int64_t> ends;
  bool is_new = false;
  for (const auto& [partition, range] : *ranges) {
    if (until_ && !until_->contains(partition)) continue;
    ends[partition] = until_ ? until_->at(partition).end : range.end;
    if (assigned_.contains(partition)) continue;
    begin_at(partition, range.low);
    is_new = true;
  }
  if (is_new) {
    std::map<std::int32_t, std::int64_t> from = assigned_;
    for (const auto& [partition, offset] : reader_.reached()) from[partition] = offset;
    reader_.assign(from);
  }
  ends[ingest::kBeside] = 0;
  order_.ends(ends);
}

bool KafkaFramesSource::reaches(const Ranges& ends) const {
  const auto& reached = reader_.reached();
  return std::all_of(ends.begin(), ends.end(), [&](const auto& end) {
    if (end.second.end <= end.second.low) return true;
    const auto at = reached.find(end.first);
    return at != reached.end() && at->second >= end.second.end;
  });
}

bool KafkaFramesSource::is_over() {
  if (settings_.is_bounded) return reaches(*until_);
  if (!stop_) return false;
  if (!stop_since_) stop_since_ = Clock::now();
  if (!until_) until_ = reader_.ranges(kEndsAnswer);
  if (has_begun_ && until_ && reaches(*until_)) return true;
  if (Clock::now() - *stop_since_ > settings_.drain) {
    throw FailedRunning("stopped, and nothing is closed: after " + std::to_string(settings_.drain.count()) +
                        " s Kafka has not given what it holds");
  }
  return false;
}

}  // namespace vigil::app
